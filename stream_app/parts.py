"""The parts of one stream app process, put together and kept running."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from aiokafka.errors import KafkaError

from attendance.ids import new_id
from attendance.keys import read_gateway_key
from attendance.outbox import OutboxRelay, make_producer
from attendance.settings import ConnectionSettings
from attendance.store import Store, StoreUnavailable
from recognition import PictureLimits, glance_with, load_engine
from recognition.tracking import Settings, Tracker
from stream_app import metrics
from stream_app.arrivals import Arrivals
from stream_app.backlog import Backlog
from stream_app.calibration_file import CalibrationFile
from stream_app.checks import FrameChecks
from stream_app.closer import Closer
from stream_app.completeness import Completeness
from stream_app.dead_letters import DeadLetters
from stream_app.gallery_sync import GallerySync
from stream_app.health import Health
from stream_app.intake import Intake
from stream_app.look import Looker
from stream_app.meetings_on import MeetingsOn
from stream_app.member import OutsideWatch
from stream_app.overload import Controller
from stream_app.pool import RecognitionPool
from stream_app.pressure import Pressure
from stream_app.reading_back import ReadBack
from stream_app.resuming import Resuming
from stream_app.rosters import Rosters
from stream_app.settings import StreamSettings
from stream_app.settle import Settler
from stream_app.sightings import SightingSender
from stream_app.skips import Skips
from stream_app.thinner import Thinner
from stream_app.writer import Writer

log = structlog.get_logger(__name__)

MEASURE_SECONDS = 5.0
# A broker that doesn't say how far its partitions are for so long is away.
BROKER_SECONDS = 10.0
# A picture is at most 8 MB; the broker gives a larger message all the same, if it is the first of a fetch.
FETCH_BYTES = 9 * 1024 * 1024

Fatal = Callable[[BaseException], None]


class StartAnew(Protocol):
    """Has the process leave in order, to be started again; `failed` tells whether something is wrong with it."""

    def __call__(self, *, failed: bool) -> None:
        """Begin to leave."""


class Parts:
    """Everything but Faust. To be made and used inside of one event loop.

    Raises:
        KeyUnusable: the gateway's key can't be read.
        recognition.UnknownEngine: there is no engine of that name.
    """

    def __init__(
        self, connection: ConnectionSettings, settings: StreamSettings, *, fatal: Fatal, start_anew: StartAnew
    ) -> None:
        """`fatal`: what a frame's unexpected error ends the process by; `start_anew`: what has it leave in order."""
        engine = load_engine(settings.engine)
        gateway_key = read_gateway_key(connection.gateway_key_file)
        self.health = Health()
        self.store = Store(connection)
        self._start_anew = start_anew
        self._tasks: list[asyncio.Task[None]] = []
        self._relay = OutboxRelay(
            self.store.pending_events,
            lambda: make_producer(connection.kafka_bootstrap, client_id="rollcall-outbox"),
            connection.topics.attendance_events,
        )
        self._closer = Closer(
            self.store,
            self.health,
            self._relay.nudge,
            Arrivals(connection.kafka_bootstrap, connection.topics.frames, settings.stream_group),
            encoder=engine.encoder,
            close_after=timedelta(seconds=settings.close_after_s),
            every_s=settings.close_every_s,
        )
        self._dead_letters = DeadLetters(
            connection.kafka_bootstrap, connection.topics.frames_dead, largest_message=settings.dead_letter_bytes
        )
        self._pool = RecognitionPool(
            glance_with(settings.engine, PictureLimits()), size=settings.pool_size, deadline_s=settings.frame_deadline_s
        )
        self._sync = GallerySync(self.store)
        self._sync.follow(
            CalibrationFile.chosen(
                self.health,
                load=lambda: load_engine(settings.engine).matcher,
                start_anew=lambda: start_anew(failed=False),
            )
        )
        checks = FrameChecks(self.store, gateway_key, self._sync)
        rosters = Rosters(self.store, engine.encoder, self._sync)
        tracking = Settings()
        resuming = Resuming(
            self.store,
            checks,
            self._pool,
            ReadBack(connection.kafka_bootstrap, largest_message=FETCH_BYTES),
            lambda camera: Tracker.for_matcher(camera, engine.matcher, tracking),
            self.health,
            lost_after_s=tracking.lost_after,
        )
        self._completeness = Completeness(self.store, self.health)
        self._skips = Skips(self.store, self.health)
        thinner = Thinner(self._completeness, processes=settings.pool_size)
        looker = Looker(checks, rosters, self._pool, resuming, thinner, self.health, spares_work=settings.spare_work)
        self._meetings_on = MeetingsOn(self.store)
        self._sightings = (
            SightingSender(connection.kafka_bootstrap, connection.topics.sightings) if settings.sightings else None
        )
        settler = Settler(
            self.store,
            rosters,
            Writer(self.store, self._relay.nudge),
            self._dead_letters,
            self._skips,
            self.health,
            meetings_on=self._meetings_on,
            sightings=self._sightings,
        )
        self.intake = Intake(
            settings,
            self.store,
            self.health,
            holder=new_id(),
            look=looker.look,
            settle=settler,
            fatal=fatal,
        )
        self._backlog = Backlog(connection.kafka_bootstrap)
        self._pressure = Pressure(
            thinner, self._backlog, Controller(settings.most_lag_s), read_until=self.intake.read_until
        )

    def start(self) -> None:
        """Start what runs beside the frames."""
        beside = (self._sync, self._relay, self._closer, self._completeness, self._skips, self._pressure)
        for work in (*(each.run() for each in beside), self._measure()):
            self._keep(work)

    async def stop(self) -> None:
        """Stop all of it; events that are not sent yet stay in the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(StoreUnavailable):
            await self._skips.tell()
        await self._backlog.stop()
        await self._dead_letters.stop()
        if self._sightings is not None:
            await self._sightings.stop()
        self._pool.stop()
        self.store.close()

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(self._on_end)
        self._tasks.append(task)

    def _on_end(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # No frame is to blame for it: were the process to end at once, those under way would be suspects.
            log.critical("a part beside the frames failed; this worker leaves in order", exc_info=error)
            self._start_anew(failed=True)

    async def _measure(self) -> None:
        outside = OutsideWatch()
        while True:
            outside.note(is_assigned=self.health.is_assigned)
            await self._measure_lag()
            try:
                oldest, now = await self.store.pending_events.oldest(), datetime.now(UTC)
                await self._meetings_on.measure(now)
            except StoreUnavailable:
                pass  # readiness tells it; the gauges keep their last values
            else:
                metrics.OUTBOX_AGE.set((now - oldest).total_seconds() if oldest else 0.0)
            await asyncio.sleep(MEASURE_SECONDS)

    async def _measure_lag(self) -> None:
        try:
            async with asyncio.timeout(BROKER_SECONDS):
                await self.intake.measure()
        except (KafkaError, TimeoutError):
            self.health.is_broker_away = True
        else:
            self.health.is_broker_away = False
        if self.health.is_waiting or self.health.is_broker_away:
            self.health.lag.excuse()
