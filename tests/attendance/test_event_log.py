"""A reader that follows the log of events gets each once and misses none, whatever writers do meanwhile."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from attendance import rules
from attendance.events import EventType, meeting_closed
from attendance.ids import attendance_event_id, meeting_closed_event_id, new_id
from attendance.meetings import Meeting, MeetingState
from attendance.status import Status
from attendance.store import Store, event_log
from attendance.store.event_log import LogFilter
from tests.attendance.building import CLASS, MEETING, NOW, STUDENT, meeting
from tests.attendance.conftest import Documents

OpenStore = Callable[[], Store]
CHANGES = (Status.PRESENT, Status.LATE, Status.ABSENT)


async def mark(
    store: Store,
    student_id: str = STUDENT,
    status: Status = Status.PRESENT,
    *,
    of: Meeting | None = None,
    now: datetime = NOW,
) -> None:
    of = of or meeting()
    await store.records.change(
        of,
        student_id,
        lambda record: rules.mark(record, of.id, student_id, status, by="t", reason=None, now=now),
        now=now,
    )


async def close(store: Store, of: Meeting, number: int = 1) -> str:
    event = meeting_closed(of, number, taken=True, coverage=1, counts={}, now=NOW)
    assert await store.meetings.close(of, MeetingState.CLOSED, event)
    return event.frozen()


async def everything(store: Store, *, limit: int = 7, only: LogFilter = event_log.ALL_EVENTS) -> list[str]:
    """Read from the beginning as far as it goes; give the payloads."""
    payloads: list[str] = []
    after, more = 0, True
    while more:
        page = await store.event_log.read(after=after, limit=limit, only=only)
        payloads += [event.payload for event in page.events]
        after, more = page.read_to, page.more
    return payloads


def ids_of(payloads: list[str]) -> list[str]:
    return [json.loads(payload)["id"] for payload in payloads]


class Follower:
    """Reads on from its own place, and keeps what it got."""

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._after = 0
        self.got: list[str] = []

    async def step(self) -> bool:
        page = await self._store.event_log.read(after=self._after, limit=self._limit)
        assert page.read_to >= self._after
        self._after = page.read_to
        self.got += ids_of([event.payload for event in page.events])
        return page.more

    async def follow(self, writers_ended: asyncio.Event) -> None:
        while not writers_ended.is_set():
            await self.step()
        while await self.step():
            pass


async def test_followers_in_several_processes_miss_nothing_while_writers_write(
    store: Store, open_store: OpenStore, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "NUMBERED_AT_ONCE", 5)  # so that a backlog is left, too
    writers = [open_store() for _ in range(4)]
    followers = [Follower(open_store(), limit) for limit in (1, 3, 50)]
    students = [new_id() for _ in range(8)]
    ended = asyncio.Event()

    async def write(number: int, writer: Store) -> None:
        clock = NOW + timedelta(minutes=random.uniform(-60, 60))  # each process has a clock of its own
        for turn in range(12):
            stamp = clock + timedelta(seconds=turn)
            # Slow between the stamp and the write, some of them for much longer than others.
            await asyncio.sleep(random.choice([0, 0, 0.01, 0.3]))
            if turn == 6:
                of = meeting(meeting_id=new_id())
                await writer.meetings.add(of)
                await close(writer, of)
            else:
                status = CHANGES[(turn + number) % 3]
                await mark(writer, random.choice(students), status, now=stamp)

    following = [asyncio.create_task(follower.follow(ended)) for follower in followers]
    await asyncio.gather(*(write(number, writer) for number, writer in enumerate(writers)))
    ended.set()
    await asyncio.gather(*following)

    expected = {
        attendance_event_id(MEETING, record.student_id, step.number)
        for record in await store.records.of_meeting(MEETING)
        for step in record.history
    }
    assert len(expected) > 15
    for follower in followers:
        assert not [each for each, times in Counter(follower.got).items() if times > 1]
        assert len(follower.got) == len(expected) + len(writers)
        assert expected <= set(follower.got)
    assert followers[0].got == followers[1].got == followers[2].got
    numbers = sorted([entry["number"] async for entry in documents["event_log"].find()])
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_writer_that_stood_still_after_its_stamp_is_not_missed(store: Store, open_store: OpenStore) -> None:
    follower = Follower(open_store(), 10)
    stamped = NOW - timedelta(days=1)
    for minute in range(3):
        await mark(store, new_id(), now=NOW + timedelta(minutes=minute))
    await follower.step()
    assert len(follower.got) == 3
    await mark(store, STUDENT, now=stamped)  # what others wrote since was read long ago
    await follower.step()
    assert follower.got[3:] == [attendance_event_id(MEETING, STUDENT, 1)]


async def test_a_change_made_while_its_document_is_being_numbered_is_not_missed(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_store()
    await mark(store, STUDENT, Status.LATE)
    append = store.event_log._append

    async def append_slowly(entries: list[dict[str, object]]) -> None:
        await mark(other, STUDENT, Status.PRESENT)
        await append(entries)

    monkeypatch.setattr(store.event_log, "_append", append_slowly)
    follower = Follower(store, 10)
    await follower.step()
    monkeypatch.undo()
    await follower.step()
    assert follower.got == [attendance_event_id(MEETING, STUDENT, number) for number in (1, 2)]


async def test_who_died_after_the_numbers_were_given_gives_none_twice(store: Store, documents: Documents) -> None:
    for status in CHANGES:
        await mark(store, status=status)
    before = await everything(store)
    # As it is where the process ended between the log's write and the document's.
    await documents["records"].update_many({}, {"$set": {"unnumbered_since": NOW}, "$unset": {"numbered": ""}})
    await mark(store, status=Status.EXCUSED)
    after = await everything(store)
    assert after[:-1] == before
    assert ids_of(after[-1:]) == [attendance_event_id(MEETING, STUDENT, 4)]
    assert await documents["event_log"].count_documents({}) == 4
    assert await documents["records"].count_documents({"unnumbered_since": {"$exists": True}}) == 0


async def test_who_died_amid_giving_numbers_leaves_the_rest_to_the_next(
    store: Store, open_store: OpenStore, documents: Documents
) -> None:
    for status in CHANGES:
        await mark(store, status=status)
    whole = await everything(store)
    await documents["event_log"].delete_many({"number": {"$gt": 1}})
    await documents["records"].update_many({}, {"$set": {"unnumbered_since": NOW}, "$unset": {"numbered": ""}})
    restarted = open_store().event_log
    page = await restarted.read(after=0, limit=10)
    assert [event.payload for event in page.events] == whole


async def test_of_several_that_number_the_same_each_event_gets_one_number(store: Store, open_store: OpenStore) -> None:
    for _ in range(20):
        await mark(store, new_id())
    pages = await asyncio.gather(*(open_store().event_log.read(after=0, limit=50) for _ in range(6)))
    seen = {tuple(event.payload for event in page.events) for page in pages}
    assert len(seen) == 1
    (payloads,) = seen
    assert len(set(payloads)) == len(payloads) == 20


async def test_payloads_are_those_that_kafka_gets_byte_for_byte(store: Store) -> None:
    of = meeting()
    await store.meetings.add(of)
    for status in CHANGES:
        await mark(store, status=status)
    await close(store, of)
    claims = await store.pending_events.claim("o", now=NOW, lease=timedelta(seconds=1), limit=10)
    sent = [event for claim in claims for event in claim.events]
    assert sorted(await everything(store)) == sorted(event.payload for event in sent)
    assert len(sent) == 4
    await store.pending_events.confirm("o", claims)
    assert len(await everything(store)) == 4, "what Kafka confirmed is still here"


async def test_a_meeting_that_closes_again_is_there_each_time(store: Store) -> None:
    await store.meetings.add(meeting())
    told = [await close(store, await store.meetings.get(MEETING), number) for number in (1, 2, 3)]
    assert await everything(store) == told
    assert ids_of(told) == [meeting_closed_event_id(MEETING, number) for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("only", "count"),
    [
        (LogFilter(student_id=STUDENT), 2),
        (LogFilter(type=EventType.MEETING_CLOSED), 1),
        (LogFilter(type=EventType.ATTENDANCE_CHANGED), 6),
        (LogFilter(class_ids=(CLASS,)), 7),
        (LogFilter(class_ids=(CLASS, new_id())), 7),
        (LogFilter(class_ids=()), 0),
        (LogFilter(class_ids=(new_id(),)), 0),
        (LogFilter(meeting_id=MEETING, type=EventType.ATTENDANCE_CHANGED, student_id=STUDENT), 2),
    ],
)
async def test_a_filter_leaves_out_the_rest_and_still_gets_ahead(store: Store, only: LogFilter, count: int) -> None:
    await store.meetings.add(meeting())
    for student_id in (new_id(), STUDENT, new_id()):
        for status in CHANGES[:2]:
            await mark(store, student_id, status)
    await close(store, meeting())
    for limit in (1, 2, 100):
        assert len(await everything(store, limit=limit, only=only)) == count
    assert (await store.event_log.read(after=0, limit=100, only=only)).read_to == 7


async def test_what_was_erased_is_passed_over_and_the_rest_stays(store: Store, documents: Documents) -> None:
    others = [new_id(), new_id()]
    for student_id in (others[0], STUDENT, others[1]):
        await mark(store, student_id)
    assert len(await everything(store)) == 3
    await documents["records"].delete_many({"student_id": STUDENT})
    for limit in (1, 10):
        left = ids_of(await everything(store, limit=limit))
        assert sorted(left) == sorted(attendance_event_id(MEETING, each, 1) for each in others)


async def test_the_highest_number_is_found_from_any_place(store: Store, open_store: OpenStore) -> None:
    assert await store.event_log.highest() == 0
    for count in (1, 2, 5, 9):
        for _ in range(count):
            await mark(store, new_id())
        await store.event_log.number()
        fresh, kept = open_store().event_log, store.event_log
        answers: list[Awaitable[int]] = [fresh.highest(), *(kept.highest() for _ in range(3))]
        assert set(await asyncio.gather(*answers)) == {await kept.highest()}
    assert await store.event_log.highest() == 17
