"""`rollcall ingest`: run the ingest service."""

import sys

import structlog
import typer

from attendance.keys import KeyUnusable
from attendance.logs import configure_logging
from attendance.tracing import switch_on
from ingest.app import create_app
from ingest.server import make_server
from ingest.settings import IngestSettings


def run(
    host: str | None = typer.Option(None, help="The address to listen on (ROLLCALL_INGEST_HOST)."),
    port: int | None = typer.Option(None, help="The port to listen on (ROLLCALL_INGEST_PORT)."),
) -> None:
    """Take frames from cameras over WebSocket and bring them to Kafka."""
    given = {name: value for name, value in (("ingest_host", host), ("ingest_port", port)) if value is not None}
    settings = IngestSettings.model_validate(IngestSettings().model_dump() | given)
    configure_logging("ingest", settings.log_level)
    switch_on("ingest")
    try:
        app = create_app(settings)
    except KeyUnusable as error:
        structlog.get_logger(__name__).error(str(error))
        sys.exit(1)
    make_server(app, settings).run()
