"""`rollcall api`: run the API."""

import uvicorn

from api.app import create_app
from api.settings import ApiSettings
from attendance.logs import configure_logging
from attendance.settings import ConnectionSettings

# Longer than the longest answer but a photo's; after it, open connections are cut.
_STOP_SECONDS = 10


def run() -> None:
    """Answer REST requests until told to stop."""
    settings = ApiSettings()
    configure_logging("api", settings.log_level)
    uvicorn.run(
        create_app(ConnectionSettings(), settings),
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,
        access_log=False,  # the metrics count; a line a request would hold who asked for whom
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
