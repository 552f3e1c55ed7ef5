"""The Faust app: wiring only. What each part does stands in its own file.

The settings are those with which Faust loses nothing: one agent without concurrency, no acknowledgement of its own, no
tables, raw bytes. Found by experiment with faust-streaming 0.15.3 (docs/decisions.md).
"""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import faust
import structlog
from faust.types import TP
from yarl import URL

from attendance.settings import ConnectionSettings
from stream_app.consumer import HoldingConsumer, HoldingTransport
from stream_app.member import Duel, DuelWatch
from stream_app.parts import FETCH_BYTES, Parts
from stream_app.settings import StreamSettings
from stream_app.web import serve_pages

# A member that was killed holds its partitions for so long.
SESSION_SECONDS = 10.0
HEARTBEAT_SECONDS = 3.0
# A frame's deadline and a wait for the database fit into it, or a slow frame would expel the member at work on it.
REBALANCE_SECONDS = 60.0
COMMIT_SECONDS = 0.5
# What one fetch may bring beyond the bounds of a partition that is held.
MOST_FETCHED = 32
# What Faust itself needs to stop, beyond the deadline for frames under way; past it the process ends the hard way.
STOP_SLACK_SECONDS = 15.0
EXIT_UNEXPECTED = 70  # sysexits.h: an internal software error
EXIT_CONFIGURATION = 78

log = structlog.get_logger(__name__)


class RollcallApp(faust.App):
    """Faust's app, which tells the intake at once when partitions are about to go."""

    connection: ConnectionSettings
    settings: StreamSettings
    parts: Parts | None = None
    has_failed = False

    async def on_start(self) -> None:
        """Put the parts together, inside of the running loop."""
        self.parts = Parts(self.connection, self.settings, fatal=end_process, start_anew=self.start_anew)
        self.parts.start()
        await super().on_start()

    def start_anew(self, *, failed: bool) -> None:
        """Leave in order, as when told to stop; the supervisor starts the process again."""
        self.has_failed |= failed
        os.kill(os.getpid(), signal.SIGTERM)

    def on_rebalance_start(self) -> None:
        """Called from the consumer's own thread, before anything waits for the frames under way."""
        super().on_rebalance_start()
        if self.parts is not None:
            self.loop.call_soon_threadsafe(self.parts.intake.begin_leaving)

    async def on_stop(self) -> None:
        """Finish what was begun, commit, and leave the partitions in order."""
        _end_hard_after(self.settings.drain_deadline_s + STOP_SLACK_SECONDS)
        if self.parts is not None:
            await self.parts.intake.drain()
        await super().on_stop()
        if self.parts is not None:
            await self.parts.intake.left()
            await self.parts.stop()
        if self.has_failed:
            os._exit(EXIT_UNEXPECTED)  # all that could be done in order is done; the code tells that something failed


def create_app(connection: ConnectionSettings, settings: StreamSettings, *, member: str) -> RollcallApp:
    """Build the app; nothing runs until a worker starts it. `member`: its id in the consumer group, for it alone."""
    broker = URL(f"kafka://{connection.kafka_bootstrap}")
    app = RollcallApp(
        settings.stream_group,
        broker=str(broker),
        datadir=str(Path(connection.home) / "faust"),
        autodiscover=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=True,
        stream_buffer_maxsize=max(2 * settings.pool_size, MOST_FETCHED),
        broker_commit_interval=COMMIT_SECONDS,
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_rebalance_timeout=REBALANCE_SECONDS,
        broker_max_poll_records=MOST_FETCHED,
        consumer_max_fetch_size=FETCH_BYTES,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=member,
        producer_acks=-1,
        producer_max_request_size=settings.dead_letter_bytes,
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=True,
        web_bind=settings.stream_host,
        web_host=settings.stream_host,
        web_port=settings.stream_port,
    )
    app.connection, app.settings = connection, settings
    app.transport = HoldingTransport([broker], app)
    duel = DuelWatch(member)
    frames = app.topic(connection.topics.frames, key_serializer="raw", value_serializer="raw")

    @app.agent(frames, name="frames", concurrency=1)
    async def take_frames(stream: Any) -> None:  # noqa: ANN401  # Faust's stream
        async for event in stream.noack().events():
            _parts(app).intake.take(event)

    @app.on_partitions_assigned.connect  # type: ignore[arg-type]  # its type knows no second argument
    async def on_assigned(_app: Any, assigned: set[TP], *_: Any, **__: Any) -> None:  # noqa: ANN401  # Faust's signal
        intake, consumer = _parts(app).intake, _holding(app)
        try:
            duel.joined(consumer.known_as)
        except Duel as error:
            log.critical(str(error))  # nothing is left to be done in order: what it would commit is refused
            os._exit(EXIT_CONFIGURATION)
        intake.source = consumer
        intake.assign(assigned)

    @app.on_partitions_revoked.connect  # type: ignore[arg-type]  # its type knows no second argument
    async def on_revoked(_app: Any, *_: Any, **__: Any) -> None:  # noqa: ANN401  # Faust's signal
        await _parts(app).intake.left()

    serve_pages(app, lambda: app.parts)
    return app


def end_process(error: BaseException) -> None:
    """End at once and acknowledge nothing: whatever was under way comes again, and the supervisor starts anew."""
    log.critical("unexpected error; the process ends, nothing unfinished is acknowledged", exc_info=error)
    os._exit(EXIT_UNEXPECTED)


def _parts(app: RollcallApp) -> Parts:
    if app.parts is None:
        raise RuntimeError("the app has not started")
    return app.parts


def _holding(app: RollcallApp) -> HoldingConsumer:
    consumer = app.consumer
    if not isinstance(consumer, HoldingConsumer):
        raise TypeError("the app's consumer can't hold partitions")
    return consumer


def _end_hard_after(seconds: float) -> None:
    # A thread of its own: it fires also when the event loop hangs.
    timer = threading.Timer(seconds, os._exit, (EXIT_UNEXPECTED,))
    timer.daemon = True
    timer.start()
