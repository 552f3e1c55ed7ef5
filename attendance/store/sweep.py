"""What is older than it may be kept is deleted, kind by kind. Every step can be done again, and by several at once."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from motor.motor_asyncio import AsyncIOMotorDatabase

from attendance.school import Standing
from attendance.store.collection import Document, find_all, find_page
from attendance.store.errors import unavailable_on_network_error

# Meetings of which the records are deleted together.
_AT_ONCE = 50
# A document that may not go yet: its events are not on Kafka, or not in the log.
_SETTLED: Document = {"outbox.0": {"$exists": False}, "unnumbered_since": {"$exists": False}}
_OF_MEETING = ("coverage", "skips", "codes", "claims")


class Sweep:
    """Deletes by age. A legal hold keeps a student's records and notices, and their meetings."""

    def __init__(self, database: AsyncIOMotorDatabase[Document]) -> None:
        self._database = database

    async def records(self, before: datetime) -> dict[str, int]:
        """Delete the meetings that ended before a moment, with their records and all that was looked at of them."""
        found: dict[str, int] = {}
        held = [document["_id"] for document in await find_all(self._database["holds"], {})]
        after: tuple[datetime, str] | None = None
        while True:
            meetings = await find_page(
                self._database["meetings"], {**_SETTLED}, by="start", after=after, end=before, limit=_AT_ONCE
            )
            for meeting in meetings:
                if meeting["end"] < before:
                    _add(found, await self._meeting(meeting["_id"], held))
            if len(meetings) < _AT_ONCE:
                return found
            after = (meetings[-1]["start"], meetings[-1]["_id"])

    async def notices(self, last_day_before: date) -> int:
        """Delete the absence notices of which the last day was before a civil date."""
        held = [document["_id"] for document in await find_all(self._database["holds"], {})]
        query: Document = {"last_day": {"$lt": last_day_before.isoformat()}, "student_id": {"$nin": held}}
        with unavailable_on_network_error():
            return (await self._database["notices"].delete_many(query)).deleted_count

    async def tokens(self, before: datetime) -> int:
        """Delete the tokens that were revoked, or ran out, before a moment."""
        count = 0
        with unavailable_on_network_error():
            for ended in ("revoked_at", "expires_at"):
                count += (await self._database["tokens"].delete_many({ended: {"$lt": before}})).deleted_count
        return count

    async def have_left(self, student_ids: Iterable[str], before: date) -> list[str]:
        """Give those of the students who were in no class any more at a civil date, and are in none since."""
        return [student for student in student_ids if not await self._is_in_a_class(student, before)]

    async def _meeting(self, meeting_id: str, held: list[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        with unavailable_on_network_error():
            of_others: Document = {"meeting_id": meeting_id, "student_id": {"$nin": held}, **_SETTLED}
            done = await self._database["records"].delete_many(of_others)
            found["records"] = done.deleted_count
            stay = [each["student_id"] async for each in self._database["records"].find({"meeting_id": meeting_id})]
            # Numbers have no gaps, so an entry of the log stays, and leads nowhere.
            blank = {"$set": {"document": ""}, "$unset": {"student_id": "", "class_id": "", "meeting_id": ""}}
            gone: Document = {"meeting_id": meeting_id}
            if stay:
                # What tells of the meeting itself has no student.
                gone["student_id"] = {"$nin": [*stay, None]}
            await self._database["event_log"].update_many(gone, blank)
            if stay:
                return found
            for name in _OF_MEETING:
                by = {"_id": meeting_id} if name == "codes" else {"meeting_id": meeting_id}
                found[name] = (await self._database[name].delete_many(by)).deleted_count
            found["meetings"] = (await self._database["meetings"].delete_one({"_id": meeting_id})).deleted_count
        return found

    async def _is_in_a_class(self, student_id: str, day: date) -> bool:
        for place in await find_all(self._database["enrollments"], {"student_id": student_id}):
            if place.get("standing", Standing.ACTIVE.value) != Standing.ACTIVE.value:
                if place["updated_at"].date() >= day:
                    return True  # taken out since
                continue
            last = await self._last_day(place)
            if last is None or last >= day:
                return True
        return False

    async def _last_day(self, place: Document) -> date | None:
        """Give the last day of a place in a class: its own, or that of the class's terms; None where neither is told.

        One that was taken out as if it had never been was there until then.
        """
        if place["end"]:
            end = date.fromisoformat(place["end"])
            return end if end.year > 1 else place["updated_at"].date()
        classes = await find_all(self._database["classes"], {"_id": place["class_id"]}, limit=1)
        ids = classes[0].get("term_ids", []) if classes else []
        terms = await find_all(self._database["academic_sessions"], {"_id": {"$in": list(ids)}}) if ids else []
        return max((date.fromisoformat(each["end"]) for each in terms), default=None)


def left_before(now: datetime, days: int) -> date:
    """Give the civil date before which somebody has to have left, for what ends so many days after."""
    return (now - timedelta(days=days)).date()


def _add(found: dict[str, int], more: dict[str, int]) -> None:
    for name, count in more.items():
        if count:
            found[name] = found.get(name, 0) + count
