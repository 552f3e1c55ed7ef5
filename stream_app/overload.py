"""How hard frames must be thinned so that the lag stays bounded. Pure: it is told the load and answers with a step.

Raised by what the work that waits would take, not by the lag alone: a backlog that arrives at once gets its stride when
it arrives, and keeps it until it is gone. Lowered only when the lag is gone and the lower step would hold what arrives,
so that it doesn't flutter.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stream_app.thinning import MOST_DOUBLINGS, MOST_STEPS, Priority, share

# What waits is to be done in this share of the longest lag. The rest is for what isn't known in advance: looks that get
# slower, frames that arrive meanwhile.
AIM = 0.6
# The time left is never taken to be shorter than this share of the longest lag: a moment's lag near the bound would
# give nearly all frames up.
AT_LEAST = 0.3
# Lower only when the lag is below this share of the bound: before that, the rest of a backlog would be looked at more
# closely than its beginning.
CALM = 0.15
# Lower only to a step that takes no more than this of what the pool can do, or it would be raised again at once.
SPARE = 0.8


@dataclass(frozen=True, slots=True)
class Load:
    """The load at one moment.

    `lag_s`: seconds since the oldest frame that isn't looked at yet arrived; 0 where none waits. `waiting`: such frames
    by class. `arriving`: frames a second by class. `throughput`: looks a second of the whole pool when it is never
    idle; 0 where it isn't known yet.
    """

    lag_s: float
    waiting: Mapping[Priority, float]
    arriving: Mapping[Priority, float]
    throughput: float


class Controller:
    """Keeps the step. `update` is called about once a second.

    >>> controller = Controller(most_lag_s=30)
    >>> controller.update(Load(0, {Priority.MISSING: 600}, {Priority.MISSING: 1}, throughput=10))
    12
    """

    def __init__(self, most_lag_s: float) -> None:
        self._most_lag_s = most_lag_s
        self._step = 0

    @property
    def step(self) -> int:
        """The step now: 0 looks at every frame."""
        return self._step

    def update(self, load: Load) -> int:
        """Give the step for the load as it is now."""
        if load.throughput <= 0:
            return self._step
        needed = self._needed(load)
        if needed > self._step:
            self._step = needed
        elif load.lag_s <= CALM * self._most_lag_s:
            self._lower(load)
        return self._step

    def _needed(self, load: Load) -> int:
        """Give the first step from the present one on at which what waits is done in time."""
        for step in range(self._step, MOST_STEPS):
            if _work(load.waiting, step) <= load.throughput * self._time_left(load):
                return step
        return MOST_STEPS

    def _lower(self, load: Load) -> None:
        # By one doubling at a time; steps of classes without a frame are none.
        while self._step > 0 and self._would_hold(load, self._step - 1):
            priority = Priority((self._step - 1) // MOST_DOUBLINGS)
            self._step -= 1
            if load.arriving.get(priority, 0) > 0 or load.waiting.get(priority, 0) > 0:
                return

    def _would_hold(self, load: Load, step: int) -> bool:
        return _work(load.arriving, step) <= SPARE * load.throughput and _work(
            load.waiting, step
        ) <= SPARE * load.throughput * self._time_left(load)

    def _time_left(self, load: Load) -> float:
        late = load.lag_s / self._most_lag_s
        # Beyond the bound, after an outage: nothing is won by giving up frames that there would be time for.
        return self._most_lag_s * (AIM if late > 1 else max(AIM - late, AT_LEAST))


def _work(frames: Mapping[Priority, float], step: int) -> float:
    return sum(count * share(step, priority) for priority, count in frames.items())
