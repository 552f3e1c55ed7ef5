"""Takes messages from Faust and keeps the promise of each: looked at, refused, or left for whoever comes next.

Partitions come and go by rebalance. While one is ours its frames are bounded in number and bytes. When it goes, frames
that were begun are finished under a deadline; the others are dropped without acknowledgement and come again.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

import structlog
from faust.types import TP, EventT

from attendance import tracing
from attendance.store import Store, StoreUnavailable
from stream_app import metrics
from stream_app.assignment import Assignment
from stream_app.health import Health
from stream_app.lag import Standing
from stream_app.lanes import Lanes, Settle, Work, taken_at
from stream_app.messages import Message, Outcome
from stream_app.settings import StreamSettings

# A producer's transaction takes an offset for its end; more in a row are no markers but frames that are gone.
MOST_MARKERS = 1

log = structlog.get_logger(__name__)


class Source(Protocol):
    """What the intake asks of the consumer."""

    def hold(self, partition: TP) -> None:
        """Ask for no more of a partition."""

    def let_go(self, partition: TP) -> None:
        """Ask for more of it again."""

    def committed(self, partition: TP) -> int | None:
        """Give the partition's committed offset; None where nothing was ever committed."""

    def forget(self, event: EventT[Any]) -> None:
        """Don't wait for this event's acknowledgement any more."""

    def confirmed(self, partition: TP) -> int | None:
        """Give the committed offset as far as Kafka confirmed it; None where nothing was ever committed."""

    async def ends(self, partitions: Iterable[TP]) -> dict[TP, tuple[int, int]]:
        """Give each partition's next offset to be asked for, and the next to be written."""
        ...


