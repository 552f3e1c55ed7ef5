"""What the recogniser got wrong, by camera: for whoever looks after cameras, photos and thresholds."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import Field

from api.bodies import BodyOut
from api.guard import GuardedRoute
from api.problems import invalid_field
from api.services import ServicesHere
from api.times import DateIn
from attendance.cameras import CameraKind
from attendance.mistakes import MistakeKind, mistakes
from attendance.records import Record
from attendance.store import Store

router = APIRouter(prefix="/v1/recogniser", tags=["corrections"], route_class=GuardedRoute)


class CameraMistakesOut(BodyOut):
    """A camera's mistakes."""

    camera_id: str | None = Field(description="null: of a camera that isn't known")
    denied: int = Field(description="sightings of which a person said that they were somebody else")
    reversed: int = Field(description="names that later frames took back")
    contradicted: int = Field(description="students seen by it of whom a person says that they weren't there")
    missed: int = Field(
        description="students not seen of whom a person says that they were there; told of each camera of the room"
    )


class MistakesOut(BodyOut):
    """The recogniser's mistakes, as far as people or later frames have told, the camera with the most first."""

    first_day: str
    last_day: str
    records: int = Field(description="records in which something was wrong")
    cameras: list[CameraMistakesOut]


@router.get("/mistakes", summary="Count the recogniser's mistakes by camera")
async def count_mistakes(
    services: ServicesHere,
    since: Annotated[DateIn, Query(alias="from", description="meetings that start on this date or later")],
    until: Annotated[DateIn, Query(alias="to", description="up to and with this date")],
) -> MistakesOut:
    """Count by camera what the recogniser got wrong. Dates are those of the campus' time zone."""
    if until < since:
        raise invalid_field("query", "to", "empty_range", "it lies before `from`")
    zone = ZoneInfo(services.settings.default_zone)
    start, end = (
        datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        for day in (since, until + timedelta(days=1))
    )
    records = await services.store.records.mistaken(start=start, end=end)
    counts = await _counts(services.store, records)
    cameras = [
        CameraMistakesOut(camera_id=camera, **{kind.value: count[kind] for kind in MistakeKind})
        for camera, count in counts.items()
    ]
    cameras.sort(
        key=lambda each: (-(each.denied + each.reversed + each.contradicted + each.missed), each.camera_id or "")
    )
    return MistakesOut(first_day=str(since), last_day=str(until), records=len(records), cameras=cameras)


async def _counts(store: Store, records: list[Record]) -> dict[str | None, Counter[MistakeKind]]:
    counts: dict[str | None, Counter[MistakeKind]] = {}
    meetings = await store.meetings.get_many([record.meeting_id for record in records])
    rooms = tuple({room_id for meeting in meetings.values() for room_id in meeting.room_ids})
    in_rooms = [camera for camera in await store.cameras.of_rooms(rooms) if camera.kind is CameraKind.ROOM]
    for record in records:
        room_ids = meetings[record.meeting_id].room_ids if record.meeting_id in meetings else ()
        for mistake in mistakes(record):
            is_missed = mistake.kind is MistakeKind.MISSED
            looked: list[str | None] = [camera.id for camera in in_rooms if camera.room_id in room_ids]
            for camera_id in (looked or [None]) if is_missed else [mistake.camera_id]:
                counts.setdefault(camera_id, Counter())[mistake.kind] += 1
    return counts
