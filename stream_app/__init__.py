"""The Faust app: frames in, attendance records and events out.

The app is imported only when it is asked for: `rollcall dead` reads its topic and needs none of it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stream_app.app import create_app
    from stream_app.settings import StreamSettings

__all__ = ["StreamSettings", "create_app"]


def __getattr__(name: str) -> object:
    if name == "create_app":
        from stream_app.app import create_app

        return create_app
    if name == "StreamSettings":
        from stream_app.settings import StreamSettings

        return StreamSettings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
