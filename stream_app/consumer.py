"""Faust's Kafka consumer with a hold on partitions that loses nothing.

`Consumer.pause_partitions` drops, without a word, what was already fetched of the partition: measured with
faust-streaming 0.15.3, 130 of 150 messages, and the offsets that it then calls a gap are committed past. Here a held
partition isn't asked for; what was fetched of it before stays in the fetcher, or arrives.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP, EventT

from stream_app.unreadable import TolerantThread

# How long a fetch may wait for other partitions before one that was let go is asked for again. Longer, and a worker
# that was at its bound idles so long each time.
LONGEST_WAIT_SECONDS = 0.1


class HoldingConsumer(Consumer):
    """A consumer whose partitions can be held."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # handed through to Faust
        super().__init__(*args, **kwargs)
        self._held: set[TP] = set()
        self._confirmed: dict[TP, int | None] = {}

    def _new_consumer_thread(self) -> TolerantThread:
        return TolerantThread(self, loop=self.loop, beacon=self.beacon)

    def hold(self, partition: TP) -> None:
        """Ask for no more messages of a partition; those already fetched may still arrive."""
        self._held.add(partition)

    def let_go(self, partition: TP) -> None:
        """Ask for messages of a partition again."""
        self._held.discard(partition)

    def committed(self, partition: TP) -> int | None:
        """Give the partition's committed offset; None where nothing was ever committed."""
        offset: int | None = self._committed_offset[partition]
        return offset

    def confirmed(self, partition: TP) -> int | None:
        """Give the committed offset as far as Kafka confirmed it; Faust's own goes ahead of a commit that failed."""
        return self._confirmed.get(partition, self.committed(partition))

    async def ends(self, partitions: Iterable[TP]) -> dict[TP, tuple[int, int]]:
        """Give each partition's next offset to be asked for, and the next to be written.

        Raises:
            KafkaError: the broker is away, or a partition isn't ours any more.
        """
        found: dict[TP, tuple[int, int]] = await self._thread.call_thread(self._ask_for_ends, list(partitions))
        return found

    async def _ask_for_ends(self, partitions: list[TP]) -> dict[TP, tuple[int, int]]:
        consumer = self._thread._ensure_consumer()
        ends = await consumer.end_offsets(partitions)
        return {partition: (await consumer.position(partition), ends[partition]) for partition in partitions}

    @property
    def known_as(self) -> str:
        """The name by which the group's coordinator knows this process; a new one means that it had forgotten it."""
        name: str = self._thread._ensure_consumer()._coordinator.member_id
        return name

    def forget(self, event: EventT[Any]) -> None:
        """Don't wait for an event's acknowledgement when partitions are revoked; it comes again to whoever has them."""
        self.unacked.discard(event.message)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Begin with nothing held: the frames that filled a partition's bound are gone."""
        self._held.clear()
        self._confirmed.clear()
        await super().on_partitions_assigned(assigned, generation_id)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        before = {partition: self.confirmed(partition) for partition in offsets}
        is_confirmed: bool = await super()._commit(offsets)
        self._confirmed |= offsets if is_confirmed else before
        return is_confirmed

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ANN401, ASYNC109
        wanted = None if active_partitions is None else active_partitions - self._held
        if wanted is not None and not wanted:
            # Asked for no partition, the fetcher gives of all.
            await asyncio.sleep(LONGEST_WAIT_SECONDS)
            return {}
        return await super()._getmany(wanted, min(timeout, LONGEST_WAIT_SECONDS))


class HoldingTransport(Transport):
    """Faust's Kafka transport with that consumer."""

    Consumer: ClassVar[type[HoldingConsumer]] = HoldingConsumer
