"""What every part of the store does with its collection, so that the driver's errors leave it as the store's own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from attendance.store.errors import Conflict, unavailable_on_network_error

Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Document]


def present() -> datetime:
    """Give the present moment in UTC, cut to milliseconds: MongoDB keeps no more."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


# The index on it has this one field: on a compound one SecantusDB leaves out what equals an inclusive bound.
BY_CHANGE = IndexModel([("updated_at", ASCENDING)])


def since(moment: datetime) -> Document:
    """Ask for what changed at a moment or later. A change is stamped just before it is written: ask with an overlap."""
    return {"updated_at": {"$gte": moment}}


# SecantusDB's time for `$in` grows with the square of the list: 300 ids in one question took 135 ms, 30 took 2.5.
IDS_AT_ONCE = 50


# Writers of one document are few; as many conflicts in a row mean that something is wrong, not that the luck is bad.
MOST_CONFLICTS = 50


def half_open(start: datetime | None, end: datetime | None) -> Document:
    """Ask for a time in `[start, end)`, None being open; empty where both are."""
    return {operator: bound for operator, bound in (("$gte", start), ("$lt", end)) if bound is not None}


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


async def find_by_ids(collection: Collection, ids: list[str], query: Document | None = None) -> list[Document]:
    """Find those of the documents that there are, where they meet the query too."""
    found: list[Document] = []
    distinct = list(dict.fromkeys(ids))
    for begin in range(0, len(distinct), IDS_AT_ONCE):
        found += await find_all(collection, {"_id": {"$in": distinct[begin : begin + IDS_AT_ONCE]}, **(query or {})})
    return found


async def find_values(collection: Collection, field: str, query: Document) -> list[str]:
    """Find the values that a field has in the documents, each once, in order."""
    with unavailable_on_network_error():
        found: list[str] = await collection.distinct(field, query)
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a group of documents has changed: a further change makes another mark, whatever writers' clocks say.

    `latest`: the latest of the times asked for; `documents`: how many there are; `steps`: the sum of their counters.
    """

    latest: datetime
    documents: int
    steps: int


async def find_marks(collection: Collection, query: Document, *, by: str, time: str, counter: str) -> dict[str, Mark]:
    """Give the mark of each group of the documents that meet the query, by the value of the field `by`."""
    group = {
        "_id": f"${by}",
        "latest": {"$max": f"${time}"},
        "documents": {"$sum": 1},
        "steps": {"$sum": f"${counter}"},
    }
    with unavailable_on_network_error():
        found = await collection.aggregate([{"$match": query}, {"$group": group}]).to_list(None)
    return {each["_id"]: Mark(each["latest"], each["documents"], each["steps"]) for each in found}


async def find_page(
    collection: Collection,
    query: Document,
    *,
    by: str,
    after: tuple[datetime, str] | None,
    limit: int,
    start: datetime | None = None,
    end: datetime | None = None,
    latest_first: bool = False,
) -> list[Document]:
    """Find the next documents in order of a time and, where that is the same, of `_id`, with times in `[start, end)`.

    What comes after a place is asked for in two questions: for `$or`, SecantusDB looks at every document there is.
    """
    order = DESCENDING if latest_first else ASCENDING
    bounds = {"$gte": start, "$lt": end}
    page: list[Document] = []
    if after:
        moment, key = after
        if (start is None or start <= moment) and (end is None or moment < end):
            beside = {**query, by: moment, "_id": {"$lt" if latest_first else "$gt": key}}
            page = await find_all(collection, beside, sort=[("_id", order)], limit=limit)
        if len(page) == limit:
            return page
        if latest_first:
            bounds["$lt"] = min(end or moment, moment)
        else:
            bounds["$gt"] = moment
    if chosen := {operator: bound for operator, bound in bounds.items() if bound is not None}:
        query = {**query, by: chosen}
    return page + await find_all(collection, query, sort=[(by, order), ("_id", order)], limit=limit - len(page))


async def update_one(collection: Collection, query: Document, update: Document, *, upsert: bool = False) -> bool:
    """Update one document; tell whether there was one (or one was made)."""
    with unavailable_on_network_error():
        result = await collection.update_one(query, update, upsert=upsert)
        return result.matched_count > 0 or result.upserted_id is not None


async def delete_all(collection: Collection, query: Document) -> None:
    """Delete the documents."""
    with unavailable_on_network_error():
        await collection.delete_many(query)


async def create_indexes(collection: Collection, indexes: list[IndexModel]) -> None:
    """Create the indexes that are not there yet."""
    with unavailable_on_network_error():
        await collection.create_indexes(indexes)
