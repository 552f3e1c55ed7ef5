"""A lane for each camera: recognition of its frames may overlap, what follows from them is taken in their order.

What frames showed is written together, at once where a record changes and else after a moment; until then they are not
acknowledged.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Protocol

from attendance.tracing import Trace
from ingest.contract import BadFrame, parse_time
from stream_app.assignment import Assignment
from stream_app.following import Following
from stream_app.messages import Message, Outcome, Shown
from stream_app.slots import Slot

# A run is written when it has so many frames: more would stand unacknowledged for nothing.
LONGEST_RUN = 16
# A frame that was taken earlier but came later goes first, if it is earlier by no more than this. One that is more out
# of order than that would make the whole lane wait for it.
ORDER_TOLERANCE = timedelta(seconds=1)
# Cameras come and go, and whoever produces to Kafka can invent keys: idle lanes beyond this many are let go.
MOST_LANES = 2048
# A camera's id is shorter. A longer key is refused with its frame, and until then known by its digest: idle lanes would
# keep megabytes of it.
LONGEST_KEY = 128
EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(eq=False, slots=True)
class Work:
    """One frame under way. `is_begun` says that effort went into it, `outcome` is what became of it.

    `let_bytes_go` drops the picture once it was looked at; `finish` says that nothing more is to be done.
    """

    message: Message
    slot: Slot
    assignment: Assignment
    taken_at: datetime
    is_begun: bool = False
    is_abandoned: bool = False
    is_alone: bool = False
    trace: Trace | None = None
    lane: "Lane" = field(init=False)
    let_bytes_go: Callable[[], None] = field(init=False)
    finish: Callable[[], None] = field(init=False)
    outcome: asyncio.Future[Outcome] = field(init=False)
    settled: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Settled:
    """A frame with what became of it and what it changes (None where nothing does)."""

    work: Work
    outcome: Outcome
    shown: Shown | None


class Settle(Protocol):
    """What a lane asks of whoever settles its frames."""

    async def take(self, lane: "Lane", work: Work, outcome: Outcome) -> Shown | None:
        """Tell what a frame changes, given those before it."""

    async def write(self, lane: "Lane", run: list[Settled], next_offset: int) -> None:
        """Make a run safe and finish its frames; all that the lane was given before `next_offset` is in it or done."""


class Lane:
    """The frames of one camera, in order. `following` is what is known of the camera; None before its first frame.

    `comes_again_from`: the offset of the first frame that was abandoned.
    """

    def __init__(self, settle: Settle, write_after_s: float) -> None:
        self.following: Following | None = None
        self.comes_again_from: float = inf
        self._done_until = 0
        self._done_arrived_until = EVER
        self.resuming = asyncio.Lock()
        self._settle = settle
        self._write_after_s = write_after_s
        self._waiting: deque[Work] = deque()
        self._run: list[Settled] = []
        self._due = 0.0
        self._last_offset = -1
        self.last_arrived_at = EVER
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin_after(self, offset: int, arrived_at: datetime) -> None:
        """Note that the frames up to this offset, the last of which arrived at this moment, are in the store."""
        self._done_until, self._done_arrived_until = offset + 1, arrived_at

    def has_done(self, message: Message) -> bool:
        """Tell whether a frame is in the store. A topic that was made anew has the same offsets for later frames."""
        return message.offset < self._done_until and message.arrived_at <= self._done_arrived_until

    def before(self, work: Work) -> list[Work]:
        """Give the frames that arrived before this one and of which it isn't known yet what became."""
        return [
            each
            for each in self._waiting
            if each.message.offset < work.message.offset and not (each.is_abandoned or each.outcome.done())
        ]

    @property
    def is_idle(self) -> bool:
        """Tell whether no frame of the camera is under way."""
        return self._task is None

    def put(self, work: Work, on_end: Callable[[asyncio.Task[None]], None]) -> None:
        """Take the next frame; its outcome is already being worked out."""
        self._waiting.append(work)
        self._last_offset, self.last_arrived_at = work.message.offset, work.message.arrived_at
        self._arrived.set()
        if self._task is None:
            self._task = asyncio.create_task(self._go())
            self._task.add_done_callback(on_end)

    async def _go(self) -> None:
        try:
            while self._waiting or self._run:
                work = await self._ready()
                if work is None:
                    await self._write()
                    continue
                self._waiting.remove(work)
                outcome = work.outcome.result()
                shown = await self._settle.take(self, work, outcome)
                if not self._run:
                    self._due = time.monotonic() + self._write_after_s
                self._run.append(Settled(work, outcome, shown))
                if work.is_alone or (shown and shown.is_urgent) or len(self._run) >= LONGEST_RUN:
                    await self._write()
        finally:
            self._task = None

    async def _ready(self) -> Work | None:
        """Wait for the next frame's outcome; None where the run is to be written first."""
        while True:
            self._arrived.clear()
            work = self._next()
            if work is not None and work.outcome.done():
                return work
            left = self._due - time.monotonic() if self._run else None
            if left is not None and left <= 0:
                return None
            arrival = asyncio.ensure_future(self._arrived.wait())
            awaited: set[asyncio.Future[Any]] = {arrival} if work is None else {arrival, work.outcome}
            try:
                await asyncio.wait(awaited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                arrival.cancel()

    def _next(self) -> Work | None:
        # Whoever comes behind one that is tried alone waits for the end of its try, however early it was taken.
        alone = next((work for work in self._waiting if work.is_alone), None)
        return alone or (first_of(self._waiting) if self._waiting else None)

    async def _write(self) -> None:
        run, self._run = self._run, []
        first_waiting = min((work.message.offset for work in self._waiting), default=self._last_offset + 1)
        await self._settle.write(self, run, first_waiting)


class Lanes:
    """The lanes by partition and camera. `write_after_s`: how long what no record waits for may stand unwritten."""

    def __init__(self, settle: Settle, on_end: Callable[[asyncio.Task[None]], None], *, write_after_s: float) -> None:
        self._settle = settle
        self._write_after_s = write_after_s
        self._on_end = on_end
        self._lanes: OrderedDict[tuple[Assignment, bytes | None], Lane] = OrderedDict()

    def of(self, work: Work) -> Lane:
        """Give the lane of a frame's camera."""
        key = work.assignment, _short(work.message.key)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(self._settle, self._write_after_s)
            self._let_idle_go()
        self._lanes.move_to_end(key)
        return lane

    @property
    def open_tracks(self) -> int:
        """How many faces are followed, of all cameras."""
        return sum(lane.following.open_tracks for lane in self._lanes.values() if lane.following is not None)

    def put(self, work: Work) -> None:
        """Take the next frame of its camera."""
        work.lane.put(work, self._on_end)

    def forget(self, assignment: Assignment) -> None:
        """Forget a partition's lanes: whoever has it next knows more."""
        for key in [key for key in self._lanes if key[0] is assignment]:
            del self._lanes[key]

    def _let_idle_go(self) -> None:
        excess = len(self._lanes) - MOST_LANES
        if excess > 0:
            idle = [key for key, lane in self._lanes.items() if lane.is_idle and lane is not self._latest()]
            for key in idle[:excess]:
                del self._lanes[key]

    def _latest(self) -> Lane:
        return next(reversed(self._lanes.values()))


def _short(key: bytes | None) -> bytes | None:
    return key if key is None or len(key) <= LONGEST_KEY else hashlib.sha256(key).digest()


def first_of(works: Iterable[Work]) -> Work:
    """Give the one of a camera's frames, in order of arrival, that goes first.

    It is taken earlier than all that came before it, or it would go before those that have to go first; a frame whose
    time is far ahead, by a wrong clock or because it is no camera's, would let any of the others do so.
    """
    of = iter(works)
    head = first = next(of)
    for work in of:
        if work.taken_at < first.taken_at and head.taken_at - work.taken_at <= ORDER_TOLERANCE:
            first = work
        elif work.taken_at < first.taken_at:
            break  # those behind it have to let it go first
    return first


def taken_at(message: Message) -> datetime:
    """Give the time that a frame's message claims, for its place among its neighbours; else when it arrived."""
    claimed = next((value for name, value in message.headers if name == "ce_time"), None)
    try:
        return parse_time((claimed or b"").decode("ascii"))
    except (BadFrame, UnicodeDecodeError):
        return message.arrived_at
