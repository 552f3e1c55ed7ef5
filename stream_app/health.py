"""Whether the stream app does its work: a process that is merely alive is not healthy."""

import time
from collections.abc import Callable

# Frames under way for so long without one being acknowledged: stuck, whatever the reason. Above the frame deadline.
STUCK_SECONDS = 60.0


class Health:
    """What `/readyz` answers from.

    `is_waiting`: database or broker are away. `is_assigned`: the group gave this worker its share, be it empty.
    `needs_restart`: why this worker, though it does its work, is to be started anew; None where it needn't.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_advance = clock()
        self.is_waiting = False
        self.is_assigned = False
        self.needs_restart: str | None = None

    def advanced(self) -> None:
        """Note that a frame was acknowledged, or that none is under way."""
        self._last_advance = self._clock()

    def complaints(self, under_way: int) -> list[str]:
        """Say what keeps the app from its work; nothing, where it is ready. `under_way` counts the frames."""
        found = []
        if not self.is_assigned:
            found.append("the consumer group has not given this worker its partitions yet")
        if self.is_waiting:
            found.append("the database or the broker is away; frames wait")
        if under_way and self._clock() - self._last_advance > STUCK_SECONDS:
            found.append(f"no frame was finished for {STUCK_SECONDS:.0f} s while {under_way} are under way")
        if self.needs_restart:
            found.append(self.needs_restart)
        return found
