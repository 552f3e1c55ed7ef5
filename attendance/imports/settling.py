"""The lines of one file beside what is there: what is added, changed, removed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from attendance.ids import new_id
from attendance.imports.findings import Findings
from attendance.imports.oneroster import AnyLine, Mode, Part
from attendance.imports.plan import Changes
from attendance.people import Class, Student, Teacher
from attendance.school import AcademicSession, Course, Org, Standing

Known = TypeVar("Known", bound=Org | AcademicSession | Course | Class | Student | Teacher)


@dataclass(frozen=True, slots=True)
class References:
    """The ids that lines of other files may name: the school's, and ours. Those to be deleted are not among them."""

    what: str
    ids: Mapping[str, str]

    def of(self, sourced_id: str, column: str) -> str:
        """Give our id.

        Raises:
            Dangling: there is none.
        """
        if sourced_id not in self.ids:
            raise Dangling(self.what, sourced_id, column)
        return self.ids[sourced_id]

    def of_optional(self, sourced_id: str | None, column: str) -> str | None:
        """Give our id, or None where nothing is named.

        Raises:
            Dangling: there is none.
        """
        return None if sourced_id is None else self.of(sourced_id, column)


class Dangling(ValueError):
    """A line names something that isn't there."""

    def __init__(self, what: str, sourced_id: str, column: str) -> None:
        super().__init__(f"there is no {what} {sourced_id!r}, in the files or from before")
        self.column = column


def references(what: str, part: Part[AnyLine], there: Mapping[str, Known]) -> References:
    """Give what can be named of a kind once the part is taken in; what is new has its id from here on."""
    ids = {} if part.mode is Mode.BULK else {key: each.id for key, each in there.items() if _stands(each)}
    for key, line in part.lines.items():
        if line.standing is Standing.TO_BE_DELETED:
            ids.pop(key, None)
        else:
            ids[key] = there[key].id if key in there else new_id()
    return References(what, ids)


def settle(
    what: str,
    part: Part[AnyLine],
    there: Mapping[str, Known],
    build: Callable[[AnyLine], Known],
    findings: Findings,
    *,
    is_over: Callable[[Known], bool] = lambda _: False,
) -> Changes[Known]:
    """Compare the lines with what is there. `build` makes of a line what it tells; it may raise `Dangling`."""
    changes: Changes[Known] = Changes(what)
    changes.there = sum(1 for each in there.values() if _stands(each) and not is_over(each))
    for key, line in part.lines.items():
        before = there.get(key)
        if line.standing is Standing.TO_BE_DELETED:
            if before is not None and _stands(before):
                _remove(changes, key, before)
            continue
        try:
            after = build(line)
        except Dangling as error:
            findings.error("dangling_reference", str(error), part.file, line.line, error.column)
            continue
        note(changes, before, after)
    if part.mode is Mode.BULK:
        for key, before in there.items():
            if key not in part.lines and _stands(before) and not is_over(before):
                _remove(changes, key, before)
    return changes


def note(changes: Changes[Known], before: Known | None, after: Known) -> None:
    """Note what one thing becomes."""
    if before is None:
        changes.added.append(after)
    elif before != after:
        changes.changed.append(after)
    else:
        changes.unchanged += 1


def has_ended(session: AcademicSession, today: date) -> bool:
    """Tell whether an academic session is over."""
    return session.end < today


def _stands(thing: Known) -> bool:
    return thing.standing is Standing.ACTIVE


def _remove(changes: Changes[Known], key: str, before: Known) -> None:
    changes.removed.append(replace(before, standing=Standing.TO_BE_DELETED))
    changes.removals.append(key)
