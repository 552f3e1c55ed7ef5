"""Old frames really leave the broker's disk, by the formula of docs/operate.md.

retention + segment + the broker's check interval + its delete delay, here 2 + 1 + 1 + 1 s.
"""

import secrets
import time

from aiokafka import AIOKafkaProducer

from attendance.settings import ConnectionSettings
from deploy.local.stack import LocalStack
from deploy.topics import TopicSettings, ensure_topics
from tests.stack.waiting import until

RETENTION_S, SEGMENT_S = 2.0, 1.0
# What a loaded machine may need beyond the formula. Kafka's own defaults would need a week.
GRACE_S = 20.0


def bound_s(stack: LocalStack) -> float:
    return RETENTION_S + SEGMENT_S + stack.settings.retention_check_s + stack.settings.delete_delay_s


def is_on_disk(stack: LocalStack, topic: str, picture: bytes) -> bool:
    """Look for the bytes in every file of the topic, those marked as deleted included."""
    for file in (stack.settings.home / "kafka" / "data").glob(f"{topic}-*/*"):
        try:
            if picture in file.read_bytes():
                return True
        except FileNotFoundError:
            continue
    return False


async def begin(stack: LocalStack, prefix: str) -> tuple[ConnectionSettings, AIOKafkaProducer]:
    connection = stack.settings.model_copy(update={"topic_prefix": prefix})
    short = TopicSettings(frames_partitions=1, frames_retention_s=RETENTION_S, segment_s=SEGMENT_S)
    await ensure_topics(connection, short)
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap, acks="all")
    await producer.start()
    return connection, producer


async def test_a_frame_leaves_the_disk_while_newer_ones_keep_coming(stack: LocalStack) -> None:
    connection, producer = await begin(stack, "busy.")
    topic, picture = connection.topics.frames, secrets.token_bytes(10_000)
    await producer.send_and_wait(topic, picture)
    sent_at = time.monotonic()
    assert is_on_disk(stack, topic, picture)

    async def gone_after_one_more() -> bool:
        await producer.send_and_wait(topic, secrets.token_bytes(10_000))
        return not is_on_disk(stack, topic, picture)

    await until(gone_after_one_more, "the frame leaves the disk", within_s=bound_s(stack) + GRACE_S)
    assert time.monotonic() - sent_at >= RETENTION_S
    await producer.stop()


async def test_the_last_frame_of_a_camera_leaves_the_disk_too(stack: LocalStack) -> None:
    connection, producer = await begin(stack, "quiet.")
    topic, picture = connection.topics.frames, secrets.token_bytes(10_000)
    await producer.send_and_wait(topic, picture)
    await producer.stop()
    assert is_on_disk(stack, topic, picture)
    await until(
        lambda: not is_on_disk(stack, topic, picture),
        "the frame leaves the disk with none after it",
        within_s=bound_s(stack) + GRACE_S,
    )
