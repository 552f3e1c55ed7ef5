"""A meeting's roll: who is there, and what a person says about it."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from api.bodies import BodyIn
from api.guard import GuardedRoute, Visitor, VisitorHere
from api.lookups import require_meeting
from api.meeting_out import MeetingOut
from api.problems import Problem, invalid_field, not_found
from api.roll_out import RecordOut, RollEntryOut, RollOut, roll_of
from api.services import ServicesHere, StoreHere
from api.texts import MeetingId, Reason, StudentId
from api.times import now
from attendance import rules
from attendance.meetings import Meeting
from attendance.records import Record
from attendance.status import Status
from attendance.store import Missing, Store

router = APIRouter(prefix="/v1/meetings/{meeting_id}/roll", tags=["roll"], route_class=GuardedRoute)

IfMatch = Annotated[
    str | None,
    Header(
        description='the revision that is corrected, quoted as in the answer\'s `ETag`: `"2"`', pattern=r'^"\d{1,9}"$'
    ),
]


class MarkIn(BodyIn):
    """A status as a person sets it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "present", "reason": "sat behind the pillar", "revision": 1}]}
    )

    status: Status
    reason: Reason | None = Field(default=None, validate_default=True, description="needed for `excused`")
    revision: int | None = Field(
        default=None, ge=0, le=10**9, strict=True, description="the revision that is corrected: 409 where it is past"
    )

    @field_validator("reason")
    @classmethod
    def _excused_says_why(cls, reason: str | None, info: ValidationInfo) -> str | None:
        if reason is None and info.data.get("status") is Status.EXCUSED:
            raise ValueError("say why the student is excused")
        return reason


@router.get("", summary="Get a meeting's roll")
async def get_roll(meeting_id: MeetingId, store: StoreHere, visitor: VisitorHere) -> RollOut:
    """Get where every student of the roster stands, with the totals by status.

    Students of whom nothing was said yet are `pending`.
    """
    meeting = await require_meeting(store, meeting_id)
    visitor.require("meeting", meeting_id, meeting.class_id)
    return await roll_of(store, meeting)


@router.get("/{student_id}", summary="Get a student's record of a meeting")
async def get_record(
    meeting_id: MeetingId, student_id: StudentId, store: StoreHere, visitor: VisitorHere, response: Response
) -> RecordOut:
    """Get one student's record with its whole history; a student gets their own."""
    meeting, on_roster = await _find(store, visitor, meeting_id, student_id)
    record = await store.records.get(meeting_id, student_id)
    if record is None and not on_roster:
        raise _no_entry(meeting_id, student_id)
    return await _show(store, meeting, student_id, record, on_roster=on_roster, response=response)


@router.put("/{student_id}", summary="Set a student's status by hand")
async def mark_student(
    meeting_id: MeetingId,
    student_id: StudentId,
    body: MarkIn,
    services: ServicesHere,
    visitor: VisitorHere,
    response: Response,
    if_match: IfMatch = None,
) -> RecordOut:
    """Set a status by hand. It isn't provisional, and the machine doesn't change it any more.

    Say by `revision`, or by `If-Match`, which state you are correcting: where somebody was quicker, the answer is 409
    `stale_revision` with the present state as `current`. The same status said twice makes one revision.
    """
    expected = _expected_revision(body.revision, if_match)
    store = services.store
    meeting, on_roster = await _find(store, visitor, meeting_id, student_id)
    moment = now()

    def decide(record: Record | None) -> Record:
        if record is None and not on_roster:
            raise _no_entry(meeting_id, student_id)
        present = record.revision if record else 0
        if expected is not None and expected != present:
            entry = RollEntryOut.of(student_id, None, record, on_roster=on_roster)
            detail = f"revision {expected} was corrected, but the record is at revision {present} by now: look again"
            current = entry.model_dump(mode="json", exclude={"given_name", "family_name"})
            raise Problem("stale_revision", detail, members={"current": current})
        return rules.mark(
            record,
            meeting_id,
            student_id,
            body.status,
            by=visitor.principal.token_id,
            reason=body.reason,
            now=moment,
        )

    record = await store.records.change(meeting, student_id, decide, now=moment)
    services.relay.nudge()
    return await _show(store, meeting, student_id, record, on_roster=on_roster, response=response)


async def _find(store: Store, visitor: Visitor, meeting_id: str, student_id: str) -> tuple[Meeting, bool]:
    """Give the meeting, and whether the student is on its roster; raises Problem `not_found`, always in one wording."""
    try:
        meeting = await store.meetings.get(meeting_id)
    except Missing as error:
        raise _no_entry(meeting_id, student_id) from error
    if not visitor.owns_one_of(meeting.class_id, student_id):
        raise _no_entry(meeting_id, student_id)
    return meeting, student_id in await store.classes.roster(meeting.class_id, meeting.local_date)


def _no_entry(meeting_id: str, student_id: str) -> Problem:
    return not_found(f"entry of student {student_id} on the roll of a meeting", meeting_id)


def _expected_revision(in_body: int | None, if_match: str | None) -> int | None:
    in_header = int(if_match.strip('"')) if if_match else None
    if in_body is not None and in_header is not None and in_body != in_header:
        raise invalid_field("header", "if-match", "contradiction", "it names another revision than the body does")
    return in_body if in_header is None else in_header


async def _show(
    store: Store, meeting: Meeting, student_id: str, record: Record | None, *, on_roster: bool, response: Response
) -> RecordOut:
    known = await store.students.get_many([student_id])
    entry = RollEntryOut.of(student_id, known.get(student_id), record, on_roster=on_roster)
    response.headers["ETag"] = f'"{entry.revision}"'
    return RecordOut.of(MeetingOut.model_validate(meeting), entry, record)
