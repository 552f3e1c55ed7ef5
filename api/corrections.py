"""What people say of a record, from a request to the store: whose entry it is, which state was meant, what follows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Header, Response

from api.guard import Visitor
from api.meeting_out import MeetingOut
from api.problems import Problem, invalid_field, not_found
from api.roll_out import RecordOut, RollEntryOut
from api.services import Services
from api.times import now
from attendance.coverage import Coverage
from attendance.meetings import Meeting, MeetingState
from attendance.records import Record
from attendance.store import Missing

IfMatch = Annotated[
    str | None,
    Header(
        description='the revision that is corrected, quoted as in the answer\'s `ETag`: `"2"`', pattern=r'^"\d{1,9}"$'
    ),
]


@dataclass(frozen=True, slots=True)
class Entry:
    """A student's place on the roll of a meeting."""

    meeting: Meeting
    student_id: str
    on_roster: bool


@dataclass(frozen=True, slots=True)
class Case:
    """What a correction is decided by: the record as it is now, and what was looked at."""

    record: Record | None
    coverage: Coverage
    now: datetime


class Corrections:
    """Corrects records in somebody's name."""

    def __init__(self, services: Services, visitor: Visitor) -> None:
        self._services = services
        self._visitor = visitor

    async def find(self, meeting_id: str, student_id: str) -> Entry:
        """Give the entry; raises Problem `not_found`, always in one wording."""
        store = self._services.store
        try:
            meeting = await store.meetings.get(meeting_id)
        except Missing as error:
            raise no_entry(meeting_id, student_id) from error
        if not self._visitor.owns_one_of(meeting.class_id, student_id):
            raise no_entry(meeting_id, student_id)
        roster = await store.classes.roster(meeting.class_id, meeting.local_date)
        return Entry(meeting, student_id, student_id in roster)

    async def correct(self, entry: Entry, expected: int | None, decide: Callable[[Case], Record]) -> Record:
        """Put a correction into the record, and let its event go.

        Raises:
            Problem: `meeting_cancelled`; `stale_revision` with the present state, where the record isn't at the
                revision that was expected; `not_found` for somebody who has no entry.
        """
        require_takes_place(entry.meeting)
        meeting, student_id, store = entry.meeting, entry.student_id, self._services.store
        coverage, moment = await store.progress.coverage_of(meeting.id, meeting.room_ids), now()

        def decided(record: Record | None) -> Record:
            if record is None and not entry.on_roster:
                raise no_entry(meeting.id, student_id)
            present = record.revision if record else 0
            if expected is not None and expected != present:
                raise _stale(entry, record, expected)
            return decide(Case(record, coverage, moment))

        corrected = await store.records.change(meeting, student_id, decided, now=moment)
        if corrected is None:
            raise no_entry(meeting.id, student_id)
        self._services.relay.nudge()
        return corrected

    async def show(self, entry: Entry, record: Record | None, response: Response) -> RecordOut:
        """Show the record as it is now, with its revision as the answer's `ETag`."""
        known = await self._services.store.students.get_many([entry.student_id])
        shown = RollEntryOut.of(
            entry.student_id,
            known.get(entry.student_id),
            record,
            on_roster=entry.on_roster,
            is_cancelled=entry.meeting.state is MeetingState.CANCELLED,
        )
        response.headers["ETag"] = f'"{shown.revision}"'
        return RecordOut.of(MeetingOut.model_validate(entry.meeting), shown, record)


def require_takes_place(meeting: Meeting) -> None:
    """Refuse to say anything of a meeting that was cancelled; raises Problem `meeting_cancelled`."""
    if meeting.state is MeetingState.CANCELLED:
        raise Problem("meeting_cancelled", f"meeting {meeting.id} was cancelled: nobody is expected in it")


def no_entry(meeting_id: str, student_id: str) -> Problem:
    """Say that the student has no place on this roll."""
    return not_found(f"entry of student {student_id} on the roll of a meeting", meeting_id)


def expected_revision(in_body: int | None, if_match: str | None) -> int | None:
    """Give the revision that a request was made of, from its body or its header; None where it names none."""
    in_header = int(if_match.strip('"')) if if_match else None
    if in_body is not None and in_header is not None and in_body != in_header:
        raise invalid_field("header", "if-match", "contradiction", "it names another revision than the body does")
    return in_body if in_header is None else in_header


def _stale(entry: Entry, record: Record | None, expected: int) -> Problem:
    present = record.revision if record else 0
    shown = RollEntryOut.of(entry.student_id, None, record, on_roster=entry.on_roster)
    detail = f"revision {expected} was corrected, but the record is at revision {present} by now: look again"
    current = shown.model_dump(mode="json", exclude={"given_name", "family_name"})
    return Problem("stale_revision", detail, members={"current": current})
