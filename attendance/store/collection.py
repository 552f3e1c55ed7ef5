"""What every part of the store does with its collection, so that the driver's errors leave it as the store's own."""

from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from attendance.store.errors import Conflict, unavailable_on_network_error

Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Document]


async def insert(collection: Collection, document: Document, what: str) -> None:
    """Insert a document.

    Raises:
        Conflict: another one holds its id or a unique field.
    """
    with unavailable_on_network_error():
        try:
            await collection.insert_one(document)
        except DuplicateKeyError as error:
            raise Conflict(f"there is already {what}") from error


async def find_one(collection: Collection, query: Document) -> Document | None:
    """Find one document, or None."""
    with unavailable_on_network_error():
        return await collection.find_one(query)


async def find_all(
    collection: Collection, query: Document, *, sort: list[tuple[str, int]] | None = None, limit: int = 0
) -> list[Document]:
    """Find the documents in order, all of them or the first `limit`."""
    with unavailable_on_network_error():
        cursor = collection.find(query)
        if sort:
            cursor = cursor.sort(sort)
        return await cursor.limit(limit).to_list(None)


async def update_one(collection: Collection, query: Document, update: Document, *, upsert: bool = False) -> bool:
    """Update one document; tell whether there was one (or one was made)."""
    with unavailable_on_network_error():
        result = await collection.update_one(query, update, upsert=upsert)
        return result.matched_count > 0 or result.upserted_id is not None


async def create_indexes(collection: Collection, indexes: list[IndexModel]) -> None:
    """Create the indexes that are not there yet."""
    with unavailable_on_network_error():
        await collection.create_indexes(indexes)
