"""Rooms and their cameras."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from attendance.cameras import Camera, CameraKind
from attendance.store.collection import (
    BY_CHANGE,
    IDS_AT_ONCE,
    Collection,
    Document,
    create_indexes,
    delete_all,
    find_all,
    find_by_ids,
    find_one,
    find_values,
    insert,
    present,
    since,
    update_one,
)
from attendance.store.errors import Conflict, Missing


@dataclass(frozen=True, slots=True)
class Room:
    """A room. Its zone, where set, stands before the campus' own."""

    id: str
    title: str
    zone: str | None = None


class Cameras:
    """The collections `rooms` and `cameras`."""

    def __init__(self, rooms: Collection, cameras: Collection) -> None:
        self._rooms = rooms
        self._cameras = cameras

    async def ensure_indexes(self) -> None:
        """A room's cameras are read when its meetings close; workers ask which cameras changed."""
        leading = IndexModel([("leads_to", ASCENDING)])
        await create_indexes(self._cameras, [IndexModel([("room_id", ASCENDING)]), leading, BY_CHANGE])

    async def add_room(self, room: Room) -> None:
        """Add a room.

        Raises:
            Conflict: the id is taken.
        """
        await insert(self._rooms, {"_id": room.id, "title": room.title, "zone": room.zone}, f"a room {room.id}")

    async def get_room(self, room_id: str) -> Room:
        """Give a room.

        Raises:
            Missing: there is none with that id.
        """
        document = await find_one(self._rooms, {"_id": room_id})
        if document is None:
            raise Missing(f"no room {room_id}")
        return _room(document)

    async def change_room(self, before: Room, after: Room) -> None:
        """Change a room.

        Raises:
            Conflict: it isn't any more as it was when it was read.
        """
        query = {"_id": before.id, "title": before.title, "zone": before.zone}
        if not await update_one(self._rooms, query, {"$set": {"title": after.title, "zone": after.zone}}):
            raise Conflict(f"room {before.id} was changed meanwhile")

    async def delete_room(self, room_id: str) -> None:
        """Delete a room, of which the caller knows that no camera is in it."""
        await delete_all(self._rooms, {"_id": room_id})

    async def page_of_rooms(self, *, after: str | None, limit: int) -> list[Room]:
        """Give the next rooms in order of id."""
        query: Document = {"_id": {"$gt": after}} if after else {}
        documents = await find_all(self._rooms, query, sort=[("_id", ASCENDING)], limit=limit)
        return [_room(document) for document in documents]

    async def add(self, camera: Camera) -> None:
        """Add a camera.

        Raises:
            Conflict: the id is taken.
        """
        await insert(self._cameras, {**_to_document(camera), "updated_at": present()}, f"a camera {camera.id}")

    async def get(self, camera_id: str) -> Camera:
        """Give a camera.

        Raises:
            Missing: there is none with that id.
        """
        document = await find_one(self._cameras, {"_id": camera_id})
        if document is None:
            raise Missing(f"no camera {camera_id}")
        return _from_document(document)

    async def change(self, before: Camera, after: Camera) -> None:
        """Change a camera.

        Raises:
            Conflict: it isn't any more as it was when it was read.
        """
        query = _to_document(before)
        if not before.leads_to:
            query["leads_to"] = {"$in": [[], None]}  # an earlier version's document doesn't say it
        if not await update_one(self._cameras, query, {"$set": {**_to_document(after), "updated_at": present()}}):
            raise Conflict(f"camera {before.id} was changed meanwhile")

    async def delete(self, camera_id: str) -> None:
        """Delete a camera: its frames are refused from then on."""
        await delete_all(self._cameras, {"_id": camera_id})

    async def get_many(self, camera_ids: list[str]) -> dict[str, Camera]:
        """Give those of the cameras that there are, by id."""
        documents = await find_by_ids(self._cameras, camera_ids)
        return {document["_id"]: _from_document(document) for document in documents}

    async def of_rooms(self, room_ids: tuple[str, ...]) -> list[Camera]:
        """Give the cameras that watch these rooms, from within or on the way to them."""
        found: dict[str, Document] = {}
        for begin in range(0, len(room_ids), IDS_AT_ONCE):
            among = {"$in": list(room_ids[begin : begin + IDS_AT_ONCE])}
            for query in ({"room_id": among}, {"leads_to": among}):
                found |= {document["_id"]: document for document in await find_all(self._cameras, query)}
        cameras = [_from_document(document) for document in found.values()]
        return [camera for camera in cameras if not set(camera.watches).isdisjoint(room_ids)]

    async def page(self, *, after: str | None, limit: int) -> list[Camera]:
        """Give the next cameras in order of id."""
        query: Document = {"_id": {"$gt": after}} if after else {}
        documents = await find_all(self._cameras, query, sort=[("_id", ASCENDING)], limit=limit)
        return [_from_document(document) for document in documents]

    async def changed_since(self, moment: datetime) -> list[str]:
        """Give the ids of the cameras that were added or changed at this moment or later."""
        return await find_values(self._cameras, "_id", since(moment))


def _room(document: Document) -> Room:
    return Room(document["_id"], document["title"], document["zone"])


def _to_document(camera: Camera) -> Document:
    return {
        "_id": camera.id,
        "room_id": camera.room_id,
        "kind": camera.kind.value,
        "expected_interval_s": camera.expected_interval.total_seconds(),
        "smallest_face": camera.smallest_face,
        "allowed_clock_offset_s": camera.allowed_clock_offset.total_seconds(),
        "allowed_backlog_s": camera.allowed_backlog.total_seconds(),
        "leads_to": list(camera.leads_to),
    }


def _from_document(document: Document) -> Camera:
    return Camera(
        id=document["_id"],
        room_id=document["room_id"],
        kind=CameraKind(document["kind"]),
        expected_interval=timedelta(seconds=document["expected_interval_s"]),
        smallest_face=document["smallest_face"],
        allowed_clock_offset=timedelta(seconds=document["allowed_clock_offset_s"]),
        allowed_backlog=timedelta(seconds=document["allowed_backlog_s"]),
        leads_to=tuple(document.get("leads_to") or ()),
    )
