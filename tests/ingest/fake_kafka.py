"""A Kafka producer whose confirmations a test gives, holds back or refuses."""

import asyncio
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import KafkaConnectionError, KafkaError

from ingest.contract import Headers


@dataclass(frozen=True)
class Record:
    """What the real one tells of a confirmed message."""

    partition: int
    offset: int


class FakeKafka:
    """Makes producers, counts what they hold, and remembers what was confirmed."""

    def __init__(self) -> None:
        self.flows = asyncio.Event()
        self.starts_refused = 0
        self.made: list[FakeProducer] = []
        self.held: list[tuple[bytes, asyncio.Future[Record]]] = []
        self.confirmed: list[bytes] = []

    def producer(self) -> "FakeProducer":
        producer = FakeProducer(self)
        self.made.append(producer)
        return producer

    def release(self) -> None:
        """Confirm what is held, and from now on everything at once."""
        self.flows.set()
        for picture, future in self.held:
            self.confirm(picture, future)
        self.held.clear()

    def refuse(self, error: KafkaError) -> None:
        """Refuse what is held."""
        for _, future in self.held:
            future.set_exception(error)
        self.held.clear()

    def confirm(self, picture: bytes, future: "asyncio.Future[Record]") -> None:
        self.confirmed.append(picture)
        future.set_result(Record(0, len(self.confirmed) - 1))


class FakeProducer:
    """The part of `AIOKafkaProducer` that ingest uses."""

    client: Any = None

    def __init__(self, kafka: FakeKafka) -> None:
        self.kafka = kafka
        self.is_stopped = False

    async def start(self) -> None:
        if self.kafka.starts_refused:
            self.kafka.starts_refused -= 1
            raise KafkaConnectionError("not yet")

    async def stop(self) -> None:
        self.is_stopped = True

    async def send(self, _topic: str, value: bytes, _key: bytes, *, headers: Headers) -> "asyncio.Future[Any]":
        assert headers
        future: asyncio.Future[Record] = asyncio.get_running_loop().create_future()
        if self.kafka.flows.is_set():
            self.kafka.confirm(value, future)
        else:
            self.kafka.held.append((value, future))
        return future
