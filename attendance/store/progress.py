"""How far each camera's time was processed, and what of each meeting was looked at."""

from datetime import datetime

from pymongo import ASCENDING, IndexModel

from attendance.coverage import Coverage
from attendance.store.collection import Collection, create_indexes, find_all, find_one, insert, update_one
from attendance.store.errors import Conflict


class Progress:
    """The collections `progress` (by camera) and `coverage` (by meeting and camera)."""

    def __init__(self, progress: Collection, coverage: Collection) -> None:
        self._progress = progress
        self._coverage = coverage

    async def ensure_indexes(self) -> None:
        """A meeting's coverage is read over its cameras."""
        await create_indexes(self._coverage, [IndexModel([("meeting_id", ASCENDING)])])

    async def advance(self, camera_id: str, processed_through: datetime) -> None:
        """Note that all that this camera sent up to a moment is in the records; never goes back."""
        await update_one(
            self._progress, {"_id": camera_id}, {"$max": {"processed_through": processed_through}}, upsert=True
        )

    async def processed_through(self, camera_ids: list[str]) -> dict[str, datetime]:
        """Give how far each of the cameras that ever sent was processed."""
        documents = await find_all(self._progress, {"_id": {"$in": camera_ids}})
        return {document["_id"]: document["processed_through"] for document in documents}

    async def cover(self, meeting_id: str, camera_id: str, looked_at: Coverage) -> Coverage:
        """Add to what this camera looked at of a meeting, and give all that it did."""
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
                new = {"_id": key, "meeting_id": meeting_id, "intervals": intervals, "version": 1}
                try:
                    await insert(self._coverage, new, "this coverage")
                except Conflict:
                    continue
                return after
            query = {"_id": key, "version": document["version"]}
            if await update_one(self._coverage, query, {"$set": {"intervals": intervals}, "$inc": {"version": 1}}):
                return after

    async def coverage_of(self, meeting_id: str) -> Coverage:
        """Give what all cameras together looked at of a meeting."""
        documents = await find_all(self._coverage, {"meeting_id": meeting_id})
        return Coverage.of(
            interval for document in documents for interval in _coverage(document["intervals"]).intervals
        )


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
