"""Writing many documents: some hundreds in each round trip, so that ten thousand take seconds."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from attendance.store.collection import Collection, Document
from attendance.store.errors import Conflict, unavailable_on_network_error

AT_ONCE = 1000
_DUPLICATE_KEY = 11000

Item = TypeVar("Item")
# Told how many more documents are written.
Written = Callable[[int], None]


async def insert_many(collection: Collection, documents: Sequence[Document], what: str, written: Written) -> None:
    """Insert documents; where it breaks off, some are in and the others aren't.

    Raises:
        Conflict: another one holds the id or a unique field of one of them.
    """
    for part in _parts(documents):
        with unavailable_on_network_error(), _conflict_on_duplicate(what):
            await collection.insert_many(part, ordered=False)
        written(len(part))


async def update_many(
    collection: Collection, updates: Sequence[tuple[Document, Document]], what: str, written: Written
) -> None:
    """Make each update (a query for one document, and what to do to it); where it breaks off, some are made.

    Raises:
        Conflict: another document holds a unique field that one of them would get.
    """
    for part in _parts(updates):
        with unavailable_on_network_error(), _conflict_on_duplicate(what):
            await collection.bulk_write([UpdateOne(query, update) for query, update in part], ordered=False)
        written(len(part))


def _parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[begin : begin + AT_ONCE] for begin in range(0, len(items), AT_ONCE))


@contextmanager
def _conflict_on_duplicate(what: str) -> Iterator[None]:
    try:
        yield
    except BulkWriteError as error:
        codes = {each.get("code") for each in (error.details or {}).get("writeErrors", [])}
        if codes != {_DUPLICATE_KEY}:
            raise
        raise Conflict(f"some {what} were added by somebody else meanwhile") from error
