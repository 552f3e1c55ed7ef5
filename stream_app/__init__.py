"""The Faust app: frames in, attendance records and events out."""

from stream_app.app import create_app
from stream_app.settings import StreamSettings

__all__ = ["StreamSettings", "create_app"]
