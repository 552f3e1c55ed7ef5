"""`rollcall api`: run the API."""

import asyncio
import socket
import sys

import structlog
import typer
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.settings import ApiSettings
from attendance.audit import AuditKey
from attendance.keys import KeyUnusable, LookUpKey
from attendance.logs import configure_logging
from attendance.settings import ConnectionSettings
from attendance.store import require_keys
from recognition import UnknownEngine

# Longer than the longest answer but a photo's; after it, open connections are cut.
_STOP_SECONDS = 10
# A connection that asks nothing for so long is closed.
_KEEP_ALIVE_SECONDS = 30
# Bytes of a request's line and headers.
_LARGEST_HEAD = 32_768
# Connections at one time; more are answered 503. Live rolls have a bound of their own below it.
_MOST_CONNECTIONS = 2_000


def run(
    host: str | None = typer.Option(None, help="The address to listen on (ROLLCALL_API_HOST)."),
    port: int | None = typer.Option(None, help="The port to listen on (ROLLCALL_API_PORT)."),
) -> None:
    """Answer REST requests until told to stop."""
    given = {name: value for name, value in (("api_host", host), ("api_port", port)) if value is not None}
    settings = ApiSettings.model_validate(ApiSettings().model_dump() | given)
    configure_logging("api", settings.log_level)
    connection = ConnectionSettings()
    try:
        LookUpKey(connection.look_up_key_file).require()
        AuditKey(connection.audit_key_file).require()
        asyncio.run(require_keys(connection))
        app = create_app(connection, settings)
    except (KeyUnusable, UnknownEngine) as error:
        structlog.get_logger(__name__).error(str(error))
        sys.exit(1)
    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,
        access_log=False,  # the metrics count; a line a request would hold who asked for whom
        server_header=False,
        http="h11",  # the other parser puts no bound on a request's head
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    server = _Server(config, app)
    server.run()
    if not server.started:
        sys.exit(1)


class _Server(uvicorn.Server):
    """A server that lets live streams end in order before it waits for its connections: by themselves they don't."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop answering."""
        self._app.state.services.streams.end()
        await super().shutdown(sockets)
