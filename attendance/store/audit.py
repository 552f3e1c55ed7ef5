"""The audit's batches, one document each: numbered without a gap, and only ever added."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict

from pymongo import ASCENDING, DESCENDING, IndexModel

from attendance.audit import Batch, Head, Line
from attendance.store.collection import Collection, Document, create_indexes, find_all, insert
from attendance.store.errors import unavailable_on_network_error

_AT_ONCE = 500


class AuditLog:
    """The collection `audit`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def ensure_indexes(self) -> None:
        """Lines are found by whom they are about."""
        await create_indexes(self._collection, [IndexModel([("subjects", ASCENDING)])])

    async def head(self) -> Head:
        """Give the end of the chain."""
        found = await find_all(self._collection, {}, sort=[("_id", DESCENDING)], limit=1)
        return _batch(found[0]).head if found else Head()

    async def add(self, batch: Batch) -> None:
        """Add the next batch.

        Raises:
            Conflict: another process added one with this number.
        """
        document = {
            "_id": batch.number,
            "previous": batch.previous,
            "seal": batch.seal,
            "lines": [asdict(line) | {"about": dict(line.about), "subjects": [*line.subjects]} for line in batch.lines],
            "subjects": _subjects(batch),
        }
        await insert(self._collection, document, "a batch with this number")

    async def all(self) -> AsyncIterator[Batch]:
        """Give all batches in order of number."""
        with unavailable_on_network_error():
            async for document in self._collection.find({}, batch_size=_AT_ONCE).sort("_id", ASCENDING):
                yield _batch(document)

    async def last_before(self, moment: str) -> Head | None:
        """Give the last of the oldest batches that are all from before a moment, written as in a line; None: none is.

        The newest batch never is: it is what the next one follows.
        """
        newest, last = (await self.head()).number, None
        async for batch in self.all():
            if batch.number == newest or any(line.at >= moment for line in batch.lines):
                break
            last = batch.head
        return last

    async def trim(self, number: int) -> int:
        """Delete the batches up to a number; give how many those were."""
        with unavailable_on_network_error():
            return (await self._collection.delete_many({"_id": {"$lt": number + 1}})).deleted_count

    async def about(self, commitment: str, *, before: int | None = None, limit: int = 0) -> list[tuple[int, Line]]:
        """Give the lines about somebody with their batches' numbers, the latest first; `limit`: of so many batches."""
        query: Document = {"subjects": commitment}
        if before is not None:
            query["_id"] = {"$lt": before}
        documents = await find_all(self._collection, query, sort=[("_id", DESCENDING)], limit=limit)
        return [
            (document["_id"], line)
            for document in documents
            for line in reversed(_batch(document).lines)
            if commitment in line.subjects
        ]

    async def latest(self, *, before: int | None = None, limit: int) -> list[tuple[int, Line]]:
        """Give the lines of the latest batches, or of those before a number, the latest first."""
        query: Document = {} if before is None else {"_id": {"$lt": before}}
        documents = await find_all(self._collection, query, sort=[("_id", DESCENDING)], limit=limit)
        return [(document["_id"], line) for document in documents for line in reversed(_batch(document).lines)]


def _subjects(batch: Batch) -> list[str]:
    return sorted({subject for line in batch.lines for subject in line.subjects})


def _batch(document: Document) -> Batch:
    """Read a batch as it stands there, whatever somebody made of it: what isn't as it was written breaks the seal."""
    lines = document.get("lines")
    batch = Batch(
        number=document["_id"] if isinstance(document["_id"], int) else 0,
        previous=str(document.get("previous")),
        lines=tuple(_lines(lines if isinstance(lines, list) else [])),
        seal=str(document.get("seal")),
    )
    # By them lines are found: one that was taken out would hide a line without changing it.
    as_written = document.get("subjects") == _subjects(batch) and document.keys() == _FIELDS
    return batch if as_written else Batch(batch.number, batch.previous, batch.lines, "changed")


_FIELDS = {"_id", "previous", "seal", "lines", "subjects"}


def _lines(documents: Iterable[object]) -> list[Line]:
    found = []
    for each in documents:
        if not isinstance(each, dict):
            found.append(Line(at="", by="", role="", do=str(each), status=0))
            continue
        about, subjects = each.get("about"), each.get("subjects")
        pairs = tuple(about.items()) if isinstance(about, dict) else (("changed", ""),)
        extra = tuple((name, str(each[name])) for name in each.keys() - _LINE_FIELDS)
        found.append(
            Line(
                at=each.get("at", ""),
                by=each.get("by", ""),
                role=each.get("role", ""),
                do=each.get("do", ""),
                status=each.get("status", 0),
                about=pairs + extra,
                subjects=tuple(subjects) if isinstance(subjects, list) else (),
            )
        )
    return found


_LINE_FIELDS = {"at", "by", "role", "do", "status", "about", "subjects"}
