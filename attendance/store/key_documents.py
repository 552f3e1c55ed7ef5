"""The key store of several machines: a database of its own, apart from the one that holds the data."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ASCENDING, UpdateOne
from pymongo.errors import BulkWriteError, ConfigurationError

from attendance.keys import KeyUnusable
from attendance.sealing import KeyRing, KeyStore, MasterKeys, Purpose, SqliteKeyStore
from attendance.sealing.key_store import Wrapped
from attendance.settings import ConnectionSettings
from attendance.store.collection import Document
from attendance.store.errors import unavailable_on_network_error

_WAIT_MS = 3_000
_DUPLICATE_KEY = 11_000


def key_ring(settings: ConnectionSettings) -> KeyRing:
    """Give the keys of people, from where the settings say that they are."""
    kept: KeyStore = (
        DocumentKeyStore(settings.key_store_url) if settings.key_store_url else SqliteKeyStore(settings.key_store_file)
    )
    return KeyRing(MasterKeys.of(settings), kept)


class DocumentKeyStore:
    """Keys in a MongoDB database. Whether a deleted one leaves bytes behind is up to that server's own storage.

    So it has to be one whose disks and backups forget: `docs/privacy.md` says what to settle.
    """

    def __init__(self, url: str) -> None:
        """`url` ends with the database's name.

        Raises:
            KeyUnusable: it doesn't.
        """
        self._client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
            url,
            w="majority",
            journal=True,
            tz_aware=True,
            tzinfo=UTC,
            serverSelectionTimeoutMS=_WAIT_MS,
            connectTimeoutMS=_WAIT_MS,
        )
        try:
            database = self._client.get_default_database()
        except ConfigurationError as error:
            raise KeyUnusable(
                "ROLLCALL_KEY_STORE_URL has to end with a database's name: mongodb://host/keys"
            ) from error
        self._keys, self._erased, self._facts = database["keys"], database["erased"], database["facts"]
        self.place = f"the database {database.name} of ROLLCALL_KEY_STORE_URL"

    async def get(self, purpose: Purpose, people: Sequence[str]) -> dict[str, bytes]:
        """Give the keys that there are, by person."""
        ids = [f"{person}/{purpose}" for person in people]
        with unavailable_on_network_error():
            found = await self._keys.find({"_id": {"$in": ids}}).to_list(None)
        return {each["_id"].rpartition("/")[0]: bytes(each["wrapped"]) for each in found}

    async def add(self, purpose: Purpose, wrapped: Mapping[str, bytes]) -> dict[str, bytes]:
        """Keep the keys of people who have none yet; give what is kept of each now. The erased get none."""
        with unavailable_on_network_error():
            gone = await self._erased.find({"_id": {"$in": list(wrapped)}}).to_list(None)
            erased = {each["_id"] for each in gone}
            writes = [
                UpdateOne({"_id": f"{person}/{purpose}"}, {"$setOnInsert": {"wrapped": key}}, upsert=True)
                for person, key in wrapped.items()
                if person not in erased
            ]
            try:
                if writes:
                    await self._keys.bulk_write(writes, ordered=False)
            except BulkWriteError as error:  # two that add at once: the one who was quicker stays
                if any(each["code"] != _DUPLICATE_KEY for each in error.details["writeErrors"]):
                    raise
        return await self.get(purpose, [person for person in wrapped if person not in erased])

    async def delete(self, person: str, purposes: Sequence[Purpose]) -> None:
        """Delete a person's keys."""
        with unavailable_on_network_error():
            await self._keys.delete_many({"_id": {"$in": [f"{person}/{purpose}" for purpose in purposes]}})

    async def page(self, after: Wrapped | None, limit: int) -> list[Wrapped]:
        """Give the next keys in order of person and purpose."""
        query: Document = {"_id": {"$gt": f"{after.person}/{after.purpose}"}} if after else {}
        with unavailable_on_network_error():
            found = await self._keys.find(query).sort("_id", ASCENDING).limit(limit).to_list(None)
        return [_wrapped(each) for each in found]

    async def count(self) -> int:
        """Give how many keys there are."""
        with unavailable_on_network_error():
            return await self._keys.count_documents({})

    async def replace(self, before: Wrapped, wrapped: bytes) -> bool:
        """Wrap a key otherwise, unless it was changed or destroyed meanwhile; tell whether it was done."""
        same = {"_id": f"{before.person}/{before.purpose}", "wrapped": before.wrapped}
        with unavailable_on_network_error():
            return bool((await self._keys.update_one(same, {"$set": {"wrapped": wrapped}})).matched_count)

    async def mark_erased(self, person: str, now: datetime) -> None:
        """Note that a person was erased; it outlives every backup of the data."""
        with unavailable_on_network_error():
            await self._erased.update_one({"_id": person}, {"$setOnInsert": {"at": now}}, upsert=True)

    async def erased(self, after: str | None, limit: int) -> list[str]:
        """Give the ids of those who were erased, in their order."""
        query: Document = {"_id": {"$gt": after}} if after else {}
        with unavailable_on_network_error():
            found = await self._erased.find(query).sort("_id", ASCENDING).limit(limit).to_list(None)
        return [each["_id"] for each in found]

    async def fact(self, name: str, otherwise: bytes) -> bytes:
        """Give what is noted under a name; note `otherwise` where nothing is."""
        with unavailable_on_network_error():
            await self._facts.update_one({"_id": name}, {"$setOnInsert": {"value": otherwise}}, upsert=True)
            found = await self._facts.find_one({"_id": name})
        return bytes(found["value"]) if found else otherwise

    async def note(self, name: str, value: bytes) -> None:
        """Note a fact in the place of what was noted."""
        with unavailable_on_network_error():
            await self._facts.update_one({"_id": name}, {"$set": {"value": value}}, upsert=True)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _wrapped(document: Document) -> Wrapped:
    person, _, purpose = document["_id"].rpartition("/")
    return Wrapped(person, Purpose(purpose), bytes(document["wrapped"]))
