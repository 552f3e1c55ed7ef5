"""What an import would change: for each kind what is added, changed, removed, and what stays. Pure values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Thing = TypeVar("Thing")

# Above it an import is more likely to be the wrong file, or half of one, than to be meant.
MOST_REMOVED = 0.1


@dataclass(slots=True)
class Changes(Generic[Thing]):
    """What an import would do to the things of one kind. `there` are those that it could remove, of before."""

    what: str
    added: list[Thing] = field(default_factory=list)
    changed: list[Thing] = field(default_factory=list)
    removed: list[Thing] = field(default_factory=list)
    unchanged: int = 0
    there: int = 0
    removals: list[str] = field(default_factory=list)

    @property
    def removes_too_much(self) -> bool:
        """Whether it is to be asked about first: more than a tenth would go."""
        return len(self.removed) > self.there * MOST_REMOVED

    @property
    def to_write(self) -> int:
        """How many would be written."""
        return len(self.added) + len(self.changed) + len(self.removed)


def refusal_of(changes: Sequence[Changes[Thing]]) -> str | None:
    """Say what keeps a plan from being carried out without being forced; None where nothing does."""
    told = [f"{len(each.removed)} of {each.there} {each.what}" for each in changes if each.removes_too_much]
    if not told:
        return None
    return f"it would remove {', '.join(told)}, which is more than {MOST_REMOVED:.0%}: look, then force it"
