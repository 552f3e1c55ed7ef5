"""What people say of a roll besides a status: confirmed, 'not this person', taken back, all present."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from api.bodies import BodyIn, BodyOut
from api.corrections import Case, Corrections, IfMatch, expected_revision, no_entry, require_takes_place
from api.guard import GuardedRoute, VisitorHere
from api.lookups import require_meeting
from api.problems import Problem, not_found
from api.roll_out import RecordOut
from api.services import ServicesHere
from api.texts import MeetingId, Reason, StudentId, TrackId
from api.times import now
from attendance import rules
from attendance.meetings import Meeting
from attendance.records import Block, Record
from attendance.status import Status
from attendance.store import Store
from attendance.store.records import Decide

router = APIRouter(prefix="/v1/meetings/{meeting_id}/roll", tags=["corrections"], route_class=GuardedRoute)

# So many records of a roll are written at once; more would hold up what others ask.
_AT_ONCE = 8


class ConfirmIn(BodyIn):
    """Which state is confirmed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"revision": 1}]})

    revision: int | None = Field(
        default=None, ge=0, le=10**9, strict=True, description="the revision that was seen: 409 where it is past"
    )


class UndoIn(ConfirmIn):
    """Why a person's word is taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "wrong line"}]})

    reason: Reason | None = None


class NotThisPersonIn(UndoIn):
    """Which sighting was somebody else."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sighting_id": "6f1c2f4e-4a7b-4d0e-9a57-3c1f0b7d2e90", "reason": "a twin"}]}
    )

    sighting_id: TrackId = Field(description="the `id` of one of the record's `sightings`")


