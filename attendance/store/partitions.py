"""Who holds a partition of `frames`, how far its frames were begun, and how often each suspect was tried.

A holder that leaves in order says so. One that doesn't was killed, perhaps by a frame: whoever takes the partition
over then tries the frames that may have been under way one at a time, counting before each, so that the guilty one is
known. So that this costs nothing while all is well, the holder reserves offsets in stretches before it begins them.
"""

from dataclasses import dataclass

from attendance.store.collection import Collection, find_one, update_one
from attendance.store.errors import unavailable_on_network_error


@dataclass(frozen=True, slots=True)
class Takeover:
    """What the new holder of a partition finds.

    Frames below `suspects_until` may have killed the last holder (0 where it left in order); `tries` counts by offset
    how often each was tried alone.
    """

    suspects_until: int
    tries: dict[int, int]


class Partitions:
    """The collection `partitions`, by topic and partition."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def take(self, topic: str, partition: int, holder: str) -> Takeover:
        """Hold a partition."""
        with unavailable_on_network_error():
            before = await self._collection.find_one_and_update(
                {"_id": _key(topic, partition)},
                {"$set": {"holder": holder}, "$setOnInsert": {"begun_until": 0, "tries": {}}},
                upsert=True,
            )
        if before is None or before["holder"] is None:
            return Takeover(0, {})
        return Takeover(before["begun_until"], {int(offset): count for offset, count in before["tries"].items()})

    async def reserve(self, topic: str, partition: int, until: int) -> None:
        """Note, before it is so, that frames below this offset are begun.

        Never goes back: a holder that was stopped for a while and lost the partition may still say where it was.
        """
        await update_one(self._collection, {"_id": _key(topic, partition)}, {"$max": {"begun_until": until}})

    async def leave(self, topic: str, partition: int, holder: str) -> None:
        """Let a partition go in order, if it is still held by this holder."""
        query = {"_id": _key(topic, partition), "holder": holder}
        await update_one(self._collection, query, {"$set": {"holder": None, "begun_until": 0, "tries": {}}})

    async def count_try(self, topic: str, partition: int, offset: int, tries: int) -> None:
        """Note a frame's next try, by its number, before it is tried. Noted twice, it is still one."""
        await update_one(self._collection, {"_id": _key(topic, partition)}, {"$max": {f"tries.{offset}": tries}})

    async def forget_tries(self, topic: str, partition: int, offset: int) -> None:
        """Forget a frame that is done."""
        await update_one(self._collection, {"_id": _key(topic, partition)}, {"$unset": {f"tries.{offset}": ""}})

    async def tries(self, topic: str, partition: int) -> dict[int, int]:
        """Give how often each suspect frame was tried."""
        document = await find_one(self._collection, {"_id": _key(topic, partition)})
        return {int(offset): count for offset, count in document["tries"].items()} if document else {}


def _key(topic: str, partition: int) -> str:
    return f"{topic}:{partition}"
