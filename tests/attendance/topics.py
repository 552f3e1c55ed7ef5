"""Topics of a test's own on the real Kafka, and all that is in one."""

from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

PARTITIONS = 3


@dataclass(frozen=True)
class Message:
    partition: int
    key: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


async def create_topic(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    finally:
        await admin.close()


async def read_all(bootstrap: str, topic: str) -> list[Message]:
    """Read a topic from its beginning to where it ends now, in order within each partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        messages: list[Message] = []
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                fetched = await consumer.getmany(partition, timeout_ms=500)
                messages += [
                    Message(one.partition, one.key.decode(), one.value, tuple(one.headers))
                    for one in fetched.get(partition, [])
                ]
        return messages
    finally:
        await consumer.stop()
