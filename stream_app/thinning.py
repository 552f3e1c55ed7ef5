"""Which frames are looked at when there are more than can be: the first of each stride in event time.

Pure: no clock, no I/O. A stride is a power of two of the time between a camera's frames. Whether a frame is the first
of its stride depends only on when it and the frames before it were taken, so one that comes again is decided alike, and
the backlog of a camera that was cut off is thinned evenly over its whole length, whenever it arrives.
"""

import math
import zlib
from bisect import bisect_left, insort
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import pairwise
from statistics import median

from attendance.cameras import Camera
from attendance.meetings import Meeting

# Each class of frames is thinned to one of 2 ** 10 at most. Beyond a thousand times the load nothing is attendance any
# more, and a stride is so long that a meeting could fall between two looks.
MOST_DOUBLINGS = 10
# Frames of one camera of which it is known when they were taken. Fewer than a partition has under way, and a frame that
# comes again would no longer know which one was before it: looked at twice, for nothing.
MOST_TIMES = 512
# The usual time between frames is that between the latest few: one pause says nothing then.
SPACED_BY = 17
# A camera may send much more often, or less often, than was said of it. Beyond this its times make no sense.
MOST_OFF = 10


class Priority(IntEnum):
    """What a frame can still tell, the least first: in this order frames are thinned."""

    COMPLETE = 0  # everyone in its meeting who could be recognised has a record
    MISSING = 1
    ARRIVING = 2  # people are missing, and whoever comes now is on time

    @property
    def reason(self) -> str:
        """The word under which skipped frames are counted."""
        return {Priority.COMPLETE: "complete", Priority.MISSING: "behind", Priority.ARRIVING: "arriving"}[self]


# How hard frames are thinned, from 0 (not at all) up. Each step doubles one class' stride, and a class is thinned as
# far as it goes before the next one is thinned at all.
MOST_STEPS = MOST_DOUBLINGS * len(Priority)


def doublings(step: int, priority: Priority) -> int:
    """Give how often a class' stride is doubled at a step; 0: all of its frames are looked at."""
    return min(max(step - MOST_DOUBLINGS * priority, 0), MOST_DOUBLINGS)


def share(step: int, priority: Priority) -> float:
    """Give the share of a class' frames that is looked at, at a step."""
    return float(0.5 ** doublings(step, priority))


def priority_of(meeting: Meeting, taken_at: datetime, *, is_complete: bool) -> Priority:
    """Give the class of a frame that counts for a meeting."""
    if is_complete:
        return Priority.COMPLETE
    return Priority.ARRIVING if meeting.opens_at <= taken_at <= meeting.on_time_until else Priority.MISSING


class FrameTimes:
    """When the latest frames of one camera were taken.

    >>> times = FrameTimes(camera)
    >>> times.add(taken_at)
    >>> is_looked_at = times.is_due(taken_at, doublings=2)  # one of four
    """

    def __init__(self, camera: Camera) -> None:
        self._expected_s = camera.expected_interval / timedelta(seconds=1)
        # Strides of all lengths begin together, or a doubling would shift them; those of several cameras do not, or all
        # of these would be looked at in the same moment.
        self._phase = zlib.crc32(camera.id.encode()) / 2**32 * self._expected_s * 2.0**MOST_DOUBLINGS
        self._times: list[float] = []

    def add(self, taken_at: datetime) -> None:
        """Note a frame; noted twice it is the same."""
        moment = taken_at.timestamp()
        place = bisect_left(self._times, moment)
        if self._times[place : place + 1] != [moment]:
            insort(self._times, moment)
            del self._times[:-MOST_TIMES]

    def is_due(self, taken_at: datetime, doublings: int) -> bool:
        """Tell whether this frame is the first of its stride, among those noted."""
        if doublings == 0:
            return True
        moment = taken_at.timestamp()
        place, unit = bisect_left(self._times, moment), self._unit()
        # Before a camera's first frame one is supposed: with hundreds of cameras their first ones would be too many.
        before = self._times[place - 1] if place else moment - unit
        stride = unit * 2.0**doublings
        return self._stride_of(before, stride) < self._stride_of(moment, stride)

    def _stride_of(self, moment: float, stride: float) -> int:
        return math.floor((moment + self._phase) / stride)

    def _unit(self) -> float:
        """Give the usual time between frames in seconds: the expected interval times a power of two.

        A camera that sends ten frames in each expected interval would otherwise be thinned to a tenth by the first
        doubling.
        """
        latest = self._times[-SPACED_BY:]
        if len(latest) < 2:
            return self._expected_s
        spacing = median(later - earlier for earlier, later in pairwise(latest))
        power = round(math.log2(spacing / self._expected_s))
        return float(self._expected_s * 2.0 ** min(max(power, -MOST_OFF), MOST_OFF))
