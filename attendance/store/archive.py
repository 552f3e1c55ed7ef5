"""Every document there is, as the bytes that the database keeps: for backups, and for filling a database in bulk."""

from collections.abc import AsyncIterator, Sequence

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorCollection, AsyncIOMotorDatabase

from attendance.store.collection import Document
from attendance.store.errors import unavailable_on_network_error

# What names others is copied before them: the meeting, class and student of a copied record were there when it was
# copied, and are copied after it.
_FIRST = ("records", "coverage", "progress", "skips", "tracks", "meetings", "enrollments", "classes", "biometrics")
_AT_ONCE = 500  # of some kilobytes each
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


class Archive:
    """All collections of a database, whether this version knows them or not."""

    def __init__(self, database: AsyncIOMotorDatabase[Document]) -> None:
        self._database = database

    async def collections(self) -> list[str]:
        """Give the names of the collections that hold something, in the order in which they are to be copied."""
        with unavailable_on_network_error():
            names = await self._database.list_collection_names()
            filled = [
                name
                for name in names
                if not name.startswith("system.") and await self._database[name].find_one({}, {"_id": 1})
            ]
        return sorted(filled, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))

    async def count(self, collection: str) -> int:
        """Give about how many documents a collection has."""
        with unavailable_on_network_error():
            return await self._database[collection].estimated_document_count()

    async def read(self, collection: str) -> AsyncIterator[list[bytes]]:
        """Give all documents of a collection, some at a time, each as it was at some moment of the reading.

        In no order: for a range of `_id`, SecantusDB looks at every document for each page.
        """
        batch: list[bytes] = []
        with unavailable_on_network_error():
            async for document in self._raw(collection).find({}, batch_size=_AT_ONCE):
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

    async def clear(self) -> None:
        """Delete everything."""
        with unavailable_on_network_error():
            for name in await self._database.list_collection_names():
                if not name.startswith("system."):
                    await self._database.drop_collection(name)

    def _raw(self, collection: str) -> AsyncIOMotorCollection[RawBSONDocument]:
        return self._database.get_collection(collection, codec_options=_RAW)  # type: ignore[return-value]
