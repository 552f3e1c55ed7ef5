"""The key store of several machines: a database of its own, apart from the one that holds the data."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ASCENDING, UpdateOne
from pymongo.errors import BulkWriteError, ConfigurationError

from attendance.keys import KeyUnusable
from attendance.sealing import KeyRing, KeyStore, MasterKeys, Purpose, SqliteKeyStore
from attendance.sealing.key_store import Ending, Wrapped
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
        self._keys, self._endings, self._facts = database["keys"], database["endings"], database["facts"]
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
            ids = [f"{Ending.ERASED}/{person}" for person in wrapped]
            gone = await self._endings.find({"_id": {"$in": ids}}).to_list(None)
            erased = {each["person"] for each in gone}
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

    async def note_ending(self, ending: Ending, person: str, at: datetime) -> None:
        """Note that a person was erased, or withdrew, at a moment; a later one takes the place of an earlier one."""
        note = {"$set": {"ending": ending.value, "person": person, "at": at}}
        with unavailable_on_network_error():
            await self._endings.update_one({"_id": f"{ending}/{person}"}, note, upsert=True)

    async def endings(self, ending: Ending, after: str | None, limit: int) -> list[tuple[str, datetime]]:
        """Give who was erased, or withdrew, and when, in order of their ids."""
        query: Document = {"ending": ending.value, **({"person": {"$gt": after}} if after else {})}
        with unavailable_on_network_error():
            found = await self._endings.find(query).sort("person", ASCENDING).limit(limit).to_list(None)
        return [(each["person"], each["at"]) for each in found]

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
