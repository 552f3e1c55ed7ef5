"""Imported meetings: which one is which entry of a calendar, so that a moved one is known again."""

from collections.abc import Sequence

from pymongo import ASCENDING, IndexModel

from attendance.meetings import Meeting
from attendance.store.bulk import Written, insert_many
from attendance.store.collection import Collection, create_indexes, find_all, present
from attendance.store.meetings import meeting_from_document, meeting_to_document


class ImportedMeetings:
    """Those documents of `meetings` that have a `source`: the hash of what their calendar calls them."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def ensure_indexes(self) -> None:
        """An entry of a calendar is one meeting."""
        unique = IndexModel(
            [("source", ASCENDING)], unique=True, partialFilterExpression={"source": {"$type": "string"}}
        )
        await create_indexes(self._collection, [unique])

    async def all(self) -> list[tuple[str, str, Meeting]]:
        """Give each with its source and the hash of its calendar's name."""
        found = await find_all(self._collection, {"source": {"$gt": ""}})
        return [(document["source"], document["calendar"], meeting_from_document(document)) for document in found]

    async def add_many(self, meetings: Sequence[tuple[str, Meeting]], calendar: str, written: Written) -> None:
        """Add meetings, each with its source.

        Raises:
            Conflict: another import added one of them meanwhile.
        """
        now = present()
        documents = [
            {**meeting_to_document(meeting), "source": source, "calendar": calendar, "updated_at": now}
            for source, meeting in meetings
        ]
        await insert_many(self._collection, documents, "meetings", written)
