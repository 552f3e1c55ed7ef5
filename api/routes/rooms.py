"""Rooms, which meetings are held in and cameras look at."""

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from api.bodies import BodyIn, BodyOut, changed
from api.cursors import CursorParameter, Limit, Page, make_page, read_key, write_key
from api.etags import IfMatch, require_match
from api.guard import GuardedRoute
from api.idempotency import NewId, made
from api.problems import Problem, not_found
from api.services import StoreHere
from api.texts import Name, RoomId
from api.times import Zone
from attendance.store import Missing, Store
from attendance.store.cameras import Room

router = APIRouter(prefix="/v1/rooms", tags=["rooms and cameras"], route_class=GuardedRoute)


class RoomIn(BodyIn):
    """A room to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Lecture hall 1", "zone": "Europe/Zurich"}]})

    title: Name
    zone: Zone | None = Field(default=None, description="its IANA time zone, where it isn't the campus' own")


class RoomChange(BodyIn):
    """What is to change of a room; what isn't named stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Lecture hall 1, rebuilt"}]})

    title: Name | None = None
    zone: Zone | None = None


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
    return RoomOut.model_validate(await _require_room(store, room_id))


@router.patch("/{room_id}", summary="Change a room")
async def change_room(room_id: RoomId, body: RoomChange, store: StoreHere, if_match: IfMatch = None) -> RoomOut:
    """Change what the body names. A changed zone holds for meetings that are added from then on."""
    room = await _require_room(store, room_id)
    require_match(if_match, RoomOut.model_validate(room))
    wanted = changed(RoomIn(title=room.title, zone=room.zone), body)
    after = Room(room.id, wanted.title, wanted.zone)
    if after != room:
        await store.cameras.change_room(room, after)
    return RoomOut.model_validate(after)


@router.delete("/{room_id}", status_code=204, summary="Delete a room")
async def delete_room(room_id: RoomId, store: StoreHere, if_match: IfMatch = None) -> None:
    """Delete a room that was added by mistake. 409 `conflict` where it has cameras, or meetings of any time."""
    require_match(if_match, RoomOut.model_validate(await _require_room(store, room_id)))
    if await store.cameras.of_rooms((room_id,)):
        raise Problem("conflict", f"room {room_id} has cameras: move or delete them first")
    if await store.meetings.are_held_in(room_id):
        raise Problem("conflict", f"meetings are or were held in room {room_id}: it stays")
    await store.cameras.delete_room(room_id)


async def _require_room(store: Store, room_id: str) -> Room:
    try:
        return await store.cameras.get_room(room_id)
    except Missing as error:
        raise not_found("room", room_id) from error
