"""Whether frames from before a moment still wait in Kafka, asked of the real one."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from attendance.outbox import make_producer
from deploy.local.stack import LocalStack
from deploy.topics import TopicSettings, ensure_topics
from stream_app.arrivals import Arrivals

A_MINUTE = timedelta(minutes=1)


class Frames:
    """The topic `frames` of a test's own, with a group that commits what the test says."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.bootstrap, self.topic = bootstrap, topic
        self.group = f"group-{secrets.token_hex(4)}"

    def arrivals(self) -> Arrivals:
        return Arrivals(self.bootstrap, self.topic, self.group)

    async def arrive(self, partition: int, count: int = 1) -> datetime:
        """Put frames there; give a moment after the last of them arrived, by the broker's clock."""
        producer = make_producer(self.bootstrap, client_id="test")
        await producer.start()
        try:
            for _ in range(count):
                stored = await producer.send_and_wait(self.topic, b"frame", partition=partition)
        finally:
            await producer.stop()
        return datetime.fromtimestamp(stored.timestamp / 1000, UTC) + timedelta(milliseconds=1)

    async def commit(self, partition: int, offset: int) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=self.group, enable_auto_commit=False)
        await consumer.start()
        try:
            consumer.assign([TopicPartition(self.topic, partition)])
            await consumer.commit({TopicPartition(self.topic, partition): offset})
        finally:
            await consumer.stop()


@pytest.fixture
async def frames(stack: LocalStack) -> Frames:
    connection = stack.settings.model_copy(update={"topic_prefix": f"arrivals-{secrets.token_hex(4)}."})
    await ensure_topics(connection, TopicSettings(frames_partitions=2))
    made = Frames(connection.kafka_bootstrap, connection.topics.frames)
    await made.commit(0, 0)  # a broker that was just started can't be asked about groups before it has seen one
    return made


async def test_where_nothing_ever_arrived_nothing_waits(frames: Frames) -> None:
    now = datetime.now(UTC)
    assert await frames.arrivals().processed_until([now]) == {now}


async def test_a_frame_that_was_never_taken_makes_all_later_moments_wait_and_none_before_it(frames: Frames) -> None:
    before = datetime.now(UTC) - A_MINUTE
    after = await frames.arrive(1)
    assert await frames.arrivals().processed_until([before, after]) == {before}


async def test_a_moment_is_past_once_what_arrived_before_it_is_committed_whatever_came_since(frames: Frames) -> None:
    await frames.arrive(0, 2)
    moment = await frames.arrive(1, 3)
    await frames.arrive(1)
    arrivals = frames.arrivals()
    await frames.commit(0, 2)
    await frames.commit(1, 2)
    assert await arrivals.processed_until([moment]) == set()
    await frames.commit(1, 3)
    assert await arrivals.processed_until([moment]) == {moment}
    assert await arrivals.processed_until([datetime.now(UTC) + A_MINUTE]) == set(), "the fourth still waits"


async def test_what_is_known_to_be_past_needs_no_broker_and_the_rest_waits_while_it_is_away(frames: Frames) -> None:
    arrivals = frames.arrivals()
    moment = datetime.now(UTC)
    assert await arrivals.processed_until([moment]) == {moment}
    arrivals._bootstrap = "127.0.0.1:1"
    asked = [moment - A_MINUTE, moment, moment + A_MINUTE]
    assert await arrivals.processed_until(asked) == {moment - A_MINUTE, moment}
