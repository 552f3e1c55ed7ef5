"""Absence notices, and what they do to records that are there already."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from pymongo import ASCENDING, IndexModel

from attendance import rules
from attendance.notices import Notice, excuse_on
from attendance.records import Excuse, Record
from attendance.store.collection import (
    IDS_AT_ONCE,
    Collection,
    Document,
    create_indexes,
    find_all,
    find_one,
    insert,
    update_one,
)
from attendance.store.errors import Missing
from attendance.store.meetings import Meetings
from attendance.store.records import Records

# A civil date is over within a day and a bit anywhere.
_ANY_ZONE = timedelta(days=1)
_MOST_RECORDS = 200


class Notices:
    """The collection `notices`.

    A notice is kept first and then applied. Until `is_applied` is told it counts as not applied: a crash in between, or
    a meeting that closed at that moment, is made good by whoever asks for `unapplied`.
    """

    def __init__(self, notices: Collection, records: Records, meetings: Meetings) -> None:
        self._notices = notices
        self._records = records
        self._meetings = meetings

    async def ensure_indexes(self) -> None:
        """A student's notices are read when their meetings close; a few wait to be applied."""
        by_student = IndexModel([("student_id", ASCENDING)])
        await create_indexes(self._notices, [by_student, IndexModel([("changed_at", ASCENDING)], sparse=True)])

    async def add(self, notice: Notice) -> None:
        """Keep a notice, to be applied.

        Raises:
            Conflict: the id is taken.
        """
        await insert(self._notices, {**_to_document(notice), "changed_at": notice.at}, f"a notice {notice.id}")

    async def get(self, notice_id: str) -> Notice:
        """Give a notice.

        Raises:
            Missing: there is none with that id.
        """
        document = await find_one(self._notices, {"_id": notice_id})
        if document is None:
            raise Missing(f"no notice {notice_id}")
        return _from_document(document)

    async def withdraw(self, notice_id: str, *, by: str, now: datetime) -> bool:
        """Let a notice hold no more, to be applied; tell whether it did before."""
        fields = {"withdrawn_at": now, "withdrawn_by": by, "changed_at": now}
        return await update_one(self._notices, {"_id": notice_id, "withdrawn_at": None}, {"$set": fields})

    async def of_student(self, student_id: str) -> list[Notice]:
        """Give a student's notices, withdrawn ones too, the latest day first."""
        documents = await find_all(self._notices, {"student_id": student_id})
        return sorted(map(_from_document, documents), key=lambda each: (each.first_day, each.id), reverse=True)

    async def excuses_on(self, day: date, student_ids: Iterable[str]) -> dict[str, Excuse]:
        """Give the excuses that hold on a civil date, by student."""
        ids = sorted(student_ids)
        found: dict[str, list[Notice]] = {}
        for begin in range(0, len(ids), IDS_AT_ONCE):
            query = {"student_id": {"$in": ids[begin : begin + IDS_AT_ONCE]}, "withdrawn_at": None}
            for document in await find_all(self._notices, query):
                found.setdefault(document["student_id"], []).append(_from_document(document))
        excuses = {student: excuse_on(notices, day) for student, notices in found.items()}
        return {student: excuse for student, excuse in excuses.items() if excuse}

    async def apply(self, notice: Notice, *, now: datetime) -> int:
        """Let a student's records be as their notices say on the days of this one; give how many changed."""
        start = datetime.fromisoformat(f"{notice.first_day}T00:00Z") - _ANY_ZONE
        end = datetime.fromisoformat(f"{notice.last_day}T00:00Z") + 2 * _ANY_ZONE
        notices = await self.of_student(notice.student_id)
        changed, after = 0, None
        while True:
            page = await self._records.of_student(
                notice.student_id, start=start, end=end, after=after, limit=_MOST_RECORDS
            )
            meetings = await self._meetings.get_many([record.meeting_id for record in page])
            for record in page:
                meeting = meetings[record.meeting_id]
                if notice.first_day <= meeting.local_date <= notice.last_day:
                    excuse = excuse_on(notices, meeting.local_date)
                    said_by = notice.withdrawn_by or notice.by

                    def excused(
                        record: Record | None, excuse: Excuse | None = excuse, said_by: str = said_by
                    ) -> Record | None:
                        return rules.excuse(record, excuse, by=said_by, now=now) if record else None

                    now_is = await self._records.change(meeting, notice.student_id, excused, now=now)
                    changed += now_is is not None and now_is.revision > record.revision
            if len(page) < _MOST_RECORDS:
                return changed
            last = page[-1]
            after = meetings[last.meeting_id].start, f"{last.meeting_id}:{last.student_id}"

    async def unapplied(self, *, before: datetime, limit: int) -> list[Notice]:
        """Give notices that were said or withdrawn before a moment and may not be applied."""
        query = {"changed_at": {"$lt": before}}
        return [_from_document(each) for each in await find_all(self._notices, query, limit=limit)]

    async def is_applied(self, notice: Notice) -> None:
        """Note that a notice is in the records, unless it was withdrawn since."""
        query = {"_id": notice.id, "withdrawn_at": notice.withdrawn_at}
        await update_one(self._notices, query, {"$unset": {"changed_at": ""}})


def _to_document(notice: Notice) -> Document:
    return {
        "_id": notice.id,
        "student_id": notice.student_id,
        "first_day": notice.first_day.isoformat(),
        "last_day": notice.last_day.isoformat(),
        "reason": notice.reason,
        "reason_code": notice.reason_code,
        "by": notice.by,
        "at": notice.at,
        "withdrawn_at": notice.withdrawn_at,
        "withdrawn_by": notice.withdrawn_by,
    }


def _from_document(document: Document) -> Notice:
    return Notice(
        id=document["_id"],
        student_id=document["student_id"],
        first_day=date.fromisoformat(document["first_day"]),
        last_day=date.fromisoformat(document["last_day"]),
        reason=document["reason"],
        reason_code=document["reason_code"],
        by=document["by"],
        at=document["at"],
        withdrawn_at=document["withdrawn_at"],
        withdrawn_by=document["withdrawn_by"],
    )
