"""Producing a camera's pictures straight to Kafka, signed with the camera's key."""

import asyncio

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from ingest.agent.backoff import Backoff
from ingest.agent.outbound import Outbound, Outgoing
from ingest.contract import Frame, to_headers

log = structlog.get_logger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_MOST_UNDER_WAY = 16
# `frames` dates messages by the broker's clock; this is Kafka's mark for that.
_LOG_APPEND_TIME = 1


class KafkaLink:
    """One camera's way to the topic; all cameras share the producer."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, key: tuple[str, bytes], outbound: Outbound) -> None:
        self._producer = producer
        self._topic = topic
        self._key_id, self._key = key
        self._outbound = outbound
        self._places = asyncio.Semaphore(_MOST_UNDER_WAY)
        self._backoff = Backoff(_FIRST_WAIT, _LONGEST_WAIT)
        self._log = log.bind(camera=outbound.camera_id)

    async def run(self) -> None:
        """Produce until cancelled; the first alone, whose reply tells the broker's time."""
        await self._places.acquire()
        await self._produce(await self._outbound.next())
        async with asyncio.TaskGroup() as group:
            while True:
                await self._places.acquire()
                outgoing = await self._outbound.next()
                group.create_task(self._produce(outgoing))

    async def _produce(self, outgoing: Outgoing) -> None:
        frame = Frame(
            id=outgoing.kept.id,
            camera_id=self._outbound.camera_id,
            taken_at=outgoing.taken_at,
            content_type="image/jpeg",
            picture=outgoing.picture,
        )
        clock = self._outbound.clock
        sent = clock.local()
        try:
            placed = await self._producer.send_and_wait(
                self._topic,
                frame.picture,
                key=frame.camera_id.encode(),
                headers=to_headers(frame, key_id=self._key_id, key=self._key),
            )
        except MessageSizeTooLargeError as error:
            self._outbound.refused(outgoing.kept, "message_too_large", str(error))
        except KafkaError as error:
            self._log.warning("to be sent again", id=frame.id, why=str(error) or type(error).__name__)
            await asyncio.sleep(self._backoff.next())
            self._outbound.again(outgoing.kept)
        else:
            if placed.timestamp_type == _LOG_APPEND_TIME:
                clock.observe(sent, placed.timestamp / 1000, clock.local())
            self._outbound.stored(outgoing.kept)
            self._backoff.reset()
        finally:
            self._places.release()


async def start(producer: AIOKafkaProducer) -> None:
    """Connect, however long Kafka is away."""
    backoff = Backoff(_FIRST_WAIT, _LONGEST_WAIT)
    while True:
        try:
            await producer.start()
        except KafkaError as error:
            wait = backoff.next()
            log.warning("Kafka can't be reached", why=str(error), again_in_s=round(wait, 1))
            await asyncio.sleep(wait)
        else:
            return
