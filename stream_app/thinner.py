"""Decides each frame's turn at the pool: looked at, or skipped because more came than can be looked at.

The decision falls when a process is free for the frame, not when it arrives: what waits in between is thinned by what
is known by then.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from attendance.cameras import Camera
from stream_app import clock
from stream_app.completeness import Completeness
from stream_app.rosters import View
from stream_app.thinning import FrameTimes, Priority, doublings, priority_of

# Cameras come and go; of those that sent longest ago it isn't kept any more when their frames were taken.
MOST_CAMERAS = 4096
# The mix of classes among the latest frames stands for that of the frames that are still in Kafka.
MIX_OF = 512
# Looks of which the mean time tells what the pool can do. With fewer, one slow picture would thin all others.
MOST_LOOKS = 128
FEWEST_LOOKS = 16
# The longest of these are left out: a process' first look loads its models.
LEFT_OUT = 1 / 8


@dataclass(eq=False, slots=True)
class Turn:
    """A frame that waits for the pool."""

    priority: Priority
    arrived_at: datetime


class Thinner:
    """The frames of this worker that wait for the pool.

    `step` says how hard they are thinned now, `looks` how many were looked at since the start.
    """

    def __init__(self, completeness: Completeness, *, processes: int, now: Callable[[], datetime] = clock.now) -> None:
        self.step = 0
        self.looks = 0
        self._completeness = completeness
        self._processes = processes
        self._now = now
        self._times: OrderedDict[str, FrameTimes] = OrderedDict()
        self._waiting: set[Turn] = set()
        self._mix: deque[Priority | None] = deque(maxlen=MIX_OF)
        self._look_s: deque[float] = deque(maxlen=MOST_LOOKS)

    @property
    def lag_s(self) -> float:
        """Seconds since the oldest waiting frame arrived on Kafka; 0 where none waits."""
        oldest = min((turn.arrived_at for turn in self._waiting), default=None)
        return max((self._now() - oldest).total_seconds(), 0.0) if oldest else 0.0

    @property
    def waiting_by_class(self) -> Mapping[Priority, int]:
        """How many frames of each class wait."""
        return Counter(turn.priority for turn in self._waiting)

    @property
    def throughput(self) -> float:
        """Looks a second of the whole pool when it is never idle; 0 where it isn't known yet."""
        if len(self._look_s) < FEWEST_LOOKS:
            return 0.0
        counted = sorted(self._look_s)[: len(self._look_s) - int(len(self._look_s) * LEFT_OUT)]
        return self._processes * len(counted) / max(sum(counted), 1e-6)

    def mix(self) -> Mapping[Priority, float]:
        """Give each class' share of the latest frames; those that needn't be looked at make them less than 1."""
        counts = Counter(self._mix)
        return {each: counts[each] / len(self._mix) for each in Priority} if self._mix else {}

    def turn(self, camera: Camera, taken_at: datetime, arrived_at: datetime, view: View) -> Turn:
        """Give a frame's turn by what is on in its room."""
        self._times_of(camera).add(taken_at)
        return Turn(self._priority(taken_at, view), arrived_at)

    @contextmanager
    def waiting(self, turn: Turn) -> Iterator[None]:
        """Have a frame counted among those that wait, until it is decided or given up."""
        self._mix.append(turn.priority)
        self._waiting.add(turn)
        try:
            yield
        finally:
            self._waiting.discard(turn)

    def is_due(self, turn: Turn, camera: Camera, taken_at: datetime) -> bool:
        """Decide on a frame whose turn it is: tell whether it is looked at."""
        self._waiting.discard(turn)
        return self._times_of(camera).is_due(taken_at, doublings(self.step, turn.priority))

    def note_needless(self) -> None:
        """Note a frame that there is no need to look at."""
        self._mix.append(None)

    def note_look(self, seconds: float) -> None:
        """Note how long a look took."""
        self.looks += 1
        self._look_s.append(seconds)

    def _priority(self, taken_at: datetime, view: View) -> Priority:
        return max(
            priority_of(each.meeting, taken_at, is_complete=self._completeness.is_complete(each, view.gallery))
            for each in view.watched
        )

    def _times_of(self, camera: Camera) -> FrameTimes:
        times = self._times.get(camera.id)
        if times is None:
            times = self._times[camera.id] = FrameTimes(camera)
            while len(self._times) > MOST_CAMERAS:
                self._times.popitem(last=False)
        self._times.move_to_end(camera.id)
        return times
