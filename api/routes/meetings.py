"""Meetings: one sitting of a class, in rooms, between two moments."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator

from api.bodies import BodyIn
from api.cursors import CursorParameter, Limit, Page, make_page, read_moment, write_moment
from api.guard import GuardedRoute, VisitorHere
from api.idempotency import NewId, made
from api.lookups import require_class, require_meeting
from api.meeting_out import MeetingOut
from api.problems import invalid_field
from api.services import ServicesHere, StoreHere
from api.texts import ClassId, Id, MeetingId
from api.times import MomentIn, Zone
from attendance.meetings import Meeting
from attendance.store import Missing, Store

router = APIRouter(prefix="/v1", tags=["meetings"], route_class=GuardedRoute)

# A sitting is not a term: a longer one is a mistake in a date, and would keep its cameras' frames looked at for days.
LONGEST = timedelta(hours=24)


def _each_once(ids: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(ids)) < len(ids):
        raise ValueError("name each room once")
    return ids


RoomIds = Annotated[tuple[Id, ...], Field(min_length=1, max_length=20), AfterValidator(_each_once)]


class MeetingIn(BodyIn):
    """A meeting to add."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "class_id": "6f1c2f4e-4a7b-4d0e-9a57-3c1f0b7d2e90",
                    "room_ids": ["0c0ffee0-4a7b-4d0e-9a57-3c1f0b7d2e90"],
                    "start": "2026-09-01T10:00:00+02:00",
                    "end": "2026-09-01T10:50:00+02:00",
                    "zone": "Europe/Zurich",
                }
            ]
        }
    )

    class_id: Id
    room_ids: RoomIds
    start: MomentIn
    end: MomentIn
    zone: Zone | None = Field(
        default=None, description="the IANA time zone; else the first room's that has one, else the campus' own"
    )

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("start")
        if start is not None and end <= start:
            raise ValueError("a meeting ends after it starts")
        if start is not None and end - start > LONGEST:
            raise ValueError("a meeting takes at most 24 hours")
        return end


@router.post("/meetings", status_code=201, summary="Add a meeting")
async def add_meeting(body: MeetingIn, new_id: NewId, services: ServicesHere, response: Response) -> MeetingOut:
    """Add a meeting of a class. The class' rules are copied into it."""
    store = services.store
    try:
        class_, rules = await store.classes.get(body.class_id)
    except Missing as error:
        raise invalid_field("body", "class_id", "unknown_class", f"there is no class {body.class_id}") from error
    zone_of_rooms = await require_rooms(store, body.room_ids)
    meeting = Meeting(
        id=new_id,
        class_id=class_.id,
        room_ids=body.room_ids,
        start=body.start,
        end=body.end,
        zone=body.zone or zone_of_rooms or services.settings.default_zone,
        course_id=class_.course_id,
        term_id=class_.term_id,
        rules=rules,
    )
    await made(meeting.id, store.meetings.add(meeting), store.meetings.get)
    response.headers["Location"] = f"/v1/meetings/{meeting.id}"
    return MeetingOut.model_validate(meeting)


@router.get("/meetings/{meeting_id}", summary="Get a meeting")
async def get_meeting(meeting_id: MeetingId, store: StoreHere, visitor: VisitorHere) -> MeetingOut:
    """Get one meeting."""
    meeting = await require_meeting(store, meeting_id)
    visitor.require("meeting", meeting_id, meeting.class_id)
    return MeetingOut.model_validate(meeting)


@router.get("/classes/{class_id}/meetings", summary="List a class' meetings")
async def list_meetings(
    class_id: ClassId, store: StoreHere, visitor: VisitorHere, cursor: CursorParameter = None, limit: Limit = 50
) -> Page[MeetingOut]:
    """List the meetings of a class, the earliest first."""
    visitor.require("class", class_id, class_id)
    await require_class(store, class_id)
    found = await store.meetings.of_class(class_id, after=read_moment(cursor), limit=limit + 1)
    return make_page(found, limit, MeetingOut.model_validate, lambda meeting: write_moment(meeting.start, meeting.id))


async def require_rooms(store: Store, room_ids: tuple[str, ...]) -> str | None:
    """Give the zone of the first of the rooms that has one; raises Problem where a room doesn't exist."""
    zones: list[str] = []
    for index, room_id in enumerate(room_ids):
        try:
            room = await store.cameras.get_room(room_id)
        except Missing as error:
            detail = f"there is no room {room_id}"
            raise invalid_field("body", f"room_ids.{index}", "unknown_room", detail) from error
        zones += [room.zone] if room.zone else []
    return zones[0] if zones else None
