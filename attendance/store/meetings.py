"""Meetings, and their closing."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pymongo import ASCENDING, IndexModel

from attendance.events import MeetingClosed
from attendance.meetings import Meeting, MeetingState
from attendance.status import Status
from attendance.store.classes import rules_from_document, rules_to_document
from attendance.store.collection import (
    BY_CHANGE,
    Collection,
    Document,
    create_indexes,
    find_all,
    find_by_ids,
    find_one,
    find_page,
    half_open,
    insert,
    present,
    since,
    update_one,
)
from attendance.store.errors import Conflict, Missing, unavailable_on_network_error
from attendance.store.event_log import unnumbered
from attendance.store.outbox import PENDING, waiting


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed meeting, with when it was last told and by which counts."""

    meeting: Meeting
    closed_at: datetime
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class Replanned:
    """A meeting that was moved, cancelled, restored or split, as it is now; `split_from`: the id of what it was."""

    meeting: Meeting
    split_from: str | None
    changed_at: datetime


_TO_JUDGE: Document = {"to_judge": True}


@dataclass(frozen=True, slots=True)
class Extent:
    """Some meetings: when the first and the last of them start, and how many there are."""

    first: datetime
    last: datetime
    count: int


class Meetings:
    """The collection `meetings`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def ensure_indexes(self) -> None:
        """Frames ask by room for what has not ended, the closer by state and end, people by class and time.

        Exports ask by time alone, workers which ones changed.
        """
        await create_indexes(
            self._collection,
            [
                IndexModel([("room_ids", ASCENDING), ("end", ASCENDING)]),
                IndexModel([("state", ASCENDING), ("end", ASCENDING)]),
                IndexModel([("class_id", ASCENDING), ("start", ASCENDING), ("_id", ASCENDING)]),
                IndexModel([("start", ASCENDING), ("_id", ASCENDING)]),
                BY_CHANGE,
                IndexModel([("to_judge", ASCENDING)], sparse=True),
            ],
        )

    async def add(self, meeting: Meeting) -> None:
        """Add a meeting.

        Raises:
            Conflict: the id is taken.
        """
        await insert(
            self._collection, {**meeting_to_document(meeting), "updated_at": present()}, f"a meeting {meeting.id}"
        )

    async def reschedule(self, before: Meeting, after: Meeting) -> None:
        """Move, cancel or restore a meeting; its records are to be judged again.

        Raises:
            Conflict: it isn't any more as it was when it was read.
        """
        query = {
            "_id": before.id,
            "state": before.state.value,
            "start": before.start,
            "end": before.end,
            "room_ids": list(before.room_ids),
            "zone": before.zone,
            "close_number": before.close_number,
        }
        update = {"$set": {**meeting_to_document(after), "updated_at": present(), **_TO_JUDGE}}
        if not await update_one(self._collection, query, update):
            raise Conflict(f"meeting {before.id} was changed or closed meanwhile")

    async def split_off(self, meeting: Meeting, origin_id: str) -> None:
        """Add a meeting that is a part of another one, of which it takes what was seen; twice is as once."""
        document = {**meeting_to_document(meeting), "updated_at": present(), "split_from": origin_id, **_TO_JUDGE}
        with suppress(Conflict):
            await insert(self._collection, document, f"a meeting {meeting.id}")

    async def to_judge(self, *, limit: int) -> list[Replanned]:
        """Give the meetings whose records are to be judged again; parts that take from another before all others."""
        found = await find_all(self._collection, _TO_JUDGE, sort=[("updated_at", ASCENDING)], limit=limit)
        replanned = [
            Replanned(meeting_from_document(each), each.get("split_from"), each["updated_at"]) for each in found
        ]
        return sorted(replanned, key=lambda each: each.split_from is None)

    async def judged(self, replanned: Replanned) -> None:
        """Note that a meeting's records were judged again, unless it was changed once more since."""
        query = {"_id": replanned.meeting.id, "updated_at": replanned.changed_at}
        await update_one(self._collection, query, {"$unset": {"to_judge": ""}})

    async def closed_of_class(self, class_id: str) -> list[Meeting]:
        """Give the closed meetings of a class."""
        found = await find_all(self._collection, {"class_id": class_id})
        return [meeting for meeting in map(meeting_from_document, found) if meeting.is_over]

    async def get(self, meeting_id: str) -> Meeting:
        """Give a meeting.

        Raises:
            Missing: there is none with that id.
        """
        document = await find_one(self._collection, {"_id": meeting_id})
        if document is None:
            raise Missing(f"no meeting {meeting_id}")
        return meeting_from_document(document)

    async def get_many(self, meeting_ids: list[str]) -> dict[str, Meeting]:
        """Give those of the meetings that there are, by id."""
        documents = await find_by_ids(self._collection, meeting_ids)
        return {document["_id"]: meeting_from_document(document) for document in documents}

    async def in_room(self, room_id: str, *, opening_before: datetime, ending_after: datetime) -> list[Meeting]:
        """Give the meetings of a room, cancelled ones apart, that open before one moment and end after another."""
        query = {
            "room_ids": room_id,
            "state": {"$ne": MeetingState.CANCELLED.value},
            "opens_at": {"$lte": opening_before},
            "end": {"$gt": ending_after},
        }
        documents = await find_all(self._collection, query, sort=[("start", ASCENDING), ("_id", ASCENDING)])
        return [meeting_from_document(document) for document in documents]

    async def are_held_in(self, room_id: str) -> bool:
        """Tell whether any meeting is or was held in a room, or was to be."""
        return bool(await find_all(self._collection, {"room_ids": room_id}, limit=1))

    async def of_class(self, class_id: str, *, after: tuple[datetime, str] | None, limit: int) -> list[Meeting]:
        """Give the next meetings of a class in order of start."""
        documents = await find_page(self._collection, {"class_id": class_id}, by="start", after=after, limit=limit)
        return [meeting_from_document(document) for document in documents]

    async def between(
        self, start: datetime | None, end: datetime | None, *, class_id: str | None = None, term_id: str | None = None
    ) -> list[Meeting]:
        """Give the meetings that start in `[start, end)`, in order of start; only of a class or term where named."""
        query = _chosen(start, end, class_id, term_id)
        documents = await find_all(self._collection, query, sort=[("start", ASCENDING), ("_id", ASCENDING)])
        return [meeting_from_document(document) for document in documents]

    async def extent(
        self, start: datetime | None, end: datetime | None, *, class_id: str | None = None, term_id: str | None = None
    ) -> Extent | None:
        """Give from when to when those meetings start, and how many there are; None where there is none."""
        found = {"first": {"$min": "$start"}, "last": {"$max": "$start"}, "count": {"$sum": 1}}
        pipeline = [{"$match": _chosen(start, end, class_id, term_id)}, {"$group": {"_id": None, **found}}]
        with unavailable_on_network_error():
            groups = await self._collection.aggregate(pipeline).to_list(None)
        return Extent(groups[0]["first"], groups[0]["last"], groups[0]["count"]) if groups else None

    async def open_and_over(self, now: datetime, *, limit: int) -> list[Meeting]:
        """Give the meetings that ended and are not closed, the earliest first."""
        query = {"state": MeetingState.OPEN.value, "end": {"$lte": now}}
        documents = await find_all(self._collection, query, sort=[("end", ASCENDING)], limit=limit)
        return [meeting_from_document(document) for document in documents]

    async def changed_since(self, moment: datetime) -> list[Meeting]:
        """Give the meetings, cancelled ones too, that were added or changed at this moment or later.

        Closing changes nothing about who may be named, and isn't told.
        """
        documents = await find_all(self._collection, since(moment))
        return [meeting_from_document(document) for document in documents]

    async def close(self, meeting: Meeting, state: MeetingState, event: MeetingClosed) -> bool:
        """Close a meeting, or close it again with new counts; tell whether this caller was the one who did.

        `meeting` is as it was read: of several that try, the one whose close number still holds succeeds.
        """
        query = {"_id": meeting.id, "state": meeting.state.value, "close_number": meeting.close_number}
        update = {
            "$set": {
                "state": state.value,
                "close_number": event.data.close_number,
                "counts": {status.value: count for status, count in event.data.counts.items()},
                "coverage": event.data.coverage,
                "closed_at": event.time,
                **PENDING,
            },
            "$min": waiting(event.time) | unnumbered(event.time),
            "$push": {
                "outbox": {"id": event.id, "key": meeting.id, "payload": event.frozen()},
                "closes": {"number": event.data.close_number, "event": event.frozen()},
            },
        }
        return await update_one(self._collection, query, update)

    async def closed(self, meeting_ids: list[str]) -> list[Closed]:
        """Give those of the meetings that are closed, as they were told."""
        states = [MeetingState.CLOSED.value, MeetingState.NOT_TAKEN.value]
        documents = await find_by_ids(self._collection, meeting_ids, {"state": {"$in": states}})
        return [
            Closed(
                meeting_from_document(document),
                document["closed_at"],
                {Status(status): count for status, count in document["counts"].items()},
            )
            for document in documents
        ]


