"""The words of a record: its status, how it came about, and what changed it."""

from enum import StrEnum


class Status(StrEnum):
    """Where a student stands in a meeting."""

    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    ABSENT = "absent"
    UNMARKED = "unmarked"  # the machine can't say; never an absence
    EXCUSED = "excused"
    NOT_EXPECTED = "not_expected"


class Method(StrEnum):
    """How the student was found to be there."""

    FACE = "face"
    CARD = "card"
    CODE = "code"
    MANUAL = "manual"


class Cause(StrEnum):
    """What made a revision."""

    SIGHTING = "sighting"
    CLOSE = "close"
    CORRECTION = "correction"
    REVERSAL = "reversal"  # the machine takes back what it saw


class UnmarkedReason(StrEnum):
    """Why the machine can't say; stored as the record's reason."""

    NO_TEMPLATE = "no_template"
    LOW_COVERAGE = "low_coverage"
