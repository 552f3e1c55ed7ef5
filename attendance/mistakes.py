"""What the recogniser got wrong in a record, as far as people or later frames have told. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from attendance.records import Record, Verdict, Word
from attendance.status import Method, Status

_THERE = {Status.PRESENT, Status.LATE, Status.LEFT_EARLY}


class MistakeKind(StrEnum):
    """How it came out."""

    DENIED = "denied"  # a person said of a sighting that it was somebody else
    REVERSED = "reversed"  # later frames took a name back
    CONTRADICTED = "contradicted"  # seen, and a person says that the student wasn't there
    MISSED = "missed"  # not seen, and a person says that the student was there


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. `camera_id` is None where no camera saw anything, and for what an earlier version noted."""

    kind: MistakeKind
    camera_id: str | None


def mistakes(record: Record) -> list[Mistake]:
    """Give the mistakes in a record; what was undone is none."""
    found = [
        Mistake(MistakeKind.DENIED, each.camera_id) for word in record.words for each in word.sightings if word.block
    ]
    found += [Mistake(MistakeKind.REVERSED, each.camera_id) for each in record.reversals]
    contradiction = _contradiction(record, record.word)
    return [*found, contradiction] if contradiction else found


def _contradiction(record: Record, word: Word | None) -> Mistake | None:
    said, machine = word.verdict if word else None, record.machine
    if said is None or machine is None or said.method is not Method.MANUAL:
        return None
    if said.status is Status.ABSENT and _is_seen(machine):
        return Mistake(MistakeKind.CONTRADICTED, record.evidence.camera_id if record.evidence else None)
    if said.status in _THERE and machine.status is Status.ABSENT:
        return Mistake(MistakeKind.MISSED, None)
    return None


def _is_seen(machine: Verdict) -> bool:
    return machine.status in _THERE and machine.method is Method.FACE
