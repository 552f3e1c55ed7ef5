"""The Starlette WebSocket service that takes frames, and the message contract of the topic `frames`.

The contract is imported at once, the service only when it is asked for: the stream app needs the one without the other.
"""

from typing import TYPE_CHECKING

from ingest.contract import (
    CONTENT_TYPES,
    FRAME_TYPE,
    GATEWAY_KEY_ID,
    BadFrame,
    Frame,
    check_frame_id,
    format_time,
    from_message,
    parse_time,
    sign,
    to_headers,
)

if TYPE_CHECKING:
    from ingest.app import create_app
    from ingest.settings import IngestSettings

__all__ = [
    "CONTENT_TYPES",
    "FRAME_TYPE",
    "GATEWAY_KEY_ID",
    "BadFrame",
    "Frame",
    "IngestSettings",
    "check_frame_id",
    "create_app",
    "format_time",
    "from_message",
    "parse_time",
    "sign",
    "to_headers",
]


def __getattr__(name: str) -> object:
    if name == "create_app":
        from ingest.app import create_app

        return create_app
    if name == "IngestSettings":
        from ingest.settings import IngestSettings

        return IngestSettings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
