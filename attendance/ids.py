"""Ids that analytics can build on for years: random for things, derived for events.

An event's id follows from what it tells, so that the same change sent twice carries the same id and is counted once.
"""

from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

# Every derived id hangs from this one: another value here and a re-sent event would look like a new one.
_ROLLCALL = UUID("6f1c2f4e-4a7b-5d0e-9a57-3c1f0b7d2e90")


def new_id() -> str:
    """Give a random UUID for a student, class, meeting, room or camera."""
    return str(uuid4())


def attendance_event_id(meeting_id: str, student_id: str, revision: int) -> str:
    """Give the id of the event that tells this revision of this student's record."""
    return str(uuid5(_ROLLCALL, f"{meeting_id}/{student_id}/{revision}"))


def meeting_closed_event_id(meeting_id: str, close_number: int) -> str:
    """Give the id of the event that tells this close of the meeting; late revisions raise the number."""
    return str(uuid5(_ROLLCALL, f"{meeting_id}/closed/{close_number}"))


def student_erased_event_id(student_id: str) -> str:
    """Give the id of the event that tells that this student was erased."""
    return str(uuid5(_ROLLCALL, f"{student_id}/erased"))


def split_meeting_id(meeting_id: str, at: datetime) -> str:
    """Give the id of the second of two meetings that one was split into at a moment."""
    return str(uuid5(_ROLLCALL, f"{meeting_id}/split/{at.astimezone(UTC).isoformat()}"))
