"""The relay between the real database and the real Kafka: nothing is lost, and each revision comes in its order."""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from attendance import rules
from attendance.events import AttendanceChanged, meeting_closed
from attendance.ids import new_id
from attendance.meetings import MeetingState
from attendance.outbox import OutboxRelay, make_producer, relay
from attendance.status import Status
from attendance.store import PendingEvents, Store, StoreUnavailable
from attendance.store.collection import Collection
from attendance.store.outbox import Claim
from deploy.local.stack import LocalStack
from tests.attendance.building import MEETING, NOW, STUDENT, meeting
from tests.attendance.conftest import Documents
from tests.attendance.databases import free_port
from tests.attendance.topics import Message, create_topic, read_all

SENT_WITHIN_SECONDS = 60.0


@pytest.fixture
def bootstrap(stack: LocalStack) -> str:
    return stack.kafka_bootstrap


@pytest.fixture
async def topic(bootstrap: str) -> str:
    name = f"test.{uuid4().hex}.attendance.events"
    await create_topic(bootstrap, name)
    return name


@pytest.fixture
def make(bootstrap: str) -> Callable[[], AIOKafkaProducer]:
    return lambda: make_producer(bootstrap, client_id="test")


@contextlib.asynccontextmanager
async def running(*relays: OutboxRelay) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(each.run()) for each in relays]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended


async def mark(store: Store, reason: str, student_id: str = STUDENT) -> None:
    await store.records.change(
        meeting(),
        student_id,
        lambda before: rules.mark(before, MEETING, student_id, Status.PRESENT, by="t", reason=reason, now=NOW),
        now=NOW,
    )


async def all_sent(store: Store) -> None:
    async with asyncio.timeout(SENT_WITHIN_SECONDS):
        while await store.pending_events.oldest() is not None:
            await asyncio.sleep(0.02)


async def frozen(documents: Documents) -> dict[str, list[bytes]]:
    """Give every record's events as its history froze them, by student."""
    return {
        document["student_id"]: [step["event"].encode() for step in document["history"]]
        async for document in documents["records"].find({})
    }


def by_key(messages: list[Message]) -> dict[str, list[bytes]]:
    arrived: dict[str, list[bytes]] = defaultdict(list)
    for message in messages:
        arrived[message.key].append(message.value)
    return dict(arrived)


def first_arrivals(values: list[bytes]) -> list[bytes]:
    return list(dict.fromkeys(values))


async def test_every_event_arrives_once_in_order_as_it_was_frozen(
    store: Store, documents: Documents, bootstrap: str, topic: str, make: Callable[[], AIOKafkaProducer]
) -> None:
    students = [new_id() for _ in range(30)]
    for reason in "abc":
        await asyncio.gather(*(mark(store, reason, student_id) for student_id in students))
    sender = OutboxRelay(store.pending_events, make, topic)
    async with running(sender):
        await all_sent(store)
    messages = await read_all(bootstrap, topic)
    assert by_key(messages) == await frozen(documents)
    assert len(messages) == 90
    assert {message.headers for message in messages} == {
        (("content-type", b"application/cloudevents+json; charset=utf-8"),)
    }
    for key in students:
        assert len({message.partition for message in messages if message.key == key}) == 1


async def test_a_closed_meeting_is_told_under_its_own_key(
    store: Store, bootstrap: str, topic: str, make: Callable[[], AIOKafkaProducer]
) -> None:
    await store.meetings.add(meeting())
    event = meeting_closed(meeting(), 1, taken=True, coverage=1, counts={Status.PRESENT: 1}, now=NOW)
    await store.meetings.close(meeting(), MeetingState.CLOSED, event)
    async with running(OutboxRelay(store.pending_events, make, topic)):
        await all_sent(store)
    assert by_key(await read_all(bootstrap, topic)) == {MEETING: [event.frozen().encode()]}


