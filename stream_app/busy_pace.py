"""What the pool does a second while frames wait for it. Pure: it is told the time."""

from collections import deque

# Over so many seconds with frames waiting. Longer, and a pool that got slower is known of too late to hold the lag;
# shorter, and one second with dear frames would thin the next ones.
OVER_SECONDS = 15.0
# With fewer looks nothing is told: chance would speak.
FEWEST_LOOKS = 16


class BusyPace:
    """Looks a second, counted over the latest rounds in which frames waited.

    The time of a look alone says too much: between two looks a process waits for its next picture, and the main process
    shares the same cores.

    >>> pace = BusyPace()
    >>> for second in range(10):
    ...     pace.note(second, looks=5 * second, is_busy=True)
    >>> pace.looks_per_s
    5.0
    """

    def __init__(self) -> None:
        self._rounds: deque[tuple[float, int]] = deque()
        self._last: tuple[float, int, bool] | None = None

    @property
    def looks_per_s(self) -> float | None:
        """Looks a second; None where too few were seen."""
        looks = sum(count for _, count in self._rounds)
        return looks / sum(seconds for seconds, _ in self._rounds) if looks >= FEWEST_LOOKS else None

    def note(self, moment: float, *, looks: int, is_busy: bool) -> None:
        """Note how many looks there were since the start, and whether frames wait now; `moment` in seconds."""
        if self._last is not None:
            then, before, was_busy = self._last
            # Busy at both ends only: a round that began or ended idle counts time in which nothing was to be done.
            if is_busy and was_busy and moment > then:
                self._rounds.append((moment - then, looks - before))
                while sum(seconds for seconds, _ in self._rounds) > OVER_SECONDS:
                    self._rounds.popleft()
        self._last = (moment, looks, is_busy)
