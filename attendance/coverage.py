"""How much of a meeting was looked at: the ground on which 'late' and 'absent' stand.

Coverage is a set of moments. Adding the same frame twice changes nothing, and the order of frames doesn't matter, so
a frame that comes again after a crash counts once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Disjoint intervals in order, each `start <= moment < end`."""

    intervals: tuple[Interval, ...] = ()

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> "Coverage":
        """Merge intervals that overlap or touch; empty ones vanish."""
        merged: list[Interval] = []
        for start, end in sorted(interval for interval in intervals if interval[0] < interval[1]):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        return cls(tuple(merged))

    @classmethod
    def of_frames(cls, taken: Iterable[datetime], expected_interval: timedelta) -> "Coverage":
        """Cover one expected interval to each side of every frame: two at most, so that gaps stay gaps."""
        return cls.of((moment - expected_interval, moment + expected_interval) for moment in taken)

    def union(self, other: "Coverage") -> "Coverage":
        """Cover whatever either of the two covers."""
        return Coverage.of((*self.intervals, *other.intervals))

    def intersection(self, other: "Coverage") -> "Coverage":
        """Cover what both of the two cover."""
        return Coverage.of(
            (max(first, start), min(last, end)) for first, last in self.intervals for start, end in other.intervals
        )

    @classmethod
    def of_rooms(cls, by_room: Iterable["Coverage"]) -> "Coverage":
        """Cover what was looked at in every room of a meeting: who isn't seen in one may sit in another."""
        rooms = list(by_room)
        return reduce(cls.intersection, rooms[1:], rooms[0]) if rooms else cls()

    def within(self, start: datetime, end: datetime) -> "Coverage":
        """Keep what lies between the two moments."""
        return Coverage.of((max(first, start), min(last, end)) for first, last in self.intervals)

    def share(self, start: datetime, end: datetime) -> float:
        """Give the covered share (0 to 1) of the time between two moments; of no time at all, all is covered."""
        if end <= start:
            return 1.0
        covered = sum((last - first for first, last in self.within(start, end).intervals), timedelta())
        return covered / (end - start)
