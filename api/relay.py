"""The outbox relay as a task beside the API: it sends events to Kafka, and nothing waits for it."""

import asyncio
import contextlib

import structlog

from attendance.outbox import OutboxRelay, make_producer
from attendance.settings import ConnectionSettings
from attendance.store import Store

# The relay waits out Kafka and the database by itself; what still ends it is a defect, which must not fill the log.
RESTART_SECONDS = 5.0
# Closing the producer waits for Kafka; with Kafka away, a stop would take its whole request timeout.
STOP_SECONDS = 5.0

log = structlog.get_logger(__name__)


class RelayTask:
    """Runs the relay from `start` to `stop`, and again where it failed."""

    def __init__(self, store: Store, connection: ConnectionSettings) -> None:
        self._relay = OutboxRelay(
            store.pending_events,
            lambda: make_producer(connection.kafka_bootstrap, client_id="rollcall-api"),
            connection.topics.attendance_events,
        )
        self._task: asyncio.Task[None] | None = None

    def nudge(self) -> None:
        """Say that there may be something to send."""
        self._relay.nudge()

    def start(self) -> None:
        """Begin sending."""
        self._task = asyncio.create_task(self._run(), name="outbox-relay")

    async def stop(self) -> None:
        """End sending; what was not confirmed stays stored and is sent by whoever runs a relay next."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task], timeout=STOP_SECONDS)
        if self._task.done():
            with contextlib.suppress(asyncio.CancelledError, Exception):
                self._task.result()

    async def _run(self) -> None:
        while True:
            try:
                await self._relay.run()
            except Exception:
                log.exception("the outbox relay failed; it is started again")
                await asyncio.sleep(RESTART_SECONDS)
