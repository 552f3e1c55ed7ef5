"""Who is missed and which outsiders are named, counted, and counted by group of people.

A figure for everyone hides a group that an encoder packs closer together than others: there outsiders are named more
often, or its people missed more often. The groups are the caller's, from a table; none is guessed from a face.
"""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recognition.errors import RecognitionError

__all__ = ["BadGroups", "Outcome", "Rates", "rates", "rates_by_group", "read_groups", "table"]

# Of fewer people a rate says more about them than about their group.
_FEW = 30


class BadGroups(RecognitionError):
    """A table of groups that can't be used."""

    code = "bad_groups"


@dataclass(frozen=True)
class Outcome:
    """What one trial came to: whose face it was, whether they were enrolled, and whether the answer was wrong.

    Wrong: somebody enrolled wasn't named, or was given another's name; an outsider was named.
    """

    person: str
    enrolled: bool
    wrong: bool


@dataclass(frozen=True)
class Rates:
    """Counts of trials, and how many `people` they were of."""

    enrolled: int
    missed: int
    outsiders: int
    named: int
    people: int = 0

    @property
    def fnir(self) -> float:
        """The share of those enrolled who weren't named rightly; 0 where none was tried."""
        return self.missed / max(self.enrolled, 1)

    @property
    def fpir(self) -> float:
        """The share of outsiders who were named; 0 where none was tried."""
        return self.named / max(self.outsiders, 1)


def rates(outcomes: Iterable[Outcome]) -> Rates:
    """Return the counts of all of them together."""
    outcomes = list(outcomes)
    enrolled = [each.wrong for each in outcomes if each.enrolled]
    outsiders = [each.wrong for each in outcomes if not each.enrolled]
    return Rates(len(enrolled), sum(enrolled), len(outsiders), sum(outsiders), len({each.person for each in outcomes}))


def rates_by_group(outcomes: Sequence[Outcome], groups: Mapping[str, str]) -> dict[str, Rates]:
    """Return the counts of each group, by the group of the person whose face it was; who has none is under ''."""
    by_group: dict[str, list[Outcome]] = {}
    for each in outcomes:
        by_group.setdefault(groups.get(each.person, ""), []).append(each)
    return {group: rates(by_group[group]) for group in sorted(by_group)}


def read_groups(path: Path) -> dict[str, str]:
    """Return the group of each person from a CSV with the columns `person` and `group`; raises BadGroups."""
    groups: dict[str, str] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            if not {"person", "group"} <= set(rows.fieldnames or ()):
                raise BadGroups(f"{path} needs a first line with the columns person and group.")
            for row in rows:
                person, group = (str(row[column] or "").strip() for column in ("person", "group"))
                if not person or not group:
                    raise BadGroups(f"{path}, line {rows.line_num}: a person and a group are needed.")
                if groups.setdefault(person, group) != group:
                    raise BadGroups(f"{path}, line {rows.line_num}: {person} is in two groups.")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadGroups(f"{path} can't be read as a table ({error}).") from error
    return groups


def table(by_group: Mapping[str, Rates], tell: Callable[[str], None]) -> None:
    """Tell each group's rates with what they were counted on, a line each."""
    for group, each in by_group.items():
        few = f"; fewer than {_FEW} people, so it says little" if each.people < _FEW else ""
        tell(
            f"  {group or '(no group)'}, {each.people} people: "
            f"{100 * each.fnir:.1f} % of {each.enrolled:,} not named, "
            f"{100 * each.fpir:.2f} % of {each.outsiders:,} outsiders named{few}"
        )
