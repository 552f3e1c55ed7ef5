"""A partition for as long as it is ours: its unacknowledged frames, and those that may have killed the last holder.

Each assignment is an epoch of its own: after a rebalance the same partition gets a new one, and whatever of the old
one still runs finds it over and acknowledges nothing. (A static member's generation number doesn't change on rejoin.)
"""

import asyncio

from faust.types import TP

from attendance.store import Store
from attendance.store.partitions import Takeover
from stream_app.health import Health
from stream_app.messages import Refused
from stream_app.patience import until_available
from stream_app.slots import PartitionSlots

# The third time that a frame ends the whole process, it isn't tried any more.
MOST_TRIES = 3
# Offsets are reserved so many at a time: one small write each, and as many suspects to try one by one after a kill.
STRETCH = 64


class Assignment:
    """One partition, from its assignment to its revocation."""

    def __init__(self, partition: TP, store: Store, holder: str, health: Health) -> None:
        self.partition = partition
        self.slots = PartitionSlots()
        self.is_over = False
        self._store = store
        self._holder = holder
        self._health = health
        self._takeover = asyncio.ensure_future(self._take())
        self._reserving = asyncio.Lock()
        self._reserved_until = 0

    async def is_suspect(self, offset: int) -> bool:
        """Tell whether this frame may have killed the last holder; it must then be tried alone."""
        return offset < (await asyncio.shield(self._takeover)).suspects_until

    async def count_try(self, offset: int) -> None:
        """Count a suspect's try before it is tried.

        Raises:
            Refused: `ends_the_process`, where it was tried often enough.
        """
        tries = (await asyncio.shield(self._takeover)).tries.get(offset, 0)
        if tries >= MOST_TRIES - 1:
            sentence = f"the process ended each of the {tries + 1} times that this frame was under way"
            raise Refused("ends_the_process", sentence, tries=tries + 1)
        topic, number = self.partition
        await until_available(lambda: self._store.partitions.count_try(topic, number, offset, tries + 1), self._health)

    async def forget_tries(self, offset: int) -> None:
        """Forget the tries of a frame that is done, where it was a suspect."""
        if not await self.is_suspect(offset):
            return
        topic, number = self.partition
        await until_available(lambda: self._store.partitions.forget_tries(topic, number, offset), self._health)

    async def reserve(self, offset: int) -> None:
        """Make sure that the store knows that this frame may be under way, before it is."""
        async with self._reserving:
            if offset < self._reserved_until:
                return
            topic, number = self.partition
            until = offset + STRETCH
            await until_available(lambda: self._store.partitions.reserve(topic, number, until), self._health)
            self._reserved_until = until

    async def leave(self) -> None:
        """Let the partition go in order: nothing that was under way killed anybody."""
        self.is_over = True
        if not self._takeover.done():
            return  # the store doesn't know of us yet; once it does, whoever comes next suspects a few innocent frames
        if self.slots.first_unfinished < self._takeover.result().suspects_until:
            return  # suspects are left: whoever comes next goes on with them, and with the tries counted so far
        topic, number = self.partition
        await self._store.partitions.leave(topic, number, self._holder)

    async def _take(self) -> Takeover:
        topic, number = self.partition
        return await until_available(lambda: self._store.partitions.take(topic, number, self._holder), self._health)
