"""A frame has one letter, however often workers die between the letter and its acknowledgement."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.stack import LocalStack
from deploy.topics import TopicSettings, ensure_topics
from stream_app.dead_letters import DeadLetters
from stream_app.dead_topic import letter_of, open_dead_topic
from stream_app.messages import Message, Refused
from stream_app.refused_before import SURE_FOR_SECONDS, RefusedBefore

WHY = Refused("not_a_picture", "no picture")


class Broker:
    """A topic of dead letters of the test's own, and workers that write to it."""

    def __init__(self, bootstrap: str, topic: str, ending: AsyncExitStack) -> None:
        self.bootstrap, self.topic = bootstrap, topic
        self._ending = ending

    def worker(self) -> DeadLetters:
        letters = DeadLetters(self.bootstrap, self.topic, largest_message=1_000_000)
        self._ending.push_async_callback(letters.stop)
        return letters

    async def sources(self) -> list[tuple[int, int]]:
        async with open_dead_topic(self.bootstrap, self.topic) as topic:
            return sorted([letter_of(record).source async for record in topic.records()])


@pytest.fixture
async def broker(stack: LocalStack) -> AsyncIterator[Broker]:
    connection = stack.settings.model_copy(update={"topic_prefix": f"once-{secrets.token_hex(4)}."})
    await ensure_topics(connection, TopicSettings())
    async with AsyncExitStack() as ending:
        yield Broker(connection.kafka_bootstrap, connection.topics.frames_dead, ending)


def frame(offset: int, partition: int = 0) -> Message:
    arrived_at = datetime.now(UTC) - timedelta(seconds=30)
    return Message("frames", partition, offset, b"camera", b"bytes", (("ce_id", b"f"),), arrived_at)


async def test_who_takes_over_sends_no_second_letter_for_what_was_not_acknowledged(broker: Broker) -> None:
    first = broker.worker()
    for offset in (4, 5, 6):
        await first.send(frame(offset), WHY)
    second = broker.worker()
    for offset in (5, 6, 7):
        await second.send(frame(offset), WHY)
    # The same offset of another partition is another frame.
    await second.send(frame(5, partition=1), WHY)
    assert await broker.sources() == [(0, 4), (0, 5), (0, 6), (0, 7), (1, 5)]


async def test_a_worker_that_gets_a_partition_back_sends_no_second_letter(broker: Broker) -> None:
    worker = broker.worker()
    for offset in (4, 5, 4, 5):  # a rebalance took them away before they were acknowledged, and gave them back at once
        await worker.send(frame(offset), WHY)
    assert await broker.sources() == [(0, 4), (0, 5)]


async def test_who_was_stopped_for_a_while_looks_again_before_its_next_letter(broker: Broker) -> None:
    now = 0.0
    sleeper = RefusedBefore(broker.bootstrap, broker.topic, clock=lambda: now)
    assert not await sleeper.holds(frame(1))
    sleeper.sent(frame(1))
    await broker.worker().send(frame(2), WHY)
    assert not await sleeper.holds(frame(2)), "while it sends, all letters are its own"
    now += SURE_FOR_SECONDS + 1
    assert await sleeper.holds(frame(2))


async def test_after_a_failure_it_looks_whether_the_letter_is_there_all_the_same(broker: Broker) -> None:
    before = RefusedBefore(broker.bootstrap, broker.topic)
    assert not await before.holds(frame(1))
    await broker.worker().send(frame(1), WHY)
    before.failed(frame(1))
    assert await before.holds(frame(1))


async def test_a_topic_that_was_never_made_holds_nothing(stack: LocalStack) -> None:
    assert not await RefusedBefore(stack.kafka_bootstrap, "nobody-made-this").holds(frame(1))
