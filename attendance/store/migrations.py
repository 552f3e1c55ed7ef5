"""Documents of earlier versions are brought to the present form when Rollcall starts: once, by one process at a time.

Every kind of document has a version. Whoever adds a field that a reader can do without changes nothing here. Where
documents that are there already have to change, the kind gets a higher version, its writer stamps new documents with it
(`schema`), and a migration is added to the end of the list below. What has no stamp is of version 1.

A migration may be broken off at any moment and goes on from what isn't stamped yet; run twice at once it does the same
twice. It writes only over what it read: a document that others change meanwhile is read again. Readers understand both
forms, so that nobody has to wait for it, and workers of the version before may go on beside it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from pymongo import UpdateOne

from attendance.store.biometrics import BIOMETRICS_SCHEMA
from attendance.store.collection import Collection, Document, find_one, insert, present, update_one
from attendance.store.errors import Conflict, unavailable_on_network_error
from attendance.store.people import CLEAR, PERSON_SCHEMA
from attendance.store.record_documents import RECORD_SCHEMA, record_from_document, record_to_fields

# A process that dies in the middle is followed by another one after so long; each batch renews it.
LEASE = timedelta(seconds=30)
_LOOK_SECONDS = 0.2
_AT_ONCE = 200
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

# Gives the update of each of some documents, in their order.
Change = Callable[[list[Document]], Awaitable[list[Document]]]


@dataclass(frozen=True, slots=True)
class Migration:
    """Brings the documents of a collection to a version.

    `guard` are the fields of which every write of such a document changes one.
    """

    collection: str
    to: int
    change: Change
    guard: tuple[str, ...]

    @property
    def name(self) -> str:
        """How it is known once it was done."""
        return f"{self.collection} {self.to}"


async def _records_2(documents: list[Document]) -> list[Document]:
    """Write records in the present form: sightings for evidence, the machine's verdict beside people's words.

    An event that was told before there was a log of all events gets its number there.
    """
    return [{"$set": _record_2(document), "$inc": {"version": 1}} for document in documents]


def _record_2(document: Document) -> Document:
    fields = record_to_fields(record_from_document(document), document)
    if "numbered" not in document and document["history"]:
        fields["unnumbered_since"] = document.get("unnumbered_since", document["history"][0]["at"])
    return fields


def migrations(*, students: Change, teachers: Change, biometrics: Change) -> tuple[Migration, ...]:
    """Give all, in the order in which they are done; only added to.

    The three bring documents to the present form, for which they take the keys of the store.
    """
    person = ("identity", "sourced_hash", "standing", *CLEAR)
    return (
        Migration("records", RECORD_SCHEMA, _records_2, guard=("version",)),
        Migration("students", PERSON_SCHEMA, students, guard=person),
        Migration("teachers", PERSON_SCHEMA, teachers, guard=person),
        Migration("biometrics", BIOMETRICS_SCHEMA, biometrics, guard=("updated_at",)),
    )


class Migrations:
    """The collection `migrations`: what was done, and who is at it."""

    def __init__(
        self, collection: Collection, kinds: dict[str, Collection], all_of_them: tuple[Migration, ...]
    ) -> None:
        self._collection = collection
        self._kinds = kinds
        self._all = all_of_them

    async def run(self, chosen: tuple[Migration, ...] | None = None) -> dict[str, int]:
        """Do what isn't done yet, or wait for who does it; give how many documents this process changed, by name.

        Raises:
            KeyUnusable: students are to be found by their keyed hashes, and the key is missing or not this database's.
        """
        return {each.name: await self._until_done(each) for each in (self._all if chosen is None else chosen)}

    async def _until_done(self, migration: Migration) -> int:
        owner, changed = token_hex(8), 0
        while not await self._is_done(migration):
            if await self._take(migration, owner):
                changed += await self._do(migration, owner)
            else:
                await asyncio.sleep(_LOOK_SECONDS)
        return changed

    async def _is_done(self, migration: Migration) -> bool:
        state = await find_one(self._collection, {"_id": migration.name})
        if state is None:
            with contextlib.suppress(Conflict):  # another process was quicker
                await insert(self._collection, {"_id": migration.name, "lease": _NEVER}, "this migration")
        return bool(state and state.get("done_at"))

    async def _take(self, migration: Migration, owner: str) -> bool:
        now = present()
        free = {"_id": migration.name, "done_at": None, "lease": {"$lt": now}}
        return await update_one(self._collection, free, {"$set": {"owner": owner, "lease": now + LEASE}})

    async def _do(self, migration: Migration, owner: str) -> int:
        """Change documents until none is left, or until another process has taken over."""
        documents, total = self._kinds[migration.collection], 0
        while True:
            found = changed = 0
            with unavailable_on_network_error():
                batch: list[Document] = []
                async for document in documents.find({"schema": {"$ne": migration.to}}, batch_size=_AT_ONCE):
                    if document.get("schema", 1) > migration.to:
                        continue
                    found += 1
                    batch.append(document)
                    if len(batch) >= _AT_ONCE:
                        changed += await _write(documents, migration, batch)
                        batch = []
                        if not await self._renew(migration, owner):
                            return total + changed
                changed += await _write(documents, migration, batch)
            total += changed
            if changed == found:
                done = {"$set": {"done_at": present(), "owner": owner}}
                await update_one(self._collection, {"_id": migration.name, "owner": owner}, done)
                return total

    async def _renew(self, migration: Migration, owner: str) -> bool:
        mine = {"_id": migration.name, "owner": owner}
        return await update_one(self._collection, mine, {"$set": {"lease": present() + LEASE}})


async def _write(documents: Collection, migration: Migration, batch: list[Document]) -> int:
    if not batch:
        return 0
    writes = [
        UpdateOne(
            {"_id": document["_id"], **{field: document.get(field) for field in migration.guard}},
            {**update, "$set": {**update["$set"], "schema": migration.to}},
        )
        for document, update in zip(batch, await migration.change(batch), strict=True)
    ]
    return int((await documents.bulk_write(writes, ordered=False)).matched_count)
