"""Attendance records: compare-and-set with the decision taken again on conflict, the events in the same write."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from random import random

from pymongo import ASCENDING, IndexModel

from attendance.events import attendance_changed
from attendance.meetings import Meeting
from attendance.mistakes import mistakes
from attendance.records import Block, Record
from attendance.status import Status, UnmarkedReason
from attendance.store.collection import (
    MOST_CONFLICTS,
    Collection,
    Document,
    Mark,
    create_indexes,
    find_all,
    find_by_ids,
    find_marks,
    find_one,
    find_page,
    find_values,
    half_open,
    insert,
    present,
    update_one,
)
from attendance.store.errors import Conflict, unavailable_on_network_error
from attendance.store.event_log import unnumbered
from attendance.store.outbox import PENDING, waiting
from attendance.store.record_documents import (
    RECORD_SCHEMA,
    record_from_document,
    record_to_fields,
    revision_to_document,
)

# Writers that try again at once meet again at once: of 20, one lost 50 times in a row now and then.
WAIT_SECONDS = 0.01
LONGEST_WAIT_SECONDS = 0.2

Decide = Callable[[Record | None], Record | None]

_UNCONFIRMED: Document = {"provisional": True}


class Records:
    """The collection `records`, one document a student and meeting."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def ensure_indexes(self) -> None:
        """A roll is read by meeting, a history by student and time, changes by the time of the change.

        The history's index ascends though it is read backwards: on a descending one followed by another field,
        SecantusDB 0.7.0b3 leaves out what equals a lower bound (`$gte`). It does the same to `$lte` on an ascending
        one, so times are asked for as half-open ranges only.
        """
        await create_indexes(
            self._collection,
            [
                IndexModel([("meeting_id", ASCENDING)]),
                IndexModel([("student_id", ASCENDING), ("start", ASCENDING), ("_id", ASCENDING)]),
                IndexModel([("revised_at", ASCENDING)]),
                # Of all, and of a class: the few that wait for a person.
                IndexModel([("provisional", ASCENDING), ("start", ASCENDING)], partialFilterExpression=_UNCONFIRMED),
                IndexModel([("class_id", ASCENDING), ("start", ASCENDING)], partialFilterExpression=_UNCONFIRMED),
                # Few records have one: it costs nothing where nobody says 'not this person'.
                IndexModel([("denied_at", ASCENDING)], sparse=True),
                IndexModel([("mistaken", ASCENDING)], sparse=True),
            ],
        )

    async def change(self, meeting: Meeting, student_id: str, decide: Decide, *, now: datetime) -> Record | None:
        """Put a decision into the record, and give the record as it stands afterwards.

        `decide` gets the record as it is (None where there is none) and gives it as it should be; it is called again
        where somebody else wrote in between. Its new revisions' events are frozen into the same write.

        Raises:
            Conflict: too many writers in a row were quicker.
        """
        key = f"{meeting.id}:{student_id}"
        for conflicts in range(MOST_CONFLICTS):
            if conflicts:
                longest = min(WAIT_SECONDS * conflicts, LONGEST_WAIT_SECONDS)
                await asyncio.sleep(longest * random())  # noqa: S311 (no secret hangs on it)
            document = await find_one(self._collection, {"_id": key})
            before = record_from_document(document) if document else None
            after = decide(before)
            if after is None or after == before:
                return before
            if await self._write(key, document, before, after, meeting, now):
                return after
        raise Conflict(f"record {key} is being changed by others")

    async def _write(
        self, key: str, document: Document | None, before: Record | None, after: Record, meeting: Meeting, now: datetime
    ) -> bool:
        revisions = after.history[before.revision if before else 0 :]
        events = [attendance_changed(meeting, after, revision) for revision in revisions]
        history = [
            revision_to_document(revision, event.frozen()) for revision, event in zip(revisions, events, strict=True)
        ]
        outbox = [{"id": event.id, "key": after.student_id, "payload": event.frozen()} for event in events]
        fields = record_to_fields(after, document)
        if events:
            fields |= {"revised_at": now, **PENDING}
        if after.blocks != (before.blocks if before else ()):
            fields["denied_at"] = present()
        is_mistaken = bool(mistakes(after))
        if is_mistaken:
            fields["mistaken"] = meeting.start
        if document is None:
            try:
                await insert(
                    self._collection,
                    {
                        "_id": key,
                        "meeting_id": meeting.id,
                        "student_id": after.student_id,
                        "class_id": meeting.class_id,
                        "term_id": meeting.term_id,
                        "start": meeting.start,
                        "schema": RECORD_SCHEMA,
                        "version": 1,
                        "history": history,
                        "outbox": outbox,
                        **fields,
                        **(waiting(now) | unnumbered(now) if events else {}),
                    },
                    "this record",
                )
            except Conflict:
                return False
            return True
        update: Document = {"$set": fields, "$inc": {"version": 1}}
        if not is_mistaken and "mistaken" in document:
            update["$unset"] = {"mistaken": ""}
        if events:
            update["$min"] = waiting(now) | unnumbered(now)
            update["$push"] = {"history": {"$each": history}, "outbox": {"$each": outbox}}
        return await update_one(self._collection, {"_id": key, "version": document["version"]}, update)

    async def follow(self, meeting: Meeting) -> None:
        """Keep the records of a moved meeting in their place in the students' histories."""
        with unavailable_on_network_error():
            await self._collection.update_many(
                {"meeting_id": meeting.id, "start": {"$ne": meeting.start}},
                {"$set": {"start": meeting.start}, "$inc": {"version": 1}},
            )
            await self._collection.update_many(
                {"meeting_id": meeting.id, "mistaken": {"$exists": True}}, {"$set": {"mistaken": meeting.start}}
            )

    async def mistaken(self, *, start: datetime, end: datetime) -> list[Record]:
        """Give the records in which the recogniser was wrong, of meetings that start in `[start, end)`."""
        documents = await find_all(self._collection, {"mistaken": {"$gte": start, "$lt": end}})
        return [record_from_document(document) for document in documents]

    async def get(self, meeting_id: str, student_id: str) -> Record | None:
        """Give one record, or None."""
        document = await find_one(self._collection, {"_id": f"{meeting_id}:{student_id}"})
        return record_from_document(document) if document else None

    async def of_students(self, meeting_id: str, student_ids: list[str]) -> dict[str, Record]:
        """Give those of a meeting's records of these students that there are, by student."""
        documents = await find_by_ids(self._collection, [f"{meeting_id}:{each}" for each in student_ids])
        return {document["student_id"]: record_from_document(document) for document in documents}

    async def of_meeting(self, meeting_id: str) -> list[Record]:
        """Give all records of a meeting, in order of student id."""
        documents = await find_all(self._collection, {"meeting_id": meeting_id})
        return sorted((record_from_document(document) for document in documents), key=lambda record: record.student_id)

    async def of_student(
        self,
        student_id: str,
        *,
        start: datetime | None,
        end: datetime | None,
        after: tuple[datetime, str] | None,
        limit: int,
        class_id: str | None = None,
        term_id: str | None = None,
    ) -> list[Record]:
        """Give the next records of a student, the latest meeting first, of meetings that start in `[start, end)`.

        Of one class or term only, where one is given.
        """
        documents = await find_page(
            self._collection,
            _history(student_id, class_id, term_id),
            by="start",
            after=after,
            limit=limit,
            start=start,
            end=end,
            latest_first=True,
        )
        return [record_from_document(document) for document in documents]

    async def unconfirmed(
        self, *, class_id: str | None, after: tuple[datetime, str] | None, limit: int
    ) -> list[Record]:
        """Give the next records that count against a student and that no person has confirmed, the latest first."""
        query: Document = {**_UNCONFIRMED, **({"class_id": class_id} if class_id else {})}
        documents = await find_page(self._collection, query, by="start", after=after, limit=limit, latest_first=True)
        return [record_from_document(document) for document in documents]

    async def totals_of_student(
        self,
        student_id: str,
        *,
        start: datetime | None,
        end: datetime | None,
        class_id: str | None = None,
        term_id: str | None = None,
    ) -> dict[Status, int]:
        """Count a student's records by status, of meetings that start in `[start, end)`, as `of_student` gives them."""
        match = _history(student_id, class_id, term_id)
        if bounds := half_open(start, end):
            match["start"] = bounds
        return await self._count(match)

    async def totals_of_meeting(self, meeting_id: str) -> dict[Status, int]:
        """Count a meeting's records by status."""
        return await self._count({"meeting_id": meeting_id})

    async def meetings_revised_since(self, moment: datetime) -> dict[str, Mark]:
        """Give the meetings of which records were revised at this moment or later, by id, with how far they were."""
        query = {"revised_at": {"$gte": moment}}
        return await find_marks(self._collection, query, by="meeting_id", time="revised_at", counter="revision")

    async def meetings_denied_since(self, moment: datetime) -> list[str]:
        """Give the ids of the meetings for which somebody said 'not this person' at this moment or later."""
        return await find_values(self._collection, "meeting_id", {"denied_at": {"$gte": moment}})

    async def blocks_of(self, meeting_id: str) -> list[tuple[str, Block]]:
        """Give what people said against sightings of a meeting, each with its student's id, in order of that."""
        query: Document = {"meeting_id": meeting_id, "blocks": {"$nin": [[], None]}}
        records = [record_from_document(document) for document in await find_all(self._collection, query)]
        return sorted(
            ((record.student_id, block) for record in records for block in record.blocks),
            key=lambda each: (each[0], each[1].camera_id, each[1].since),
        )

    async def unsettled_of_meeting(self, meeting: Meeting) -> list[Record]:
        """Give the records of a meeting that a close has yet to judge, or may judge otherwise by more coverage."""
        query: Document = {"meeting_id": meeting.id}
        if not meeting.rules.asks_to_stay:  # else whoever was seen may have left, or not
            query["status"] = Status.UNMARKED.value
        records = [record_from_document(document) for document in await find_all(self._collection, query)]
        unmarked = (record for record in records if record.is_unsettled or record.reason == UnmarkedReason.LOW_COVERAGE)
        return records if meeting.rules.asks_to_stay else list(unmarked)

    async def _count(self, match: Document) -> dict[Status, int]:
        with unavailable_on_network_error():
            groups = await self._collection.aggregate(
                [{"$match": match}, {"$group": {"_id": "$status", "count": {"$sum": 1}}}]
            ).to_list(None)
        return {Status(group["_id"]): group["count"] for group in groups}


def _history(student_id: str, class_id: str | None, term_id: str | None) -> Document:
    wanted = {"student_id": student_id, "class_id": class_id, "term_id": term_id}
    return {field: value for field, value in wanted.items() if value is not None}
