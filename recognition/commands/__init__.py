"""What one does with pictures, folders and clips from a terminal; `recognition/cli.py` hands them to `rollcall`."""

from recognition.commands.enrol_check import enrol_check
from recognition.commands.faces import faces
from recognition.commands.identify import identify
from recognition.commands.verify import verify
from recognition.commands.video import video

__all__ = ["enrol_check", "faces", "identify", "verify", "video"]