async def test_with_several_relays_and_writers_at_once_nothing_is_lost_and_order_holds(
    store: Store,
    open_store: Callable[[], Store],
    documents: Documents,
    bootstrap: str,
    topic: str,
    make: Callable[[], AIOKafkaProducer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "LEASE", timedelta(hours=1))  # no lease runs out, however slow the machine
    stores = [store, *(open_store() for _ in range(3))]
    relays = [OutboxRelay(each.pending_events, make, topic) for each in stores]
    students = [new_id() for _ in range(6)]

    async def write(writer: int) -> None:
        for turn in range(10):
            await mark(stores[writer % 4], f"{writer}/{turn}", students[(writer + turn) % len(students)])
            relays[turn % 4].nudge()

    async with running(*relays):
        await asyncio.gather(*(write(writer) for writer in range(8)))
        await all_sent(store)
    arrived = by_key(await read_all(bootstrap, topic))
    assert arrived == await frozen(documents)  # each once, too: nobody died, so nothing was sent again


class FailsOnConfirm(PendingEvents):
    """As it goes with a relay that is killed once Kafka has its events, and before it can say so."""

    async def confirm(self, owner: str, claims: list[Claim]) -> None:
        raise StoreUnavailable("killed")


async def test_what_a_killed_relay_had_sent_is_sent_again_with_the_same_id_and_bytes(
    store: Store,
    documents: Documents,
    bootstrap: str,
    topic: str,
    make: Callable[[], AIOKafkaProducer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "LEASE", timedelta(seconds=0.3))
    students = [new_id() for _ in range(5)]
    for reason in "ab":
        await asyncio.gather(*(mark(store, reason, student_id) for student_id in students))
    killed = OutboxRelay(FailsOnConfirm(store.pending_events._collections), make, topic)
    with pytest.raises(StoreUnavailable, match="killed"):
        await killed.send_batch()
    assert by_key(await read_all(bootstrap, topic)) == await frozen(documents)
    await asyncio.gather(*(mark(store, "c", student_id) for student_id in students))

    async with running(OutboxRelay(store.pending_events, make, topic)):
        await all_sent(store)
    arrived, expected = by_key(await read_all(bootstrap, topic)), await frozen(documents)
    assert {key: first_arrivals(values) for key, values in arrived.items()} == expected
    assert all(values == [*expected[key][:2], *expected[key]] for key, values in arrived.items())
    await killed._drop_producer()


async def test_while_kafka_is_away_events_wait_and_are_sent_when_it_is_back(
    store: Store, documents: Documents, bootstrap: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "RETRY_SECONDS", 0.05)
    address = [f"127.0.0.1:{free_port()}"]
    await mark(store, "a")
    sender = OutboxRelay(store.pending_events, lambda: make_producer(address[0], client_id="test"), topic)
    with pytest.raises(KafkaError):
        await sender.send_batch()
    assert await store.pending_events.oldest() == NOW
    async with running(sender):
        await mark(store, "b")
        await mark(store, "c")
        assert await read_all(bootstrap, topic) == []
        assert await store.pending_events.oldest() == NOW
        address[0] = bootstrap
        await all_sent(store)
    assert by_key(await read_all(bootstrap, topic)) == await frozen(documents)


class AddsMeanwhile(PendingEvents):
    """Confirms only after another revision was written, as happens when somebody is quick."""

    def __init__(self, collections: list[Collection], write: Callable[[], Awaitable[None]]) -> None:
        super().__init__(collections)
        self._writes = [write]

    async def confirm(self, owner: str, claims: list[Claim]) -> None:
        while self._writes:
            await self._writes.pop()()
        await super().confirm(owner, claims)


async def test_an_event_added_while_its_document_is_sent_is_not_lost(
    store: Store, documents: Documents, bootstrap: str, topic: str, make: Callable[[], AIOKafkaProducer]
) -> None:
    await mark(store, "a")
    pending = AddsMeanwhile(store.pending_events._collections, lambda: mark(store, "b"))
    sender = OutboxRelay(pending, make, topic)
    assert await sender.send_batch() == 1
    assert await sender.send_batch() == 1
    assert await sender.send_batch() == 0
    assert by_key(await read_all(bootstrap, topic)) == await frozen(documents)
    assert await store.pending_events.oldest() is None
    await sender._drop_producer()


async def test_an_event_that_kafka_refuses_stays_and_holds_no_other_up(
    store: Store, documents: Documents, bootstrap: str, topic: str
) -> None:
    small = 3_000
    students = [new_id() for _ in range(4)]
    await asyncio.gather(*(mark(store, "a", student_id) for student_id in students))
    await store.meetings.add(replace(meeting(), class_id="c" * small))
    of = await store.meetings.get(MEETING)
    too_large = meeting_closed(of, 1, taken=True, coverage=1, counts={}, now=NOW)
    await store.meetings.close(of, MeetingState.CLOSED, too_large)
    sender = OutboxRelay(
        store.pending_events, lambda: make_producer(bootstrap, client_id="test", largest_message=small), topic
    )
    with pytest.raises(KafkaError):
        await sender.send_batch()
    assert by_key(await read_all(bootstrap, topic)) == await frozen(documents)
    (left,) = await store.pending_events.claim("one", now=NOW, lease=relay.LEASE, limit=10)
    assert [event.payload for event in left.events] == [too_large.frozen()]
    await sender._drop_producer()


class OneByOne:
    """Notes what it is given, and refuses the first event at its first try."""

    def __init__(self) -> None:
        self.given: list[int] = []

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def send_and_wait(self, topic: str, *, key: bytes, value: bytes, headers: object) -> None:
        self.given.append(json.loads(value)["data"]["revision"])
        await asyncio.sleep(0)
        if len(self.given) == 1:
            raise KafkaError("timed out")


async def test_a_revision_is_not_sent_before_the_one_before_it_is_confirmed(store: Store) -> None:
    for reason in "abc":
        await mark(store, reason)
    producer = OneByOne()
    sender = OutboxRelay(store.pending_events, lambda: producer, "topic")
    with pytest.raises(KafkaError, match="timed out"):
        await sender.send_batch()
    assert await sender.send_batch() == 3
    assert producer.given == [1, 1, 2, 3]


async def test_a_relay_survives_the_database_being_away(
    store: Store,
    documents: Documents,
    bootstrap: str,
    topic: str,
    make: Callable[[], AIOKafkaProducer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "RETRY_SECONDS", 0.05)
    asked = 0
    claim = store.pending_events.claim

    async def away_at_first(*args: object, **kwargs: object) -> list[Claim]:
        nonlocal asked
        asked += 1
        if asked <= 3:
            raise StoreUnavailable("away")
        return await claim(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(store.pending_events, "claim", away_at_first)
    await mark(store, "a")
    async with running(OutboxRelay(store.pending_events, make, topic)):
        await all_sent(store)
    assert [
        AttendanceChanged.model_validate_json(one.value).data.revision for one in await read_all(bootstrap, topic)
    ] == [1]
    assert by_key(await read_all(bootstrap, topic)) == await frozen(documents)
