"""Each camera's open tracks, as the worker left them that last settled a frame of it."""

from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from attendance.store.collection import (
    Collection,
    Document,
    create_indexes,
    delete_all,
    find_all,
    find_one,
    insert,
    update_one,
)
from attendance.store.errors import Conflict
from attendance.tracks import CameraTracks

# A camera that sent nothing for a day has no track to go on with. Its document would stay for good, and with it where
# a student was last seen.
KEPT = timedelta(days=1)


class Tracks:
    """The collection `tracks`, by camera id."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def ensure_indexes(self) -> None:
        """A worker that gets a partition reads the tracks of its cameras; what nobody saves any more ends by itself."""
        await create_indexes(
            self._collection,
            [
                IndexModel([("topic", ASCENDING), ("partition", ASCENDING)]),
                IndexModel([("saved_at", ASCENDING)], expireAfterSeconds=int(KEPT.total_seconds())),
            ],
        )

    async def save(self, tracks: CameraTracks) -> None:
        """Keep a camera's tracks, unless later ones of the same partition are kept already.

        A worker that was stopped for a while and lost the partition may still save where it was. Offsets of two
        partitions tell nothing about each other: tracks of another partition take the place of what is there. So do
        those of frames that came later with lower offsets: the topic was made anew.
        """
        place = {"_id": tracks.camera_id, "topic": tracks.topic, "partition": tracks.partition}
        update = {"$set": _to_fields(tracks)}
        while True:
            if await update_one(self._collection, {**place, "offset": {"$lte": tracks.offset}}, update):
                return
            kept = await find_one(self._collection, {"_id": tracks.camera_id})
            if kept is None:
                try:
                    await insert(self._collection, {"_id": tracks.camera_id, **_to_fields(tracks)}, "tracks")
                except Conflict:
                    continue
                return
            if (kept["topic"], kept["partition"]) == (tracks.topic, tracks.partition):
                if kept["offset"] <= tracks.offset:
                    continue
                if _from_document(kept).arrived_at >= tracks.arrived_at:
                    return
            as_found = {key: kept[key] for key in ("_id", "topic", "partition", "offset")}
            if await update_one(self._collection, as_found, update):
                return

    async def of_camera(self, camera_id: str) -> CameraTracks | None:
        """Give a camera's tracks; None where none are kept."""
        document = await find_one(self._collection, {"_id": camera_id})
        return _from_document(document) if document else None

    async def of_partition(self, topic: str, partition: int) -> list[CameraTracks]:
        """Give the tracks of all cameras whose frames come by this partition, in order of camera id."""
        documents = await find_all(self._collection, {"topic": topic, "partition": partition})
        return sorted((_from_document(document) for document in documents), key=lambda each: each.camera_id)

    async def forget(self, before: datetime) -> None:
        """Forget the tracks that were saved before a moment."""
        await delete_all(self._collection, {"saved_at": {"$lt": before}})


def _to_fields(tracks: CameraTracks) -> Document:
    return {
        "topic": tracks.topic,
        "partition": tracks.partition,
        "offset": tracks.offset,
        "arrived_at": tracks.arrived_at,
        "taken_at": tracks.taken_at,
        "state": dict(tracks.state),
        "chances": {meeting_id: dict(of) for meeting_id, of in tracks.chances.items()},
        "saved_at": tracks.saved_at,
    }


def _from_document(document: Document) -> CameraTracks:
    return CameraTracks(
        camera_id=document["_id"],
        topic=document["topic"],
        partition=document["partition"],
        offset=document["offset"],
        # A version that did not keep it saved a frame's tracks moments after it arrived.
        arrived_at=document["arrived_at"] if "arrived_at" in document else document["saved_at"],
        taken_at=document["taken_at"],
        state=document["state"],
        chances=document["chances"],
        saved_at=document["saved_at"],
    )


def tracks_without(document: Document, person: str) -> Document:
    """Give the fields of a document without a person: their tracks are an unknown's.

    A track's place among the others is what glimpses know it by, so it stays.
    """
    state = document["state"]
    tracker = dict(state.get("tracker") or {})
    if "tracks" in tracker:
        tracker["tracks"] = [_track_without(track, person) for track in tracker["tracks"]]
        tracker["blocks"] = [block for block in tracker["blocks"] if block["person"] != person]
    chances = {
        meeting: {each: count for each, count in of_meeting.items() if each != person}
        for meeting, of_meeting in document.get("chances", {}).items()
    }
    return {"state": {**state, "tracker": tracker}, "chances": chances}


def _track_without(track: Document, person: str) -> Document:
    theirs = {"person": None, "margin": None} if track["person"] == person else {}
    return {**track, **theirs, "blocked": [each for each in track["blocked"] if each != person]}
