"""A lane for each camera: recognition of its frames may overlap, what follows from them is taken in their order."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from stream_app.assignment import Assignment
from stream_app.messages import Looked, Message, Refused
from stream_app.slots import Slot

# A resend of a frame comes within moments of it. More ids would only cost memory, for each camera.
RECENT_IDS = 1024
# Cameras come and go, and whoever produces to Kafka can invent keys: idle lanes beyond this many are let go.
MOST_LANES = 2048

Outcome = Looked | Refused | None  # None: abandoned, the frame will come again


@dataclass(eq=False, slots=True)
class Work:
    """One frame under way. `is_begun` says that effort went into it, `outcome` is what became of it.

    `let_bytes_go` drops the picture once it was looked at; `finish` says that nothing more is to be done.
    """

    message: Message
    slot: Slot
    assignment: Assignment
    is_begun: bool = False
    is_abandoned: bool = False
    let_bytes_go: Callable[[], None] = field(init=False)
    finish: Callable[[], None] = field(init=False)
    outcome: asyncio.Future[Outcome] = field(init=False)
    settled: asyncio.Event = field(default_factory=asyncio.Event)


Settle = Callable[["Lane", list[tuple[Work, Outcome]]], Awaitable[None]]


class Lane:
    """The frames of one camera, in order."""

    def __init__(self, settle: Settle) -> None:
        self._settle = settle
        self._waiting: deque[Work] = deque()
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Tell whether no frame of the camera is under way."""
        return self._task is None

    def put(self, work: Work, on_end: Callable[[asyncio.Task[None]], None]) -> None:
        """Take the next frame; its outcome is already being worked out."""
        self._waiting.append(work)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(on_end)

    def was_counted(self, frame_id: str) -> bool:
        """Tell whether a frame with this id was counted before: the camera sent it again."""
        return frame_id in self._recent

    def count(self, frame_id: str) -> None:
        """Note that a frame is counted, once what it showed is safe."""
        self._recent[frame_id] = None
        while len(self._recent) > RECENT_IDS:
            self._recent.popitem(last=False)

    async def _run(self) -> None:
        try:
            while self._waiting:
                run = [await self._next()]
                # Whatever is ready behind it shares its writes.
                while self._waiting and self._waiting[0].outcome.done():
                    run.append(await self._next())
                await self._settle(self, run)
        finally:
            self._task = None

    async def _next(self) -> tuple[Work, Outcome]:
        work = self._waiting[0]
        outcome = await work.outcome
        self._waiting.popleft()
        return work, outcome


class Lanes:
    """The lanes by camera."""

    def __init__(self, settle: Settle, on_end: Callable[[asyncio.Task[None]], None]) -> None:
        self._settle = settle
        self._on_end = on_end
        self._lanes: OrderedDict[bytes | None, Lane] = OrderedDict()

    def put(self, work: Work) -> None:
        """Take the next frame of its camera."""
        key = work.message.key
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(self._settle)
            self._let_idle_go()
        self._lanes.move_to_end(key)
        lane.put(work, self._on_end)

    def _let_idle_go(self) -> None:
        excess = len(self._lanes) - MOST_LANES
        if excess > 0:
            idle = [key for key, lane in self._lanes.items() if lane.is_idle and lane is not self._latest()]
            for key in idle[:excess]:
                del self._lanes[key]

    def _latest(self) -> Lane:
        return next(reversed(self._lanes.values()))
