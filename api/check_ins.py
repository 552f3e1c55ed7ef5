"""Cards and codes on their way into records."""

from datetime import datetime

from api.corrections import no_entry
from api.problems import Problem
from api.services import Services
from api.times import now
from attendance import rules
from attendance.meetings import Meeting, MeetingState, counts_from
from attendance.records import CheckIn, Record


def is_on(meeting: Meeting, moment: datetime) -> bool:
    """Tell whether somebody who is there at this moment is there for this meeting."""
    return meeting.state is not MeetingState.CANCELLED and meeting.opens_at <= moment < meeting.end


def not_on(meeting_id: str) -> Problem:
    """Say that this isn't the time."""
    return Problem("meeting_not_on", f"meeting {meeting_id} isn't on: it is too early, over, or cancelled")


async def check_in(services: Services, meeting: Meeting, student_id: str, given: CheckIn) -> Record:
    """Take a card or a code into a student's record, and let its event go.

    Raises:
        Problem: `not_found` for somebody who isn't on the roster, `meeting_not_on` outside of its time.
    """
    store = services.store
    if student_id not in await store.classes.roster(meeting.class_id, meeting.local_date):
        raise no_entry(meeting.id, student_id)
    if not is_on(meeting, given.at):
        raise not_on(meeting.id)
    coverage = await store.progress.coverage_of(meeting.id, meeting.room_ids)
    since, moment = counts_from(meeting, await _attended(services, meeting, student_id)), now()

    def decide(record: Record | None) -> Record | None:
        return rules.check_in(record, student_id, meeting, given, counts_from=since, coverage=coverage, now=moment)

    record = await store.records.change(meeting, student_id, decide, now=moment)
    if record is None:
        raise Problem("meeting_not_on", "an earlier meeting in this room is still on for this student")
    services.relay.nudge()
    return record


async def _attended(services: Services, meeting: Meeting, student_id: str) -> list[Meeting]:
    """Give the other meetings in these rooms, about to end when this one opens, that the student attends."""
    store, attended = services.store, []
    for room_id in meeting.room_ids:
        for other in await store.meetings.in_room(room_id, opening_before=meeting.start, ending_after=meeting.opens_at):
            roster = await store.classes.roster(other.class_id, other.local_date)
            if other.id != meeting.id and student_id in roster:
                attended.append(other)
    return attended
