"""How far the partitions of `frames` reach: what waits in Kafka is no part of what a worker has under way."""

from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition


class Backlog:
    """Asks the broker, outside of the consumer group: a partition that is held isn't fetched, so its end isn't seen."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._consumer: AIOKafkaConsumer | None = None

    async def ends(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Give the offset that each partition's next message will have.

        Raises:
            KafkaError: the broker is away.
        """
        wanted = [TopicPartition(*each) for each in partitions]
        if not wanted:
            return {}
        try:
            if self._consumer is None:
                self._consumer = AIOKafkaConsumer(
                    bootstrap_servers=self._bootstrap, enable_auto_commit=False, client_id="rollcall-backlog"
                )
                await self._consumer.start()
            ends: Mapping[TopicPartition, int] = await self._consumer.end_offsets(wanted)
        except KafkaError:
            await self.stop()
            raise
        return ends

    async def stop(self) -> None:
        """Close the connection; the next question opens another."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()
