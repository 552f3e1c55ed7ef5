"""Absence notices: a person's word, for a range of days, why a student would be absent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from attendance.records import Excuse


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice for a student's meetings from one civil date to another, both inclusive.

    It takes nothing from who comes all the same: it counts where they would otherwise be absent. `reason_code` is the
    institution's own; `by` the token of who recorded it.
    """

    id: str
    student_id: str
    first_day: date
    last_day: date
    reason: str
    reason_code: str | None
    by: str
    at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether it speaks of this civil date, and wasn't withdrawn."""
        return self.withdrawn_at is None and self.first_day <= day <= self.last_day

    @property
    def excuse(self) -> Excuse:
        """What a record keeps of it."""
        return Excuse(self.id, self.at, self.reason, self.reason_code)


def excuse_on(notices: Iterable[Notice], day: date) -> Excuse | None:
    """Give the excuse for a civil date: of several notices that hold then, the latest said."""
    standing = [each for each in notices if each.holds_on(day)]
    return max(standing, key=lambda each: (each.at, each.id)).excuse if standing else None