def _chosen(start: datetime | None, end: datetime | None, class_id: str | None, term_id: str | None) -> Document:
    named = {"class_id": class_id, "term_id": term_id, "start": half_open(start, end) or None}
    return {field: value for field, value in named.items() if value is not None}


def meeting_to_document(meeting: Meeting) -> Document:
    """Write a meeting."""
    return {
        "_id": meeting.id,
        "class_id": meeting.class_id,
        "course_id": meeting.course_id,
        "term_id": meeting.term_id,
        "room_ids": list(meeting.room_ids),
        "start": meeting.start,
        "end": meeting.end,
        "opens_at": meeting.opens_at,
        "zone": meeting.zone,
        "local_date": meeting.local_date.isoformat(),
        "rules": rules_to_document(meeting.rules),
        "state": meeting.state.value,
        "close_number": meeting.close_number,
    }


def meeting_from_document(document: Document) -> Meeting:
    """Read a meeting."""
    return Meeting(
        id=document["_id"],
        class_id=document["class_id"],
        course_id=document["course_id"],
        term_id=document["term_id"],
        room_ids=tuple(document["room_ids"]),
        start=document["start"],
        end=document["end"],
        zone=document["zone"],
        rules=rules_from_document(document["rules"]),
        state=MeetingState(document["state"]),
        close_number=document["close_number"],
    )
