"""Who holds a partition of `frames`, and how often each suspect frame was tried.

A holder that leaves in order says so. One that doesn't was killed, perhaps by a frame: whoever takes the partition
over then tries the frames that were under way one at a time, counting before each, so that the guilty one is known.
"""

from dataclasses import dataclass

from attendance.store.collection import Collection, find_one, update_one
from attendance.store.errors import unavailable_on_network_error


@dataclass(frozen=True, slots=True)
class Takeover:
    """What the new holder of a partition finds: whether the last one left in order, and tries by offset."""

    was_abandoned: bool
    tries: dict[int, int]


class Partitions:
    """The collection `partitions`, by topic and partition."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def take(self, topic: str, partition: int, holder: str) -> Takeover:
        """Hold a partition."""
        key = _key(topic, partition)
        with unavailable_on_network_error():
            before = await self._collection.find_one_and_update(
                {"_id": key}, {"$set": {"holder": holder}, "$setOnInsert": {"tries": {}}}, upsert=True
            )
        document = before or {}
        tries = {int(offset): count for offset, count in document.get("tries", {}).items()}
        return Takeover(was_abandoned=document.get("holder") is not None, tries=tries)

    async def leave(self, topic: str, partition: int, holder: str) -> None:
        """Let a partition go in order, if it is still held by this holder."""
        query = {"_id": _key(topic, partition), "holder": holder}
        await update_one(self._collection, query, {"$set": {"holder": None}})

    async def count_try(self, topic: str, partition: int, offset: int) -> None:
        """Count one more try of a frame, before it is tried."""
        await update_one(self._collection, {"_id": _key(topic, partition)}, {"$inc": {f"tries.{offset}": 1}})

    async def forget_tries(self, topic: str, partition: int, offsets: list[int]) -> None:
        """Forget frames that are done."""
        gone = {f"tries.{offset}": "" for offset in offsets}
        await update_one(self._collection, {"_id": _key(topic, partition)}, {"$unset": gone})

    async def tries(self, topic: str, partition: int) -> dict[int, int]:
        """Give how often each suspect frame was tried."""
        document = await find_one(self._collection, {"_id": _key(topic, partition)})
        return {int(offset): count for offset, count in document["tries"].items()} if document else {}


def _key(topic: str, partition: int) -> str:
    return f"{topic}:{partition}"