class Intake:
    """The frames under way, of all partitions that are ours now. `source` must be set before the first event."""

    source: Source

    def __init__(
        self,
        settings: StreamSettings,
        store: Store,
        health: Health,
        *,
        holder: str,
        look: Callable[[Work], Awaitable[Outcome]],
        settle: Settle,
        fatal: Callable[[BaseException], None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._health = health
        self._holder = holder
        self._look = look
        self._fatal = fatal
        self._lanes = Lanes(settle, self._on_lane_end, write_after_s=settings.write_after_s)
        self._assignments: dict[TP, Assignment] = {}
        self._under_way: dict[Work, EventT[Any]] = {}
        self._held: set[TP] = set()
        self._is_leaving = False
        self._is_empty = asyncio.Event()
        self._deadline: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._under_way)

    def take(self, event: EventT[Any]) -> None:
        """Take the next event of a partition."""
        raw = event.message
        partition = TP(raw.topic, raw.partition)
        if self._is_leaving:
            self.source.forget(event)
            return
        assignment = self._assignments.get(partition) or self._assign(partition)
        if assignment.slots.has_taken(raw.offset):
            # Faust went back to the committed offset; the frame is under way, or done, already.
            self.source.forget(event)
            return
        self._alarm_if_lost(partition, assignment, raw.offset)
        message = _message(event)
        slot = assignment.slots.add(raw.offset, message.size, event.ack)
        work = Work(message, slot, assignment, taken_at(message))
        work.trace = tracing.begin("frame", message.header(tracing.HEADER), **message.place)
        work.lane = self._lanes.of(work)
        work.let_bytes_go = partial(self._let_bytes_go, work)
        work.finish = partial(self._finish, work)
        work.outcome = asyncio.ensure_future(self._look(work))
        self._under_way[work] = event
        self._lanes.put(work)
        self._bound(assignment)

    def _let_bytes_go(self, work: Work) -> None:
        event = self._under_way.get(work)
        if event is None:
            return
        event.value = event.message.value = None
        work.message = dataclasses.replace(work.message, value=None)
        work.assignment.slots.free_bytes(work.slot, kept=work.message.size)
        self._bound(work.assignment)

    def _finish(self, work: Work) -> None:
        if self._under_way.pop(work, None) is None:
            return  # abandoned: its partition is somebody else's by now, or will come again
        work.assignment.slots.finish(work.slot)
        if work.trace is not None:
            work.trace.end("finished")
        self._note_empty()
        self._bound(work.assignment)

    def assign(self, partitions: Iterable[TP]) -> None:
        """Begin with these partitions, and none but these."""
        self._is_leaving = False
        self._held.clear()
        for partition in partitions:
            if partition not in self._assignments:
                self._assign(TP(*partition))
        self._health.is_assigned = True

    def begin_leaving(self) -> None:
        """Take no more; keep what was begun from the front of each partition, abandon the rest, and all of it later."""
        self._is_leaving = True
        broken: set[Assignment] = set()
        for work in list(self._under_way):  # in order of arrival, so of offset within a partition
            if work.assignment in broken or not work.is_begun:
                broken.add(work.assignment)
                self._abandon(work)
        if self._deadline is None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(self._settings.drain_deadline_s, self._abandon_all)

    async def drain(self) -> None:
        """Leave all partitions: finish what was begun under the deadline."""
        self.begin_leaving()
        if self._under_way:
            self._is_empty.clear()
            await self._is_empty.wait()

    async def left(self) -> None:
        """Forget the partitions after their last acknowledgement was committed."""
        self._abandon_all()
        assignments, self._assignments = self._assignments, {}
        self._health.is_assigned = False
        for assignment in assignments.values():
            self._lanes.forget(assignment)
            try:
                await assignment.leave()
            except StoreUnavailable as error:  # whoever comes next will suspect a few frames, and find them innocent
                log.warning("partition left without a word", partition=assignment.partition, error=str(error))

    def read_until(self) -> dict[TP, int]:
        """Give the next offset of each partition of which a frame was taken."""
        offsets = ((partition, each.slots.read_until) for partition, each in self._assignments.items())
        return {partition: offset for partition, offset in offsets if offset is not None}

    async def measure(self) -> None:
        """Tell the metrics what is under way, and the health how far each partition is.

        Raises:
            KafkaError: the broker is away.
        """
        metrics.UNACKNOWLEDGED_FRAMES.set(sum(len(each.slots) for each in self._assignments.values()))
        metrics.UNACKNOWLEDGED_BYTES.set(sum(each.slots.bytes for each in self._assignments.values()))
        metrics.TRACKS_OPEN.set(self._lanes.open_tracks)
        assignments = dict(self._assignments)
        if not assignments:
            self._health.lag.note({})
            return
        ends = await self.source.ends(assignments)
        oldest: dict[TP, datetime] = {}
        for work in self._under_way:
            oldest.setdefault(work.assignment.partition, work.message.arrived_at)
        now = datetime.now(UTC)
        standings = {
            partition: Standing(
                committed=self.source.confirmed(partition),
                position=position,
                end=end,
                done_until=None if each.slots.is_untouched else each.slots.first_unfinished,
                under_way=len(each.slots),
                waits_s=max((now - oldest.get(partition, now)).total_seconds(), 0.0),
            )
            for partition, (position, end) in ends.items()
            if (each := assignments[partition]) and not each.is_over
        }
        self._health.lag.note(standings)

    def _alarm_if_lost(self, partition: TP, assignment: Assignment, offset: int) -> None:
        # Kafka deletes frames by age, looked at or not. Coverage counts only what was looked at, so nobody is absent
        # for it; but somebody has to know.
        read_until = assignment.slots.read_until
        expected = self.source.committed(partition) if read_until is None else read_until
        lost = 0 if expected is None else offset - expected
        if lost > (0 if read_until is None else MOST_MARKERS):
            metrics.LOST.inc(lost)
            log.error(
                "frames were deleted by Kafka before they were looked at: the stream app was away for too long",
                partition=partition.partition,
                frames=lost,
            )

    def _assign(self, partition: TP) -> Assignment:
        assignment = Assignment(partition, self._store, self._holder, self._health)
        self._assignments[partition] = assignment
        return assignment

    def _bound(self, assignment: Assignment) -> None:
        # A held partition goes on at half of the bounds, so that it doesn't flutter.
        slots, partition = assignment.slots, assignment.partition
        frames, most = len(slots), self._settings.unacknowledged_frames
        held_bytes, most_bytes = slots.bytes, self._settings.unacknowledged_bytes
        if partition not in self._held and (frames >= most or held_bytes >= most_bytes):
            self._held.add(partition)
            self.source.hold(partition)
        elif partition in self._held and frames <= most // 2 and held_bytes <= most_bytes // 2:
            self._held.discard(partition)
            self.source.let_go(partition)

    def _abandon(self, work: Work) -> None:
        work.is_abandoned = True
        if work.trace is not None:
            work.trace.end("abandoned")
        self.source.forget(self._under_way.pop(work))
        self._note_empty()

    def _note_empty(self) -> None:
        if not self._under_way:
            self._is_empty.set()

    def _abandon_all(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        for work in list(self._under_way):
            self._abandon(work)

    def _on_lane_end(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._fatal(error)


def _message(event: EventT[Any]) -> Message:
    raw = event.message
    headers = raw.headers or ()
    return Message(
        topic=raw.topic,
        partition=raw.partition,
        offset=raw.offset,
        key=raw.key,
        value=raw.value,
        headers=tuple(headers.items() if isinstance(headers, Mapping) else headers),
        arrived_at=datetime.fromtimestamp(raw.timestamp, UTC),
    )
