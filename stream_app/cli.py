"""`rollcall stream`: run one worker of the stream app."""

import asyncio
import sys

import faust
import structlog

from attendance.keys import KeyUnusable, read_gateway_key
from attendance.logs import configure_logging
from attendance.settings import ConnectionSettings
from attendance.store import require_keys
from attendance.tracing import switch_on
from recognition import RecognitionError, load_engine
from stream_app.app import create_app
from stream_app.cores import use_one_thread_a_process
from stream_app.member import MemberIdTaken, hold_member
from stream_app.settings import StreamSettings


def run() -> None:
    """Consume frames, recognise faces, keep the records and send the events, until told to stop."""
    connection, settings = ConnectionSettings(), StreamSettings()
    configure_logging("stream", settings.log_level)
    switch_on("stream")
    try:
        read_gateway_key(connection.gateway_key_file)
        asyncio.run(require_keys(connection))
        load_engine(settings.engine)
        member = hold_member(connection.home, settings.worker)
    except (KeyUnusable, RecognitionError, MemberIdTaken, OSError) as error:
        structlog.get_logger(__name__).error(str(error))
        sys.exit(1)
    use_one_thread_a_process()
    app = create_app(connection, settings, member=member.id)
    worker = faust.Worker(app, loglevel="WARNING", override_logging=False, redirect_stdouts=False)
    worker.execute_from_commandline()
