"""The producer behind the service: it comes late, it fails, it is replaced."""

import asyncio

import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError, OutOfOrderSequenceNumber

from ingest.budget import Budget
from ingest.contract import Headers
from ingest.publishing import KafkaUnavailable, Placed, Publisher
from tests.ingest.fake_kafka import FakeKafka, FakeProducer

HEADERS: Headers = [("ce_id", b"a")]


async def published(publisher: Publisher, picture: bytes = b"picture") -> "asyncio.Future[Placed]":
    await publisher.budget.take(len(picture))
    return await publisher.send("cam-1", picture, HEADERS, asyncio.Lock())


async def test_frames_wait_for_a_kafka_that_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.publishing._RETRY_SECONDS", 0.01)
    kafka = FakeKafka()
    kafka.starts_refused = 2
    kafka.release()
    publisher = Publisher(kafka.producer, "frames", Budget(9, 100))
    assert await publisher.check() == "Kafka can't be reached"
    publisher.start()
    assert await (await published(publisher)) == Placed(0, 0)
    await publisher.stop(5)
    assert [producer.is_stopped for producer in kafka.made] == [True] * 3


async def test_a_producer_whose_sequence_is_broken_is_replaced_by_a_new_one() -> None:
    kafka = FakeKafka()
    publisher = Publisher(kafka.producer, "frames", Budget(9, 100))
    publisher.start()
    placed = await published(publisher)
    kafka.refuse(OutOfOrderSequenceNumber())
    with pytest.raises(KafkaUnavailable):
        await placed
    assert publisher.budget.frames == 0
    kafka.release()
    assert await (await published(publisher)) == Placed(0, 0)
    assert len(kafka.made) == 2
    await publisher.stop(5)
    assert [producer.is_stopped for producer in kafka.made] == [True, True]


@pytest.mark.parametrize("error", [KafkaTimeoutError(), MessageSizeTooLargeError()])
async def test_a_refusal_before_anything_was_sent_keeps_the_producer(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def refuse(*_args: object, **_options: object) -> None:
        raise error

    kafka = FakeKafka()
    kafka.release()
    publisher = Publisher(kafka.producer, "frames", Budget(9, 100))
    publisher.start()
    with monkeypatch.context() as patch:
        patch.setattr(FakeProducer, "send", refuse)
        with pytest.raises(KafkaUnavailable):
            await published(publisher)
    assert publisher.budget.frames == 0
    assert await (await published(publisher)) == Placed(0, 0)
    assert len(kafka.made) == 1
    await publisher.stop(5)


async def test_one_who_waits_no_longer_gives_its_place_back_only_when_kafka_is_done() -> None:
    kafka = FakeKafka()
    publisher = Publisher(kafka.producer, "frames", Budget(9, 100))
    publisher.start()
    placed = await published(publisher)
    placed.cancel()
    assert publisher.budget.frames == 1
    kafka.release()
    while publisher.budget.frames:
        await asyncio.sleep(0)
    await publisher.stop(5)


async def test_one_who_gives_up_before_the_producer_took_the_frame_gives_its_place_back_at_once() -> None:
    kafka = FakeKafka()
    publisher = Publisher(kafka.producer, "frames", Budget(9, 100))  # not started: there is no producer yet
    waiting = asyncio.create_task(published(publisher))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert publisher.budget.frames == 0
