"""How far each camera's time was processed, and what of each meeting was looked at."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from pymongo import ASCENDING, IndexModel

from attendance.coverage import Coverage
from attendance.meetings import Meeting
from attendance.store.collection import (
    BY_CHANGE,
    Collection,
    Document,
    Mark,
    create_indexes,
    find_all,
    find_by_ids,
    find_marks,
    find_one,
    insert,
    present,
    since,
    update_one,
)
from attendance.store.errors import Conflict


class Progress:
    """The collections `progress` (by camera), `coverage` (by meeting and camera) and `skips` (and by reason)."""

    def __init__(self, progress: Collection, coverage: Collection, skips: Collection) -> None:
        self._progress = progress
        self._coverage = coverage
        self._skips = skips

    async def ensure_indexes(self) -> None:
        """A meeting's coverage and skips are read over its cameras; the closer asks what was covered lately."""
        by_meeting = IndexModel([("meeting_id", ASCENDING)])
        await create_indexes(self._coverage, [by_meeting, BY_CHANGE])
        await create_indexes(self._skips, [by_meeting])

    async def advance(self, camera_id: str, processed_through: datetime) -> None:
        """Note that all that this camera sent up to a moment is in the records; never goes back."""
        await update_one(
            self._progress, {"_id": camera_id}, {"$max": {"processed_through": processed_through}}, upsert=True
        )

    async def processed_through(self, camera_ids: list[str]) -> dict[str, datetime]:
        """Give how far each of the cameras that ever sent was processed."""
        documents = await find_by_ids(self._progress, camera_ids)
        return {document["_id"]: document["processed_through"] for document in documents}

    async def cover(
        self, meeting_id: str, camera_id: str, looked_at: Coverage, *, room_id: str | None = None
    ) -> Coverage:
        """Add to what this camera, in this room, looked at of a meeting, and give all that it did."""
        key = f"{meeting_id}:{camera_id}"
        added = _to_millisecond(looked_at)
        while True:
            document = await find_one(self._coverage, {"_id": key})
            before = _coverage(document["intervals"]) if document else Coverage()
            after = before.union(added)
            if after == before:
                return before
            intervals = [list(interval) for interval in after.intervals]
            if document is None:
                new = {
                    "_id": key,
                    "meeting_id": meeting_id,
                    "room_id": room_id,
                    "intervals": intervals,
                    "begun_at": present(),
                    "version": 1,
                    "updated_at": present(),
                }
                try:
                    await insert(self._coverage, new, "this coverage")
                except Conflict:
                    continue
                return after
            query = {"_id": key, "version": document["version"]}
            fields = {"intervals": intervals, "updated_at": present()}
            if await update_one(self._coverage, query, {"$set": fields, "$inc": {"version": 1}}):
                return after

    async def coverage_of(self, meeting_id: str, room_ids: Sequence[str] = ()) -> Coverage:
        """Give what was looked at of a meeting: in each of its rooms, by all of a room's cameras together.

        Who isn't seen in one of two rooms may sit in the other: then only time counts at which both were looked at.
        """
        documents = await find_all(self._coverage, {"meeting_id": meeting_id})
        if len(room_ids) < 2:
            return _together(documents)
        # What is told without its room, by an earlier version, counts for all of them.
        return Coverage.of_rooms(
            _together(document for document in documents if document.get("room_id") in (room_id, None))
            for room_id in room_ids
        )

    async def begun_at(self, meeting_id: str) -> datetime | None:
        """Give when the first frame of a meeting was looked at, which may be long after it was taken; None: none was.

        Who had no template by then can't have been recognised in all of it.
        """
        documents = await find_all(self._coverage, {"meeting_id": meeting_id})
        # A version that didn't keep it began by the time that it last looked.
        return min((each["begun_at"] if "begun_at" in each else each["updated_at"] for each in documents), default=None)

    async def copy(self, meeting_id: str, to: Meeting) -> None:
        """Let what was looked at of a meeting count for a part of it too."""
        for document in await find_all(self._coverage, {"meeting_id": meeting_id}):
            looked_at = _coverage(document["intervals"]).within(to.opens_at, to.end)
            camera_id = document["_id"].removeprefix(f"{meeting_id}:")
            await self.cover(to.id, camera_id, looked_at, room_id=document.get("room_id"))

    async def meetings_covered_since(self, moment: datetime) -> dict[str, Mark]:
        """Give the meetings of which more was looked at, at this moment or later, by id, with how much."""
        return await find_marks(self._coverage, since(moment), by="meeting_id", time="updated_at", counter="version")

    async def skip(self, meeting_id: str, camera_id: str, reason: str, count: int) -> None:
        """Add to how many frames of a camera were not looked at, and why. Told twice, they count twice."""
        await update_one(
            self._skips,
            {"_id": f"{meeting_id}:{camera_id}:{reason}"},
            {
                "$inc": {"count": count},
                "$setOnInsert": {"meeting_id": meeting_id, "camera_id": camera_id, "reason": reason},
            },
            upsert=True,
        )

    async def skips_of(self, meeting_id: str) -> dict[str, dict[str, int]]:
        """Give how many frames of a meeting were not looked at, by camera and reason."""
        skips: dict[str, dict[str, int]] = {}
        for document in await find_all(self._skips, {"meeting_id": meeting_id}):
            skips.setdefault(document["camera_id"], {})[document["reason"]] = document["count"]
        return skips


def _together(documents: Iterable[Document]) -> Coverage:
    return Coverage.of(interval for document in documents for interval in _coverage(document["intervals"]).intervals)


def _coverage(intervals: list[list[datetime]]) -> Coverage:
    return Coverage.of((start, end) for start, end in intervals)


def _to_millisecond(coverage: Coverage) -> Coverage:
    # MongoDB keeps no more. What is kept and what is added again would never be equal, and be written each time.
    return Coverage.of(
        (
            start.replace(microsecond=start.microsecond // 1000 * 1000),
            end.replace(microsecond=end.microsecond // 1000 * 1000),
        )
        for start, end in coverage.intervals
    )
