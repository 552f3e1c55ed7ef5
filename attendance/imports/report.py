"""What an import did, or would do: what people and programs are shown."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from attendance.imports.findings import Finding, Findings, Severity
from attendance.imports.plan import Changes

# A term's end removes thousands; their number is told whole.
MOST_REMOVALS = 500
# And a school that sends one photo of each student lacks one of each.
MOST_WANTED = 500


@dataclass(frozen=True, slots=True)
class Counted:
    """How many things of a kind are touched, and how many stay as they were."""

    what: str
    added: int
    changed: int
    removed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing that is removed, by the school's id of it."""

    what: str
    id: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an import.

    `written`: whether everything it asked for is in the store now. `refusal`: why it wasn't, where the findings don't
    say it. `left_out`: what was passed over because attendance has no need of it. `photos_wanted`: how many more photos
    are asked for of students, by the school's id, the first ones of `students_wanting` in all.
    """

    kind: str
    source: str
    dry_run: bool
    written: bool
    refusal: str | None = None
    counted: tuple[Counted, ...] = ()
    removals: tuple[Removal, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)
    photos_wanted: dict[str, int] = field(default_factory=dict)
    students_wanting: int = 0
    errors: int = 0
    warnings: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing kept it, or would keep it, from being written."""
        return self.errors == 0 and self.refusal is None


def make_report(
    kind: str,
    source: str,
    findings: Findings,
    changes: Iterable[Changes[Any]] = (),
    *,
    dry_run: bool,
    written: bool = False,
    refusal: str | None = None,
    left_out: dict[str, int] | None = None,
    photos_wanted: dict[str, int] | None = None,
) -> Report:
    """Put a report together."""
    listed = list(changes)
    wanting = {student: count for student, count in (photos_wanted or {}).items() if count}
    removals = [Removal(each.what, removed) for each in listed for removed in each.removals]
    return Report(
        kind=kind,
        source=source,
        dry_run=dry_run,
        written=written,
        refusal=refusal,
        counted=tuple(
            Counted(each.what, len(each.added), len(each.changed), len(each.removed), each.unchanged) for each in listed
        ),
        removals=tuple(removals[:MOST_REMOVALS]),
        left_out={what: count for what, count in (left_out or {}).items() if count},
        photos_wanted=dict(list(wanting.items())[:MOST_WANTED]),
        students_wanting=len(wanting),
        errors=findings.counts[Severity.ERROR],
        warnings=findings.counts[Severity.WARNING],
        findings=tuple(findings.kept),
    )
