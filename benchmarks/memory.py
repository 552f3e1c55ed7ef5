"""What a recognition process takes: its peak memory, and the time from its start to its first face."""

import json
import subprocess
import sys

from benchmarks.material import faces_folder

__all__ = ["main"]

_STARTS = 5

# In a process of its own, because the peak is a process' own and can't be set back. The frame is given as a JPEG file,
# so that no video decoder's memory counts.
_SCRIPT = """
import sys, time
started = float(sys.argv[2])
import resource
from pathlib import Path
from recognition import load_engine
engine = load_engine("fast")
look = engine.look(Path(sys.argv[1]).read_bytes())
first = time.time() - started
import numpy as np
from recognition import decode
if sys.argv[3] != "start":
    picture = decode(Path(sys.argv[1]).read_bytes())
    for _ in range(10):
        faces = engine.encode(picture, engine.find(picture))
    engine.encode(picture, [faces[place % len(faces)] for place in range(20)])
print(len(look.faces), first, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def main(*, quick: bool) -> None:
    """Print the figures; the last line is JSON."""
    import tempfile
    from pathlib import Path

    import cv2

    video = cv2.VideoCapture(str(faces_folder() / "clips" / "street-1080p.mp4"))
    there, frame = video.read()
    if not there:
        raise SystemExit("The clip street-1080p.mp4 can't be read: OpenCV has no decoder for it.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.jpg"
        path.write_bytes(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())
        _measured(path, "start")  # fills the cache
        starts = sorted(_measured(path, "start")[0] for _ in range(3 if quick else _STARTS))
        peak = _measured(path, "work")[1]
    first = starts[len(starts) // 2]
    print(f"start to first face {first:6.2f} s (least {starts[0]:.2f})\npeak of a process  {peak:7.0f} MB")
    print(json.dumps({"benchmark": "memory", "quick": quick, "first_face_s": first, "peak_mb": peak}))


def _measured(path: object, what: str) -> tuple[float, float]:
    import time

    command = [sys.executable, "-c", _SCRIPT, str(path), str(time.time()), what]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    faces, first, peak = output.split()
    if not int(faces):
        raise SystemExit("No face was found in the first frame of street-1080p.mp4.")
    return float(first), float(peak)
