"""A meeting's roll: who is there, and what a person says about it."""

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from api.bodies import BodyIn
from api.corrections import Case, Corrections, IfMatch, expected_revision, no_entry
from api.guard import GuardedRoute, VisitorHere
from api.lookups import require_meeting
from api.roll_out import RecordOut, RollOut, roll_of
from api.services import ServicesHere, StoreHere
from api.texts import MeetingId, Reason, ReasonCode, StudentId
from attendance import rules
from attendance.records import Record
from attendance.status import Status

router = APIRouter(prefix="/v1/meetings/{meeting_id}/roll", tags=["roll"], route_class=GuardedRoute)


class MarkIn(BodyIn):
    """A status as a person sets it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "present", "reason": "sat behind the pillar", "revision": 1}]}
    )

    status: Status
    reason: Reason | None = Field(default=None, validate_default=True, description="needed for `excused`")
    reason_code: ReasonCode | None = Field(default=None, description="the institution's own code, for `excused`")
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
    meeting_id: MeetingId, student_id: StudentId, services: ServicesHere, visitor: VisitorHere, response: Response
) -> RecordOut:
    """Get one student's record with its whole history; a student gets their own."""
    desk = Corrections(services, visitor)
    entry = await desk.find(meeting_id, student_id)
    record = await services.store.records.get(meeting_id, student_id)
    if record is None and not entry.on_roster:
        raise no_entry(meeting_id, student_id)
    return await desk.show(entry, record, response)


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

    def marked(case: Case) -> Record:
        return rules.mark(
            case.record,
            meeting_id,
            student_id,
            body.status,
            by=visitor.principal.token_id,
            reason=body.reason,
            reason_code=body.reason_code,
            now=case.now,
        )

    desk = Corrections(services, visitor)
    entry = await desk.find(meeting_id, student_id)
    record = await desk.correct(entry, expected_revision(body.revision, if_match), marked)
    return await desk.show(entry, record, response)
