"""The relay: takes stored events to Kafka in order of revision, and takes them off once Kafka confirmed them."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from attendance.ids import new_id
from attendance.store import PendingEvents, StoreUnavailable
from attendance.store.outbox import Claim

# A relay that dies in between holds its documents for so long; a slower Kafka than that means a second sending, which
# the events' ids make harmless.
LEASE = timedelta(seconds=10)
# Events left by a process that died are found by looking; this is how long they wait at the most beyond the lease.
SWEEP_SECONDS = 0.5
# Enough to send a class' closing at once; more would only make the lease tighter.
BATCH = 200
RETRY_SECONDS = 1.0

MakeProducer = Callable[[], AIOKafkaProducer]

log = structlog.get_logger(__name__)


class OutboxRelay:
    """Sends what `pending` holds to a topic. Several may run, in any number of processes.

    `nudge()` after a change makes it look at once.
    """

    def __init__(self, pending: PendingEvents, make_producer: MakeProducer, topic: str) -> None:
        self._pending = pending
        self._make_producer = make_producer
        self._topic = topic
        self._changed = asyncio.Event()
        self._producer: AIOKafkaProducer | None = None

    def nudge(self) -> None:
        """Say that there may be something to send."""
        self._changed.set()

    async def run(self) -> None:
        """Send for ever; Kafka or the database being away is waited out. Ends when cancelled."""
        try:
            while True:
                try:
                    sent = await self.send_batch()
                except (KafkaError, StoreUnavailable) as error:
                    log.warning("events wait: can't be sent now", error=str(error))
                    await self._drop_producer()
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                if not sent:
                    await self._wait_for_change()
        finally:
            await self._drop_producer()

    async def send_batch(self) -> int:
        """Send what can be claimed now; give the number of events that were confirmed.

        Raises:
            KafkaError: Kafka did not confirm some of them; those stay.
            StoreUnavailable: the database is away; events may be sent again, with the same ids.
        """
        owner = new_id()
        claims = await self._pending.claim(owner, now=datetime.now(UTC), lease=LEASE, limit=BATCH)
        if not claims:
            return 0
        sent, failure = await self._send(claims)
        await self._pending.confirm(owner, sent)
        if failure is not None:
            await self._pending.release(owner, [claim for claim in claims if claim not in sent])
            raise failure
        return sum(len(claim.events) for claim in claims)

    async def _send(self, claims: list[Claim]) -> tuple[list[Claim], KafkaError | None]:
        # What Kafka took is taken off even where it refused another: else all of it would be sent again each time.
        try:
            producer = await self._started_producer()
        except KafkaError as error:
            return [], error
        failures = await asyncio.gather(*(self._send_in_order(producer, claim) for claim in claims))
        sent = [claim for claim, failure in zip(claims, failures, strict=True) if failure is None]
        return sent, next((failure for failure in failures if failure is not None), None)

    async def _send_in_order(self, producer: AIOKafkaProducer, claim: Claim) -> KafkaError | None:
        # One at a time: of two batches, Kafka may take the later after the earlier has timed out.
        try:
            for event in claim.events:
                await producer.send_and_wait(
                    self._topic, key=event.key.encode(), value=event.payload.encode(), headers=_HEADERS
                )
        except KafkaError as error:
            return error
        return None

    async def _started_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = self._make_producer()
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _drop_producer(self) -> None:
        # An idempotent producer that failed once may refuse all that follows; a new one starts clean.
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _wait_for_change(self) -> None:
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()


# CloudEvents in structured mode: the content type says so, the rest is in the value.
_HEADERS = [("content-type", b"application/cloudevents+json; charset=utf-8")]