class AllIn(BodyIn):
    """A word for a whole roll: there is nothing to say beside the path."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class AllOut(BodyOut):
    """What a word for a whole roll changed."""

    meeting_id: str
    changed: int = Field(description="records that have a new revision")
    student_ids: list[str] = Field(description="whose they are")


@router.post("/confirm", summary="Confirm all of a meeting")
async def confirm_all(meeting_id: MeetingId, body: AllIn, services: ServicesHere, visitor: VisitorHere) -> AllOut:
    """Confirm everything on this roll that is provisional. What was confirmed already stays as it is."""
    meeting = await require_meeting(services.store, meeting_id)
    visitor.require("meeting", meeting_id, meeting.class_id)
    require_takes_place(meeting)
    moment, by = now(), visitor.principal.token_id
    records = await services.store.records.of_meeting(meeting_id)

    def confirmed(record: Record | None) -> Record | None:
        return rules.confirm(record, by=by, now=moment) if record else None

    async def confirm(student_id: str) -> bool:
        return await _is_revised(services.store, meeting, student_id, confirmed)

    changed = await _each([record.student_id for record in records if record.provisional], confirm)
    services.relay.nudge()
    return AllOut(meeting_id=meeting_id, changed=len(changed), student_ids=changed)


@router.post("/all-present", summary="Say that all are present")
async def mark_all_present(meeting_id: MeetingId, body: AllIn, services: ServicesHere, visitor: VisitorHere) -> AllOut:
    """Mark everyone present who is expected and of whom no person said anything yet; an absence notice says something.

    It is a mark by hand for each of them: the machine doesn't change it any more.
    """
    store = services.store
    meeting = await require_meeting(store, meeting_id)
    visitor.require("meeting", meeting_id, meeting.class_id)
    require_takes_place(meeting)
    roster = await store.classes.roster(meeting.class_id, meeting.local_date)
    excused = await store.notices.excuses_on(meeting.local_date, roster)
    moment, by = now(), visitor.principal.token_id

    async def mark(student_id: str) -> bool:
        def present(record: Record | None) -> Record:
            if record and record.is_said_by_person:
                return record
            return rules.mark(record, meeting_id, student_id, Status.PRESENT, by=by, reason=None, now=moment)

        return await _is_revised(store, meeting, student_id, present)

    changed = await _each([student for student in roster if student not in excused], mark)
    services.relay.nudge()
    return AllOut(meeting_id=meeting_id, changed=len(changed), student_ids=changed)


@router.post("/{student_id}/confirm", summary="Confirm what is provisional")
async def confirm_record(
    meeting_id: MeetingId,
    student_id: StudentId,
    body: ConfirmIn,
    services: ServicesHere,
    visitor: VisitorHere,
    response: Response,
    if_match: IfMatch = None,
) -> RecordOut:
    """Agree with an absence, a lateness or an early leaving. Where nothing is provisional, nothing changes."""

    def confirmed(case: Case) -> Record:
        record = _require_record(case, meeting_id, student_id)
        return rules.confirm(record, by=visitor.principal.token_id, now=case.now)

    desk = Corrections(services, visitor)
    entry = await desk.find(meeting_id, student_id)
    record = await desk.correct(entry, expected_revision(body.revision, if_match), confirmed)
    return await desk.show(entry, record, response)


@router.post("/{student_id}/not-this-person", summary="Say that a sighting is somebody else")
async def deny_sighting(
    meeting_id: MeetingId,
    student_id: StudentId,
    body: NotThisPersonIn,
    services: ServicesHere,
    visitor: VisitorHere,
    response: Response,
    if_match: IfMatch = None,
) -> RecordOut:
    """Take a sighting off, and keep its camera from naming this student for that stretch of time again.

    Whatever else was seen is judged anew. Where nothing is left and the meeting is closed, the closer settles the
    record within seconds as if it had never been.
    """

    def denied(case: Case) -> Record:
        record = _require_record(case, meeting_id, student_id)
        sighting = next((each for each in record.sightings if each.id == body.sighting_id), None)
        if sighting is None:
            raise not_found("sighting", body.sighting_id)
        return rules.deny(
            record,
            Block(sighting.camera_id, sighting.first_seen, sighting.last_seen),
            entry.meeting,
            by=visitor.principal.token_id,
            reason=body.reason,
            coverage=case.coverage,
            now=case.now,
        )

    desk = Corrections(services, visitor)
    entry = await desk.find(meeting_id, student_id)
    record = await desk.correct(entry, expected_revision(body.revision, if_match), denied)
    return await desk.show(entry, record, response)


@router.post("/{student_id}/undo", summary="Take back the last correction")
async def undo_correction(
    meeting_id: MeetingId,
    student_id: StudentId,
    body: UndoIn,
    services: ServicesHere,
    visitor: VisitorHere,
    response: Response,
    if_match: IfMatch = None,
) -> RecordOut:
    """Take back the last thing that a person said of the record: it stands where it would without it.

    The history grows by a revision that says so. Again, and the correction before that one is taken back; 409
    `nothing_to_undo` where none is left.
    """

    def undone(case: Case) -> Record:
        record = _require_record(case, meeting_id, student_id)
        try:
            return rules.undo(
                record,
                entry.meeting,
                by=visitor.principal.token_id,
                coverage=case.coverage,
                now=case.now,
                reason=body.reason,
            )
        except rules.NothingToUndo as error:
            raise Problem("nothing_to_undo", str(error)) from error

    desk = Corrections(services, visitor)
    entry = await desk.find(meeting_id, student_id)
    record = await desk.correct(entry, expected_revision(body.revision, if_match), undone)
    return await desk.show(entry, record, response)


def _require_record(case: Case, meeting_id: str, student_id: str) -> Record:
    if case.record is None:
        raise no_entry(meeting_id, student_id)
    return case.record


async def _is_revised(store: Store, meeting: Meeting, student_id: str, decide: Decide) -> bool:
    before = 0

    def decided(record: Record | None) -> Record | None:
        nonlocal before
        before = record.revision if record else 0
        return decide(record)

    after = await store.records.change(meeting, student_id, decided, now=now())
    return after is not None and after.revision > before


async def _each(student_ids: list[str], change: Callable[[str], Awaitable[bool]]) -> list[str]:
    """Change some records at once; give whose changed."""
    changed: list[str] = []
    for start in range(0, len(student_ids), _AT_ONCE):
        some = student_ids[start : start + _AT_ONCE]
        done = await asyncio.gather(*map(change, some))
        changed += [student for student, is_changed in zip(some, done, strict=True) if is_changed]
    return changed
