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
    CHECK_IN = "check_in"  # by card or code
    CLOSE = "close"
    CORRECTION = "correction"  # a person sets the status, or says that a sighting is somebody else
    CONFIRMATION = "confirmation"  # a person confirms what was provisional
    NOTICE = "notice"  # an absence notice came after the close, or was withdrawn
    SCHEDULE = "schedule"  # the meeting was moved or cancelled, or an enrolment's dates changed
    UNDO = "undo"  # a person takes back what a person said
    REVERSAL = "reversal"  # the machine takes back what it saw


class UnmarkedReason(StrEnum):
    """Why the machine can't say; stored as the record's reason."""

    NO_TEMPLATE = "no_template"
    LOW_COVERAGE = "low_coverage"
    ENROLLED_LATER = "enrolled_later"  # nobody looked for them: the enrolment was recorded after the close


class AbsentReason(StrEnum):
    """Why the machine calls somebody absent who was there for a while; stored as the record's reason."""

    SHORT_STAY = "short_stay"


class NotExpectedReason(StrEnum):
    """Why nobody waits for the student; stored as the record's reason."""

    NOT_ENROLLED = "not_enrolled"
    CANCELLED = "cancelled"
