"""What was found wrong in what is imported: where, what, and whether the import can go on."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

# A file with a million faults needs no million sentences.
MOST_FINDINGS = 500


class Severity(StrEnum):
    """Whether the import can go on."""

    ERROR = "error"  # nothing is written
    WARNING = "warning"  # what it speaks of is left out, the rest is written


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `line` counts from 1, as an editor shows it; `code` is stable."""

    severity: Severity
    code: str
    detail: str
    file: str
    line: int | None = None
    column: str | None = None


@dataclass(slots=True)
class Findings:
    """All faults of an import, the first ones in full."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[Severity] = field(default_factory=Counter)

    @property
    def has_errors(self) -> bool:
        """Whether nothing may be written."""
        return self.counts[Severity.ERROR] > 0

    @property
    def left_out(self) -> int:
        """How many are counted only."""
        return self.counts.total() - len(self.kept)

    def error(self, code: str, detail: str, file: str, line: int | None = None, column: str | None = None) -> None:
        """Note a fault that keeps everything from being written."""
        self._add(Finding(Severity.ERROR, code, detail, file, line, column))

    def warn(self, code: str, detail: str, file: str, line: int | None = None, column: str | None = None) -> None:
        """Note a fault that only concerns itself."""
        self._add(Finding(Severity.WARNING, code, detail, file, line, column))

    def _add(self, finding: Finding) -> None:
        self.counts[finding.severity] += 1
        if len(self.kept) < MOST_FINDINGS:
            self.kept.append(finding)
