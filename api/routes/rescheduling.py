"""Meetings at another time or place, cancelled, restored, split in two."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import ConfigDict, ValidationInfo, field_validator

from api.bodies import BodyIn, BodyOut
from api.etags import IfMatch, require_match
from api.guard import GuardedRoute
from api.lookups import require_meeting
from api.meeting_out import MeetingOut
from api.problems import invalid_field
from api.routes.meetings import LONGEST, RoomIds, require_rooms
from api.services import StoreHere
from api.texts import MeetingId
from api.times import MomentIn, Zone
from attendance.ids import split_meeting_id
from attendance.meetings import Meeting, MeetingState, cancelled, moved, restored, split
from attendance.store import Store

router = APIRouter(prefix="/v1/meetings/{meeting_id}", tags=["meetings"], route_class=GuardedRoute)


class MeetingChangeIn(BodyIn):
    """What is to be another than it was; what isn't named stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"start": "2026-09-01T14:00:00+02:00", "end": "2026-09-01T14:50:00+02:00"}]}
    )

    room_ids: RoomIds | None = None
    start: MomentIn | None = None
    end: MomentIn | None = None
    zone: Zone | None = None

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: datetime | None, info: ValidationInfo) -> datetime | None:
        start = info.data.get("start")
        if start is not None and end is not None and end <= start:
            raise ValueError("a meeting ends after it starts")
        return end


class NothingIn(BodyIn):
    """There is nothing to say beside the path."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class SplitIn(BodyIn):
    """Where the second part begins."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"at": "2026-09-01T10:25:00+02:00"}]})

    at: MomentIn


class SplitOut(BodyOut):
    """The two parts: the first keeps the meeting's id."""

    first: MeetingOut
    second: MeetingOut


@router.patch("", summary="Move a meeting")
async def move_meeting(
    meeting_id: MeetingId, body: MeetingChangeIn, store: StoreHere, if_match: IfMatch = None
) -> MeetingOut:
    """Give a meeting another time, another zone or other rooms. It keeps its id.

    Its records are judged again, within seconds, by what was seen within the new time; a closed meeting is open again
    and closes anew. 409 `conflict` where it was changed or closed at this moment: look, and try again.
    """
    meeting = await _as_it_was_read(store, meeting_id, if_match)
    start, end = body.start or meeting.start, body.end or meeting.end
    if end <= start or end - start > LONGEST:
        field = "end" if body.end else "start"
        raise invalid_field("body", field, "bad_span", "a meeting ends after it starts, and takes at most 24 hours")
    if body.room_ids is not None:
        await require_rooms(store, body.room_ids)
    return await _reschedule(
        store, meeting, moved(meeting, start, end, body.room_ids or meeting.room_ids, body.zone or meeting.zone)
    )


@router.post("/cancel", summary="Cancel a meeting")
async def cancel_meeting(
    meeting_id: MeetingId, body: NothingIn, store: StoreHere, if_match: IfMatch = None
) -> MeetingOut:
    """Say that a meeting does not take place: nobody was expected, whatever its records said before."""
    meeting = await _as_it_was_read(store, meeting_id, if_match)
    if meeting.state is MeetingState.CANCELLED:
        return MeetingOut.model_validate(meeting)
    return await _reschedule(store, meeting, cancelled(meeting))


@router.post("/restore", summary="Take a cancellation back")
async def restore_meeting(
    meeting_id: MeetingId, body: NothingIn, store: StoreHere, if_match: IfMatch = None
) -> MeetingOut:
    """Say that a cancelled meeting takes place after all: what was seen and said counts again."""
    meeting = await _as_it_was_read(store, meeting_id, if_match)
    if meeting.state is not MeetingState.CANCELLED:
        return MeetingOut.model_validate(meeting)
    return await _reschedule(store, meeting, restored(meeting))


@router.post("/split", summary="Split a meeting in two")
async def split_meeting(meeting_id: MeetingId, body: SplitIn, store: StoreHere, if_match: IfMatch = None) -> SplitOut:
    """Make two meetings of one. What was seen counts for the part in which it was; what people said, for the first.

    The second part's id follows from the meeting's and the moment: asked for again after a lost answer, it is the same.
    """
    meeting = await require_meeting(store, meeting_id)
    done = (await store.meetings.get_many([split_meeting_id(meeting_id, body.at)])).values()
    if done and meeting.end == body.at:
        (second,) = done
        return SplitOut(first=MeetingOut.model_validate(meeting), second=MeetingOut.model_validate(second))
    require_match(if_match, MeetingOut.model_validate(meeting))
    try:
        first, second = split(meeting, body.at)
    except ValueError as error:
        raise invalid_field("body", "at", "outside", str(error)) from error
    await store.meetings.split_off(second, meeting.id)
    return SplitOut(first=await _reschedule(store, meeting, first), second=MeetingOut.model_validate(second))


async def _as_it_was_read(store: Store, meeting_id: str, if_match: str | None) -> Meeting:
    meeting = await require_meeting(store, meeting_id)
    require_match(if_match, MeetingOut.model_validate(meeting))
    return meeting


async def _reschedule(store: Store, before: Meeting, after: Meeting) -> MeetingOut:
    if after != before:
        await store.meetings.reschedule(before, after)
    return MeetingOut.model_validate(after)
