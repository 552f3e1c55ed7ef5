"""Every document there is, as the bytes that the database keeps: for backups, and for filling a database in bulk."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorCollection, AsyncIOMotorDatabase

from attendance.store.collection import Document, present
from attendance.store.errors import StoreUnavailable, unavailable_on_network_error

# What names others is copied before them: the meeting, class and student of a copied record were there when it was
# copied, and are copied after it.
_FIRST = (
    "event_log",
    "records",
    "coverage",
    "progress",
    "skips",
    "tracks",
    "meetings",
    "enrollments",
    "classes",
    "biometrics",
)
# What is under way, by the offsets of one Kafka or for a day: with another Kafka it would be wrong.
_NOT_KEPT = frozenset({"partitions", "tracks", "idempotency_keys"})
_UNFINISHED = "unfinished_restore"
_AT_ONCE = 500  # of some kilobytes each
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


class Archive:
    """All collections of a database, whether this version knows them or not."""

    def __init__(self, database: AsyncIOMotorDatabase[Document]) -> None:
        self._database = database

    async def collections(self, *, everything: bool = False) -> list[str]:
        """Give the names of the collections that hold something, in the order in which they are to be copied.

        `everything`: those too that no backup holds.
        """
        with unavailable_on_network_error():
            names = await self._database.list_collection_names()
            filled = [
                name
                for name in names
                if not name.startswith("system.")
                and (everything or name not in {*_NOT_KEPT, _UNFINISHED})
                and await self._database[name].find_one({}, {"_id": 1})
            ]
        return sorted(filled, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))

    async def count(self, collection: str) -> int:
        """Give about how many documents a collection has."""
        with unavailable_on_network_error():
            return await self._database[collection].estimated_document_count()

    async def read(self, collection: str, *, up_to_event: int) -> AsyncIterator[list[bytes]]:
        """Give all documents of a collection, some at a time, each as it was at some moment of the reading.

        Of the log of events those up to a number: it has no gaps, and what is added meanwhile would make some. In no
        order: for a range of `_id`, SecantusDB looks at every document for each page.
        """
        query: Document = {"number": {"$lt": up_to_event + 1}} if collection == "event_log" else {}
        batch: list[bytes] = []
        with unavailable_on_network_error():
            async for document in self._raw(collection).find(query, batch_size=_AT_ONCE):
                batch.append(bytes(document.raw))
                if len(batch) >= _AT_ONCE:
                    yield batch
                    batch = []
        if batch:
            yield batch

    async def write(self, collection: str, documents: Sequence[bytes | Document]) -> None:
        """Add documents, which must not be there yet."""
        if documents:
            given = [RawBSONDocument(each) if isinstance(each, bytes) else each for each in documents]
            with unavailable_on_network_error():
                await self._database[collection].insert_many(given)

    async def example(self, collection: str) -> Document | None:
        """Give one of the documents."""
        with unavailable_on_network_error():
            return await self._database[collection].find_one({})

    async def begin_restore(self) -> None:
        """Delete everything, and mark the database as unfinished."""
        with unavailable_on_network_error():
            await self._database[_UNFINISHED].replace_one({"_id": "restore"}, {"begun_at": present()}, upsert=True)
            for name in await self._database.list_collection_names():
                if not name.startswith("system.") and name != _UNFINISHED:
                    await self._database.drop_collection(name)

    async def number_anew(self, since: datetime) -> None:
        """Let the events of what changed at a moment or later be numbered again; those with a number keep it."""
        anew = {"$set": {"numbered": 0, "unnumbered_since": since}}
        with unavailable_on_network_error():
            await self._database["records"].update_many({"revised_at": {"$gte": since}}, anew)
            await self._database["meetings"].update_many({"closed_at": {"$gte": since}}, anew)

    async def end_restore(self) -> None:
        """Take the mark off."""
        with unavailable_on_network_error():
            await self._database.drop_collection(_UNFINISHED)

    async def require_finished(self) -> None:
        """Look whether the database is whole.

        Raises:
            StoreUnavailable: it is being restored, or a restore was broken off.
        """
        with unavailable_on_network_error():
            unfinished = await self._database[_UNFINISHED].find_one({})
        if unfinished:
            raise StoreUnavailable(
                "the database is being restored; if that was broken off, run `rollcall restore` again"
            )

    def _raw(self, collection: str) -> AsyncIOMotorCollection[RawBSONDocument]:
        return self._database.get_collection(collection, codec_options=_RAW)  # type: ignore[return-value]
