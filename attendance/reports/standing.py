"""Where a student stands over some meetings: the rate, how many were missed in a row, and when they last were there."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from attendance.reports.counting import Counting, Rate, Tally, rate_of
from attendance.status import Status

_THERE = frozenset({Status.PRESENT, Status.LATE, Status.LEFT_EARLY})


@dataclass(frozen=True, slots=True)
class Mark:
    """What a report needs of one record. `start` is the meeting's, in UTC."""

    meeting_id: str
    start: datetime
    status: Status
    provisional: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A student over some meetings.

    `missed_in_a_row`: how many of the latest meetings were missed without one attended in between. What says neither
    (excused, unmarked, not expected; an unconfirmed absence where such don't count) is passed over.
    `last_attended`: the start of the latest meeting at which they were seen, or said to be; None where there is none.
    """

    tally: Tally
    rate: Rate
    missed_in_a_row: int
    last_attended: datetime | None

    def days_since(self, today: date, zone: tzinfo) -> int | None:
        """Give the civil days since they last attended, in a time zone; None where they never did."""
        if self.last_attended is None:
            return None
        return (today - self.last_attended.astimezone(zone).date()).days


@dataclass(frozen=True, slots=True)
class Risk:
    """When a student is at risk: a rate `below`, of `at_least` meetings that count, or so many `missed_in_a_row`.

    None leaves a rule out; with neither, everybody is chosen.
    """

    below: float | None = None
    missed_in_a_row: int | None = None
    at_least: int = 1

    def holds_for(self, standing: Standing) -> bool:
        """Tell whether a student is at risk by one of the rules."""
        if self.below is None and self.missed_in_a_row is None:
            return True
        rate = standing.rate
        too_low = self.below is not None and rate.denominator >= self.at_least and rate.is_below(self.below)
        return too_low or (self.missed_in_a_row is not None and standing.missed_in_a_row >= self.missed_in_a_row)


def standing_of(marks: Iterable[Mark], counting: Counting) -> Standing:
    """Work out where a student stands by their marks, which may come in any order."""
    ordered = sorted(marks, key=lambda mark: (mark.start, mark.meeting_id))
    tally = Counter((mark.status, mark.provisional) for mark in ordered)
    attended = [mark.start for mark in ordered if mark.status in _THERE]
    return Standing(tally, rate_of(tally, counting), _missed_in_a_row(ordered, counting), max(attended, default=None))


def _missed_in_a_row(ordered: list[Mark], counting: Counting) -> int:
    missed = 0
    for mark in reversed(ordered):
        if mark.status in _THERE:
            break
        missed += counting.worth(mark.status, provisional=mark.provisional) == 0
    return missed
