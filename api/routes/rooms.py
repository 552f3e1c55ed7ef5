"""Rooms, which meetings are held in and cameras look at."""

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from api.bodies import BodyIn, BodyOut
from api.cursors import CursorParameter, Limit, Page, make_page, read_key, write_key
from api.guard import GuardedRoute
from api.idempotency import NewId, made
from api.problems import not_found
from api.services import StoreHere
from api.texts import Name, RoomId
from api.times import Zone
from attendance.store import Missing
from attendance.store.cameras import Room

router = APIRouter(prefix="/v1/rooms", tags=["rooms and cameras"], route_class=GuardedRoute)


class RoomIn(BodyIn):
    """A room to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Lecture hall 1", "zone": "Europe/Zurich"}]})

    title: Name
    zone: Zone | None = Field(default=None, description="its IANA time zone, where it isn't the campus' own")


class RoomOut(BodyOut):
    """A room."""

    id: str
    title: str
    zone: str | None


@router.post("", status_code=201, summary="Add a room")
async def add_room(body: RoomIn, new_id: NewId, store: StoreHere, response: Response) -> RoomOut:
    """Add a room."""
    room = Room(new_id, body.title, body.zone)
    await made(room.id, store.cameras.add_room(room), store.cameras.get_room)
    response.headers["Location"] = f"/v1/rooms/{room.id}"
    return RoomOut.model_validate(room)


@router.get("", summary="List the rooms")
async def list_rooms(store: StoreHere, cursor: CursorParameter = None, limit: Limit = 50) -> Page[RoomOut]:
    """List all rooms, in order of id."""
    found = await store.cameras.page_of_rooms(after=read_key(cursor), limit=limit + 1)
    return make_page(found, limit, RoomOut.model_validate, lambda room: write_key(room.id))


@router.get("/{room_id}", summary="Get a room")
async def get_room(room_id: RoomId, store: StoreHere) -> RoomOut:
    """Get one room."""
    try:
        return RoomOut.model_validate(await store.cameras.get_room(room_id))
    except Missing as error:
        raise not_found("room", room_id) from error
