"""Weeks: Monday to Sunday, by the civil date on which a meeting starts where it is held."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from attendance.reports.counting import Tally, together


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week, known by its Monday."""

    monday: date

    @classmethod
    def of(cls, day: date) -> "Week":
        """Give the week that a civil date is in."""
        return cls(day - timedelta(days=day.weekday()))

    @property
    def name(self) -> str:
        """The week by ISO 8601, like `2026-W10`."""
        year, week, _ = self.monday.isocalendar()
        return f"{year}-W{week:02}"


def by_week(tallies: Iterable[tuple[date, Tally]]) -> dict[Week, Tally]:
    """Add up tallies of civil dates by week, the earliest first; a week of nothing isn't there."""
    found: dict[Week, list[Tally]] = defaultdict(list)
    for day, tally in tallies:
        found[Week.of(day)].append(tally)
    return {week: together(found[week]) for week in sorted(found)}
