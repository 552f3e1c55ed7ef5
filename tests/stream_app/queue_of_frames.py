"""A queue of frames before a pool, without pictures: second by second, as the stream app works it off."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from attendance.cameras import Camera
from stream_app.overload import Controller, Load
from stream_app.thinning import FrameTimes, Priority, doublings

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
# The app's own guess of what arrives forgets as slowly.
MEMORY_S = 10.0


@dataclass(frozen=True)
class Waiting:
    camera: str
    priority: Priority
    taken_at: datetime
    arrived_s: float


@dataclass
class Queue:
    """Cameras with one frame a second each, a pool that does so many looks a second, and what becomes of the frames."""

    most_lag_s: float
    throughput: float
    controller: Controller = field(init=False)
    waiting: deque[Waiting] = field(default_factory=deque)
    looked_at: list[Waiting] = field(default_factory=list)
    skipped: Counter[Priority] = field(default_factory=Counter)
    lags: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    now_s: float = 0.0
    _times: dict[str, FrameTimes] = field(default_factory=dict)
    _arriving: dict[Priority, float] = field(default_factory=dict)
    _spare: float = 0.0

    def __post_init__(self) -> None:
        self.controller = Controller(self.most_lag_s)

    def arrive(self, camera: str, priority: Priority, taken_s: float) -> None:
        """Put a frame behind all others."""
        self.waiting.append(Waiting(camera, priority, START + timedelta(seconds=taken_s), self.now_s))

    def run(self, seconds: int, cameras: Callable[[float], Mapping[Priority, int]]) -> None:
        """Let time pass; `cameras` says how many of each class send at a moment."""
        for _ in range(seconds):
            on = cameras(self.now_s)
            for priority, count in on.items():
                for number in range(count):
                    self.arrive(f"{priority.name}{number}", priority, self.now_s)
            self._arriving = {each: self._smoothed(each, on.get(each, 0)) for each in Priority}
            self._work_a_second()
            self.now_s += 1
            lag = self.now_s - self.waiting[0].arrived_s if self.waiting else 0.0
            self.lags.append(lag)
            waiting = Counter(each.priority for each in self.waiting)
            self.steps.append(self.controller.update(Load(lag, waiting, self._arriving, self.throughput)))

    def _smoothed(self, priority: Priority, count: int) -> float:
        before = self._arriving.get(priority, 0.0)
        return before + (count - before) / MEMORY_S

    def _work_a_second(self) -> None:
        self._spare = min(self._spare, 1.0) + self.throughput
        while self.waiting and self._spare >= 1:
            frame = self.waiting.popleft()
            # The frames behind this one arrived too, and are noted before their turn.
            times = self._times.setdefault(frame.camera, FrameTimes(Camera(frame.camera, "room")))
            times.add(frame.taken_at)
            if times.is_due(frame.taken_at, doublings(self.controller.step, frame.priority)):
                self.looked_at.append(frame)
                self._spare -= 1
            else:
                self.skipped[frame.priority] += 1
