"""The REST API: students, consent, photos, rooms, cameras, classes, meetings, rolls and attendance under `/v1`.

app = create_app(ConnectionSettings(), ApiSettings())

The service is imported only when it is asked for: `rollcall roll` talks to it over HTTP and needs none of it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.app import create_app
    from api.settings import ApiSettings

__all__ = ["ApiSettings", "create_app"]


def __getattr__(name: str) -> object:
    if name == "create_app":
        from api.app import create_app

        return create_app
    if name == "ApiSettings":
        from api.settings import ApiSettings

        return ApiSettings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
