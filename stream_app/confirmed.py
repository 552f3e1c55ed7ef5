"""A Kafka producer for what must be confirmed: made when it is first needed, and made anew after a failure."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from attendance.outbox import make_producer

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send. `partition`: None for the one that follows from the key."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers
    partition: int | None = None


class ConfirmedProducer:
    """Sends, and waits until all in-sync replicas have it. Its own retries add nothing twice."""

    def __init__(self, bootstrap: str, *, client_id: str, largest_message: int = 1_048_576) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._largest_message = largest_message
        self._producer: AIOKafkaProducer | None = None

    async def send(self, *messages: Outgoing) -> list[RecordMetadata]:
        """Send messages, those of one partition in this order, and give where each one lies.

        Raises:
            KafkaError: not all were confirmed; send all of them again.
        """
        try:
            producer = await self._started()
            pending = [
                await producer.send(
                    each.topic, key=each.key, value=each.value, headers=list(each.headers), partition=each.partition
                )
                for each in messages
            ]
            return list(await asyncio.gather(*pending))
        except Exception:
            # An idempotent producer that failed once may refuse all that follows.
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the connection; the next `send` opens another."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = make_producer(self._bootstrap, client_id=self._client_id, largest_message=self._largest_message)
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer
