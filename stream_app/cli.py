"""`rollcall stream`: run one worker of the stream app."""

import faust

from attendance.logs import configure_logging
from attendance.settings import ConnectionSettings
from stream_app.app import create_app
from stream_app.settings import StreamSettings


def run() -> None:
    """Consume frames, recognise faces, keep the records and send the events, until told to stop."""
    configure_logging("stream")
    app = create_app(ConnectionSettings(), StreamSettings())
    worker = faust.Worker(app, loglevel="WARNING", override_logging=False, redirect_stdouts=False)
    worker.execute_from_commandline()
