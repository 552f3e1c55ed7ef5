"""The time by ingest's clock, which decides present or late, on a machine whose own clock may be wrong."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

# A wrong clock drifts by up to a second in some hours; older measurements are worth less than the drift since.
_SAMPLES = 32
_WORTH_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    round_trip: float
    offset: float


class Clock:
    """Seconds since 1970, by this machine and corrected by what was measured against ingest.

    The machine's clock is read once; from then on time is counted by the one that nobody sets, so that a correction of
    the system's clock in the middle of an outage doesn't tear the frames' times apart.
    """

    def __init__(self, machine: Callable[[], float] = time.time) -> None:
        self._machine = machine
        self._begin = machine() - _steady()
        self._samples: deque[_Sample] = deque(maxlen=_SAMPLES)
        self._lock = threading.Lock()
        self._offset: float | None = None

    @property
    def offset(self) -> float | None:
        """Seconds that ingest's clock is ahead of this one; None where it was never measured."""
        return self._offset

    def local(self) -> float:
        """Give this machine's time, in seconds."""
        return self._begin + _steady()

    def since_file_time(self, modified: float) -> float:
        """Give a file's time as this clock counts."""
        return modified + self.local() - self._machine()

    def observe(self, sent: float, server: float, returned: float) -> None:
        """Take in that ingest read `server` on its clock between two of our moments, all in seconds.

        The truth is at most half the round trip off, so the shortest one of the last minutes is believed.
        """
        sample = _Sample(returned, returned - sent, server - (sent + returned) / 2)
        with self._lock:
            self._samples.append(sample)
            recent = [each for each in self._samples if returned - each.at <= _WORTH_SECONDS]
            self._offset = min(recent, key=lambda each: each.round_trip).offset


def _steady() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
