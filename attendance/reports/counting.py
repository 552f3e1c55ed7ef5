"""How a rate is counted: which statuses are in it, what each is worth, and what is not confirmed yet."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from attendance.status import Status

Tally = Mapping[tuple[Status, bool], int]
"""How many records there are of each status; the truth value says whether they are provisional."""

# Weights are fractions: an exact comparison would call 7 of 10 less than a rate of 0.7.
_ROUNDING = 1e-9


class Treatment(StrEnum):
    """What a status is to a rate."""

    LEFT_OUT = "left_out"
    ATTENDED = "attended"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Counting:
    """How a school counts. The defaults are (present + late) over (present + late + absent).

    `late_weight`: the share of a meeting that a late student attended, 0 to 1.
    `provisional`: whether what no person has confirmed yet counts against a student. Where it doesn't, an absence is
    left out, and who came late or left early counts as present: that they were seen is not in doubt.
    """

    late_weight: float = 1.0
    left_early: Treatment = Treatment.LEFT_OUT
    excused: Treatment = Treatment.LEFT_OUT
    provisional: bool = True

    def worth(self, status: Status, *, provisional: bool) -> float | None:
        """Give the share of the meeting that counts as attended; None where the record is left out of the rate."""
        if provisional and not self.provisional:
            return 1.0 if status in (Status.PRESENT, Status.LATE, Status.LEFT_EARLY) else None
        match status:
            case Status.PRESENT:
                return 1.0
            case Status.LATE:
                return self.late_weight
            case Status.ABSENT:
                return 0.0
            case Status.LEFT_EARLY:
                return _WORTH[self.left_early]
            case Status.EXCUSED:
                return _WORTH[self.excused]
            case Status.UNMARKED | Status.NOT_EXPECTED:
                return None

    @property
    def numerator(self) -> str:
        """Say what is counted as attended."""
        late = "late" if self.late_weight == 1 else f"{self.late_weight:g} x late"
        return " + ".join(["present", *([late] if self.late_weight else []), *self._treated(Treatment.ATTENDED)])

    @property
    def denominator(self) -> str:
        """Say what the rate is a share of."""
        parts = ["present", "late", "absent", *self._treated(Treatment.ATTENDED), *self._treated(Treatment.MISSED)]
        return " + ".join(parts)

    def _treated(self, treatment: Treatment) -> list[str]:
        settings = ((Status.LEFT_EARLY, self.left_early), (Status.EXCUSED, self.excused))
        return [status.value for status, treated in settings if treated is treatment]


_WORTH: dict[Treatment, float | None] = {Treatment.LEFT_OUT: None, Treatment.ATTENDED: 1.0, Treatment.MISSED: 0.0}


@dataclass(frozen=True, slots=True)
class Rate:
    """How much was attended of what counts."""

    numerator: float
    denominator: int

    @property
    def value(self) -> float | None:
        """The share, 0 to 1; None where nothing counts."""
        return self.numerator / self.denominator if self.denominator else None

    def is_below(self, bound: float) -> bool:
        """Tell whether the share is below a bound. A rate of nothing is below none."""
        return self.numerator + _ROUNDING < bound * self.denominator


def rate_of(tally: Tally, counting: Counting) -> Rate:
    """Count the rate of some records."""
    numerator, denominator = 0.0, 0
    for (status, provisional), count in tally.items():
        worth = counting.worth(status, provisional=provisional)
        if worth is not None:
            numerator += worth * count
            denominator += count
    return Rate(round(numerator, 6), denominator)


def together(tallies: Iterable[Tally]) -> Tally:
    """Add tallies up."""
    total: Counter[tuple[Status, bool]] = Counter()
    for tally in tallies:
        total.update(tally)
    return total


def totals_of(tally: Tally) -> dict[Status, int]:
    """Give how many records there are of each status, confirmed or not; of every status, 0 too."""
    totals = dict.fromkeys(Status, 0)
    for (status, _), count in tally.items():
        totals[status] += count
    return totals


def unconfirmed_in(tally: Tally) -> int:
    """Give how many of the records are provisional."""
    return sum(count for (_, provisional), count in tally.items() if provisional)
