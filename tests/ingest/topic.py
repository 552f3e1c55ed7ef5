"""Reading the topic `frames` back, and where Kafka's own clients would put a key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition


class FramesTopic:
    """The topic as a test sees it."""

    def __init__(self, bootstrap: str, name: str, partitions: int) -> None:
        self.bootstrap = bootstrap
        self.name = name
        self.partitions = partitions

    async def message(self, partition: int, offset: int) -> Any:
        """Read one message."""
        async with self._consumer() as consumer:
            place = TopicPartition(self.name, partition)
            consumer.assign([place])
            consumer.seek(place, offset)
            return await consumer.getone()

    async def of_camera(self, camera_id: str) -> list[Any]:
        """Read all messages that a camera has there now, in order."""
        found = []
        async with self._consumer() as consumer:
            place = TopicPartition(self.name, murmur2_partition(camera_id.encode(), self.partitions))
            consumer.assign([place])
            begin, end = (
                (await consumer.beginning_offsets([place]))[place],
                (await consumer.end_offsets([place]))[place],
            )
            consumer.seek(place, begin)
            for _ in range(begin, end):
                message = await consumer.getone()
                if message.key == camera_id.encode():
                    found.append(message)
        return found

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[Any]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=16 * 1024 * 1024
        )
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()


def murmur2_partition(key: bytes, partitions: int) -> int:
    """Give the partition of a key by the Java client's default (`Utils.toPositive(Utils.murmur2(key)) % n`)."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Give Kafka's MurmurHash2, as an unsigned number of 32 bits."""
    multiplier, mask = 0x5BD1E995, 0xFFFFFFFF
    value = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little") * multiplier & mask
        word = (word ^ word >> 24) * multiplier & mask
        value = (value * multiplier & mask) ^ word
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * multiplier & mask
    value = (value ^ value >> 13) * multiplier & mask
    return value ^ value >> 15
