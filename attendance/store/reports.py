"""What reports and exports ask of the records: counted or gathered by the database, never read document by document.

Records are asked for by meeting or by student, so that the indexes of the roll and of a student's history serve here
too, and what a report costs follows from what it tells, not from how much is kept.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from typing import Any

from attendance.records import Record
from attendance.reports import Mark, Tally
from attendance.status import Status
from attendance.store.collection import IDS_AT_ONCE, Collection, Document, find_all, half_open
from attendance.store.errors import unavailable_on_network_error
from attendance.store.record_documents import record_from_document

# A roll is read whole; so many of thirty students each are some megabytes.
ROLLS_AT_ONCE = 20

_STATE: Document = {"status": "$status", "provisional": "$provisional"}


class Reports:
    """Questions over many records of the collection `records`."""

    def __init__(self, records: Collection) -> None:
        self._records = records

    async def tallies(self, meeting_ids: Iterable[str]) -> dict[str, Tally]:
        """Count the records of each meeting by status, confirmed and provisional apart. One without any isn't there."""
        found: dict[str, dict[tuple[Status, bool], int]] = defaultdict(dict)
        group = {"_id": {"meeting": "$meeting_id", **_STATE}, "count": {"$sum": 1}}
        for ids in _some(meeting_ids, IDS_AT_ONCE):
            for each in await self._ask([{"$match": {"meeting_id": {"$in": ids}}}, {"$group": group}]):
                key = each["_id"]
                found[key["meeting"]][Status(key["status"]), key["provisional"]] = each["count"]
        return dict(found)

    async def marks_of_meetings(self, starts: dict[str, datetime]) -> dict[str, list[Mark]]:
        """Give each student's marks in these meetings (id to start), by student."""
        found: dict[str, list[Mark]] = defaultdict(list)
        for ids in _some(starts, IDS_AT_ONCE):
            gathered = await self._gather({"meeting_id": {"$in": ids}})
            for student_id, marks in gathered.items():
                found[student_id] += [_mark(each, starts[each["meeting_id"]]) for each in marks]
        return dict(found)

    async def marks_of_student(self, student_id: str, *, start: datetime | None, end: datetime | None) -> list[Mark]:
        """Give a student's marks in meetings that start in `[start, end)`.

        One student a question: for `$in` beside another field SecantusDB looks at every document there is.
        """
        bounds = half_open(start, end)
        gathered = await self._gather({"student_id": student_id, **({"start": bounds} if bounds else {})})
        return [_mark(each, each["start"]) for each in gathered.get(student_id, ())]

    async def records_of_meetings(self, meeting_ids: Iterable[str]) -> AsyncIterator[list[Record]]:
        """Give all records of the meetings, those of some meetings at a time; by meeting as they come, then student."""
        for ids in _some(meeting_ids, ROLLS_AT_ONCE):
            place = {meeting_id: number for number, meeting_id in enumerate(ids)}
            documents = await find_all(self._records, {"meeting_id": {"$in": ids}})
            records = [record_from_document(document) for document in documents]
            yield sorted(records, key=lambda record: (place[record.meeting_id], record.student_id))

    async def _gather(self, query: Document) -> dict[str, list[Document]]:
        mark = {"meeting_id": "$meeting_id", "start": "$start", **_STATE}
        group = {"_id": "$student_id", "marks": {"$push": mark}}
        return {each["_id"]: each["marks"] for each in await self._ask([{"$match": query}, {"$group": group}])}

    async def _ask(self, pipeline: list[dict[str, Any]]) -> list[Document]:
        with unavailable_on_network_error():
            return await self._records.aggregate(pipeline).to_list(None)


def _mark(document: Document, start: datetime) -> Mark:
    return Mark(document["meeting_id"], start, Status(document["status"]), document["provisional"])


def _some(ids: Iterable[str], most: int) -> Iterator[list[str]]:
    distinct = list(dict.fromkeys(ids))
    for begin in range(0, len(distinct), most):
        yield distinct[begin : begin + most]
