"""Frames read once more from Kafka, outside of the consumer group: what a lane needs to have its templates back.

Faust has no seam for it: its consumer belongs to the group, and only goes forward.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from stream_app.messages import Message

# So many messages before the last one that a camera's state holds: with all cameras of the partition among them, some
# seconds of a live stream. Older templates are made anew by the next frames.
MOST_READ_BACK = 512
# A broker that doesn't give the next message for so long has none.
LONGEST_WAIT_MS = 2_000


class ReadBack:
    """Reads the end of what was already processed of a partition. One reader at a time: it costs whole frames."""

    def __init__(self, bootstrap: str, *, largest_message: int) -> None:
        self._bootstrap = bootstrap
        self._largest_message = largest_message
        self._turn = asyncio.Lock()

    async def messages(
        self, topic: str, partition: int, until_offset: int, key: bytes, ids: Collection[str]
    ) -> list[Message]:
        """Give a camera's frames of these ids up to an offset, in order; those that Kafka deleted are missing.

        Raises:
            KafkaError: the broker is away.
        """
        async with self._turn:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap,
                enable_auto_commit=False,
                max_partition_fetch_bytes=self._largest_message,
                client_id="rollcall-read-back",
            )
            try:
                await consumer.start()
                found = _read(consumer, TopicPartition(topic, partition), until_offset)
                # All others' pictures are let go at once: together they may be gigabytes.
                return [each async for each in found if each.key == key and _id(each) in ids]
            finally:
                await consumer.stop()


def _id(message: Message) -> str:
    return (message.header("ce_id") or b"").decode(errors="replace")


async def _read(consumer: AIOKafkaConsumer, partition: TopicPartition, until_offset: int) -> AsyncIterator[Message]:
    consumer.assign([partition])
    beginning = (await consumer.beginning_offsets([partition]))[partition]
    consumer.seek(partition, max(beginning, until_offset + 1 - MOST_READ_BACK))
    while await consumer.position(partition) <= until_offset:
        batches = await consumer.getmany(partition, timeout_ms=LONGEST_WAIT_MS)
        if not batches.get(partition):
            return
        for record in batches[partition]:
            if record.offset <= until_offset:
                yield Message(
                    topic=record.topic,
                    partition=record.partition,
                    offset=record.offset,
                    key=record.key,
                    value=record.value,
                    headers=tuple(record.headers),
                    arrived_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
                )
