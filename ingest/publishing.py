"""Bringing frames to Kafka: one idempotent producer, replaced when it can't go on.

An idempotent aiokafka producer retries for ever what may be retried, so the bound on waiting is ours. What it can't
retry leaves a gap in its sequence numbers, and the broker then refuses every later message of that partition: only a
new producer, with a new id, mends that. A frame written twice on the way carries the same `ce_id`.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from aiokafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from ingest.budget import Budget
from ingest.contract import Headers

log = structlog.get_logger(__name__)

# Bootstrapping waits for an unreachable address for as long as the operating system does: minutes.
_START_SECONDS = 10.0
# Without a pause a broker that is away is asked some thousand times a second.
_RETRY_SECONDS = 1.0


# What `send` may raise before the message has a sequence number: the producer is as good as before.
_NOTHING_SENT = (
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)


class Producer(Protocol):
    """The part of `AIOKafkaProducer` that is used."""

    client: Any

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Send what is left and disconnect."""

    async def send(self, topic: str, value: bytes, key: bytes, *, headers: Headers) -> "asyncio.Future[Any]":
        """Hand a message over; the future is done when Kafka has confirmed or refused it."""
        ...


@dataclass(frozen=True, slots=True)
class Placed:
    """Where Kafka put a frame."""

    partition: int
    offset: int


class KafkaUnavailable(Exception):
    """Kafka didn't confirm in time, or not at all. The frame may be there nevertheless."""


class Publisher:
    """Sends frames to one topic. `budget` bounds what Kafka hasn't confirmed yet, whether anyone still waits or not."""

    def __init__(self, make_producer: Callable[[], Producer], topic: str, budget: Budget) -> None:
        self._make = make_producer
        self._topic = topic
        self.budget = budget
        self._producer: Producer | None = None
        self._connected = asyncio.Event()
        self._wanted = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Connect in the background, again and again: cameras may come before Kafka does."""
        self._wanted.set()
        self._connecting = asyncio.create_task(self._keep_connected())

    async def send(
        self, camera_id: str, picture: bytes, headers: Headers, turn: asyncio.Lock
    ) -> "asyncio.Future[Placed]":
        """Hand a frame over and give what its confirmation will be; calls with the same `turn` keep their order.

        Waits for room in the producer, without a bound: cancel it when it takes too long, and nothing was sent. The
        budget's place, taken before, is given back when Kafka has confirmed or refused.

        Raises:
            KafkaUnavailable: the producer refused it.
        """
        size = len(picture)
        try:
            async with turn:
                while (producer := self._producer) is None:
                    await self._connected.wait()
                sent = await self._hand_over(producer, camera_id, picture, headers)
        except BaseException:
            self.budget.give_back(size)
            raise
        placed: asyncio.Future[Placed] = asyncio.get_running_loop().create_future()
        sent.add_done_callback(lambda done: self._finished(producer, done, size, placed))
        return placed

    async def check(self) -> str | None:
        """Say what keeps frames from Kafka; None where nothing does."""
        producer = self._producer
        if producer is None:
            return "Kafka can't be reached"
        try:
            metadata = await producer.client.fetch_all_metadata()
        except KafkaError as error:
            return f"Kafka can't be reached: {_why(error)}"
        if self._topic not in metadata.topics():
            return f"Kafka has no topic {self._topic}: run `rollcall topics`"
        return None

    async def stop(self, within: float) -> None:
        """End the producer. What it hasn't sent by then is abandoned: nobody was told that it is stored."""
        if self._connecting is not None:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        if self._producer is not None:
            self._end(self._producer)
        if self._ending:
            _, late = await asyncio.wait(self._ending, timeout=within)
            for task in late:
                task.cancel()

    async def _hand_over(
        self, producer: Producer, camera_id: str, picture: bytes, headers: Headers
    ) -> "asyncio.Future[Any]":
        try:
            return await producer.send(self._topic, picture, camera_id.encode(), headers=headers)
        except KafkaError as error:
            if not isinstance(error, _NOTHING_SENT):
                self._failed(producer, error)
            raise KafkaUnavailable(_why(error)) from error

    async def _keep_connected(self) -> None:
        while True:
            await self._wanted.wait()
            producer = self._make()
            try:
                async with asyncio.timeout(_START_SECONDS):
                    await producer.start()
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("kafka is away", error=_why(error))
                self._end(producer)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            except asyncio.CancelledError:
                self._end(producer)
                raise
            self._producer = producer
            self._wanted.clear()
            self._connected.set()

    def _failed(self, producer: Producer, error: BaseException) -> None:
        if producer is not self._producer:
            return  # replaced already
        log.error("the kafka producer is replaced", error=_why(error))
        self._producer = None
        self._connected.clear()
        self._wanted.set()
        self._end(producer)

    def _finished(
        self, producer: Producer, done: "asyncio.Future[Any]", size: int, placed: "asyncio.Future[Placed]"
    ) -> None:
        self.budget.give_back(size)
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        if error is not None:
            self._failed(producer, error)
        if placed.done():
            return  # nobody waits any more
        if error is not None:
            placed.set_exception(KafkaUnavailable(_why(error)))
            placed.exception()  # read here, lest the loop complains where nobody waits any more
        else:
            placed.set_result(Placed(done.result().partition, done.result().offset))

    def _end(self, producer: Producer) -> None:
        # It sends what it still has, which may take as long as Kafka is away; nothing waits for that.
        task = asyncio.create_task(_quietly(producer.stop()))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def _quietly(stop: Awaitable[None]) -> None:
    try:
        await stop
    except (KafkaError, OSError) as error:
        log.info("a kafka producer ended with an error", error=_why(error))


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
