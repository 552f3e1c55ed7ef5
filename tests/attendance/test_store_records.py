"""Records under many writers, on the real database."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest

from attendance import rules
from attendance.events import AttendanceChanged
from attendance.ids import attendance_event_id, new_id
from attendance.meetings import Meeting
from attendance.records import Block, Record
from attendance.settings import ConnectionSettings
from attendance.status import Status
from attendance.store import Store
from attendance.store.records import Decide
from tests.attendance.building import CAMERA, MEETING, NOW, STUDENT, at, looked_at, meeting, sighting, steps
from tests.attendance.conftest import Documents

KEY = f"{MEETING}:{STUDENT}"
WRITERS = 20


def says(reason: str, status: Status = Status.EXCUSED, student_id: str = STUDENT, meeting_id: str = MEETING) -> Decide:
    return lambda record: rules.mark(record, meeting_id, student_id, status, by="0a1b2c3d4e5f", reason=reason, now=NOW)


def sees(*minutes: float, student_id: str = STUDENT, of: Meeting | None = None) -> Decide:
    of = of or meeting()

    def decide(record: Record | None) -> Record | None:
        for minute in minutes:
            one = sighting(minute, student_id=student_id)
            record = rules.see(record, one, of, counts_from=of.opens_at, coverage=looked_at((-10, 50)), now=NOW)
        return record

    return decide


async def test_twenty_writers_at_once_lose_nothing(
    open_store: Callable[[], Store], store: Store, documents: Documents
) -> None:
    stores = [store, *(open_store() for _ in range(3))]

    async def write(writer: int) -> None:
        for turn in range(5):
            await stores[writer % len(stores)].records.change(meeting(), STUDENT, says(f"{writer}/{turn}"), now=NOW)

    await asyncio.gather(*(write(writer) for writer in range(WRITERS)))

    record = await store.records.get(MEETING, STUDENT)
    assert record
    assert [step.number for step in record.history] == list(range(1, WRITERS * 5 + 1))
    assert {step.reason for step in record.history} == {
        f"{writer}/{turn}" for writer in range(WRITERS) for turn in range(5)
    }
    document = await documents["records"].find_one({"_id": KEY})
    assert document
    assert document["revision"] == WRITERS * 5
    assert [event["id"] for event in document["outbox"]] == [
        attendance_event_id(MEETING, STUDENT, step.number) for step in record.history
    ]


async def test_every_revision_has_its_frozen_event_in_the_history_and_in_the_outbox(
    store: Store, documents: Documents
) -> None:
    for decide in (sees(20, 5), says("ill"), says("ill"), sees(30), says("well", Status.PRESENT)):
        await store.records.change(meeting(), STUDENT, decide, now=NOW)
    document = await documents["records"].find_one({"_id": KEY})
    assert document
    assert [event["payload"] for event in document["outbox"]] == [step["event"] for step in document["history"]]
    events = [AttendanceChanged.model_validate_json(event["payload"]) for event in document["outbox"]]
    assert [(event.data.revision, event.data.status.value, event.data.previous_status) for event in events] == [
        (1, "late", None),
        (2, "present", "late"),
        (3, "excused", "present"),
        (4, "present", "excused"),
    ]
    assert {event["key"] for event in document["outbox"]} == {STUDENT}


async def test_many_who_see_the_same_frames_at_once_make_each_revision_once(
    open_store: Callable[[], Store], store: Store, documents: Documents
) -> None:
    stores = [store, open_store(), open_store()]
    await asyncio.gather(
        *(stores[turn % 3].records.change(meeting(), STUDENT, sees(20, 30), now=NOW) for turn in range(WRITERS))
    )
    record = await store.records.get(MEETING, STUDENT)
    assert record
    assert [(step.number, step.status) for step in record.history] == [(1, Status.LATE)]
    assert (record.first_seen, record.last_seen) == (at(20), at(30))
    assert record.evidence
    assert record.evidence.frames == 2  # each track counted once, whoever tells it
    document = await documents["records"].find_one({"_id": KEY})
    assert document
    assert len(document["outbox"]) == 1


async def test_the_machine_never_overwrites_a_word_that_was_said_while_it_decided(
    open_store: Callable[[], Store], store: Store
) -> None:
    other = open_store()
    machine = (store.records.change(meeting(), STUDENT, sees(20 + turn), now=NOW) for turn in range(10))
    person = other.records.change(meeting(), STUDENT, says("ill"), now=NOW)
    await asyncio.gather(*machine, person)
    record = await store.records.get(MEETING, STUDENT)
    assert record
    assert record.status is Status.EXCUSED
    assert [step.reason for step in record.history if step.by != "machine"] == ["ill"]
    assert len(record.history) <= 2


async def test_a_decision_is_taken_again_on_the_record_as_another_left_it(
    store: Store, database_settings: ConnectionSettings
) -> None:
    await store.records.change(meeting(), STUDENT, sees(20), now=NOW)
    found: list[int] = []

    async def overtake() -> None:
        other = Store(database_settings)
        await other.records.change(meeting(), STUDENT, says("first"), now=NOW)
        other.close()

    def decide(record: Record | None) -> Record | None:
        found.append(record.revision if record else 0)
        if len(found) == 1:  # between this writer's read and its write
            overtaking = Thread(target=lambda: asyncio.run(overtake()))
            overtaking.start()
            overtaking.join()
        return says("second")(record)

    record = await store.records.change(meeting(), STUDENT, decide, now=NOW)
    assert found == [1, 2]
    assert record
    assert [step.reason for step in record.history] == [None, "first", "second"]


async def test_of_two_who_make_a_record_the_second_decides_on_what_the_first_made(
    store: Store, database_settings: ConnectionSettings
) -> None:
    found: list[int] = []

    async def overtake() -> None:
        other = Store(database_settings)
        await other.records.change(meeting(), STUDENT, sees(5), now=NOW)
        other.close()

    def decide(record: Record | None) -> Record | None:
        found.append(record.revision if record else 0)
        if len(found) == 1:
            overtaking = Thread(target=lambda: asyncio.run(overtake()))
            overtaking.start()
            overtaking.join()
        return rules.close(record, STUDENT, meeting(), has_template=True, coverage=looked_at((-10, 50)), now=NOW)

    record = await store.records.change(meeting(), STUDENT, decide, now=NOW)
    assert found == [0, 1]
    assert steps(record) == [(1, "present", False)]


async def test_a_decision_that_changes_nothing_writes_nothing(store: Store, documents: Documents) -> None:
    assert await store.records.change(meeting(), STUDENT, lambda record: record, now=NOW) is None
    assert await store.records.change(meeting(), STUDENT, sees(-11), now=NOW) is None
    assert await documents["records"].count_documents({}) == 0
    await store.records.change(meeting(), STUDENT, says("ill"), now=NOW)
    before = await documents["records"].find_one({"_id": KEY})
    await store.records.change(meeting(), STUDENT, says("ill"), now=NOW + timedelta(hours=1))
    assert await documents["records"].find_one({"_id": KEY}) == before


async def test_the_same_sightings_told_again_write_nothing(store: Store, documents: Documents) -> None:
    await store.records.change(meeting(), STUDENT, sees(5, 20), now=NOW)
    before = await documents["records"].find_one({"_id": KEY})
    await store.records.change(meeting(), STUDENT, sees(20, 5, 5), now=NOW + timedelta(hours=1))
    assert await documents["records"].find_one({"_id": KEY}) == before


async def test_evidence_alone_moves_without_an_event(store: Store, documents: Documents) -> None:
    await store.records.change(meeting(), STUDENT, sees(5), now=NOW)
    await documents["records"].update_one({"_id": KEY}, {"$set": {"outbox": []}, "$unset": {"outbox_pending": ""}})
    await store.records.change(meeting(), STUDENT, sees(6), now=NOW)
    document = await documents["records"].find_one({"_id": KEY})
    assert document
    assert [each["last_seen"] for each in document["sightings"]] == [at(5), at(6)]
    assert document["outbox"] == []
    assert "outbox_pending" not in document


async def test_a_record_comes_back_as_it_was_written_to_the_millisecond(store: Store) -> None:
    odd = NOW.replace(microsecond=123_999)
    seen_at = 5 + 0.123_999 / 60
    written = await store.records.change(
        meeting(),
        STUDENT,
        lambda record: rules.see(
            record, sighting(seen_at, score=0.123456789), meeting(), counts_from=at(-10), coverage=looked_at(), now=odd
        ),
        now=odd,
    )
    read = await store.records.get(MEETING, STUDENT)
    assert written
    assert read
    assert read.history[0].at == NOW.replace(microsecond=123_000)
    assert read.first_seen == at(5).replace(microsecond=123_000)
    assert read.first_seen.tzinfo is not None
    assert (read.evidence, read.status, read.method) == (written.evidence, written.status, written.method)
    assert await store.records.change(meeting(), STUDENT, lambda record: record, now=odd) == read


async def test_sightings_reversals_and_blocks_come_back_as_they_were_written(store: Store) -> None:
    of, whole = meeting(), looked_at((-10, 50))

    def decide(record: Record | None) -> Record | None:
        record = sees(5, 20, 30)(record)
        assert record
        record = rules.take_back(record, record.sightings[0].id, of, coverage=whole, now=NOW, until=at(6))
        assert record
        block = Block(CAMERA, at(19), at(21))
        return rules.deny(record, block, of, by="0a1b2c3d4e5f", reason="a twin", coverage=whole, now=NOW)

    written = await store.records.change(of, STUDENT, decide, now=NOW)
    assert written
    assert (len(written.sightings), len(written.reversals), len(written.blocks)) == (1, 1, 1)
    assert await store.records.get(MEETING, STUDENT) == written


async def test_a_roll_lists_each_student_once_and_counts_by_status(store: Store) -> None:
    students = sorted(new_id() for _ in range(30))

    async def write(number: int, student_id: str) -> None:
        await store.records.change(meeting(), student_id, sees(5 if number % 3 else 20, student_id=student_id), now=NOW)

    await asyncio.gather(*(write(number, student_id) for number, student_id in enumerate(students)))
    await store.records.change(meeting(meeting_id=new_id()), students[0], says("x", student_id=students[0]), now=NOW)
    assert [record.student_id for record in await store.records.of_meeting(MEETING)] == students
    assert await store.records.totals_of_meeting(MEETING) == {Status.PRESENT: 20, Status.LATE: 10}


@pytest.mark.parametrize("limit", [1, 3, 7])
async def test_a_students_pages_hold_every_record_once_the_latest_first(store: Store, limit: int) -> None:
    meetings = [
        meeting(start=60 * (number // 2), end=60 * (number // 2) + 50, meeting_id=new_id()) for number in range(12)
    ]
    for one in meetings:
        await store.records.change(one, STUDENT, says("x", meeting_id=one.id), now=NOW)
    of = {one.id: one for one in meetings}
    read: list[Record] = []
    after = None
    while page := await store.records.of_student(STUDENT, start=None, end=None, after=after, limit=limit):
        assert len(page) <= limit
        read += page
        after = (of[page[-1].meeting_id].start, f"{page[-1].meeting_id}:{STUDENT}")
    assert sorted(record.meeting_id for record in read) == sorted(of)
    starts = [of[record.meeting_id].start for record in read]
    assert starts == sorted(starts, reverse=True)
    none_left = await store.records.of_student(STUDENT, start=at(0), end=at(120), after=(at(0), ""), limit=limit)
    assert none_left == []
    later = (at(300), "z")  # a place past the end, as of a reader that narrowed its dates
    narrowed = await store.records.of_student(STUDENT, start=at(60), end=at(180), after=later, limit=99)
    assert [of[record.meeting_id].start for record in narrowed] == [at(120), at(120), at(60), at(60)]
    some = await store.records.of_student(STUDENT, start=at(60), end=at(180), after=None, limit=99)
    assert {of[record.meeting_id].start for record in some} == {at(60), at(120)}
    assert await store.records.totals_of_student(STUDENT, start=at(60), end=at(180)) == {Status.EXCUSED: 4}


async def test_meetings_with_late_revisions_are_found_by_when_they_were_revised(store: Store) -> None:
    early, late = meeting(meeting_id=new_id()), meeting(meeting_id=new_id())
    await store.records.change(early, STUDENT, says("x", meeting_id=early.id), now=at(55))
    await store.records.change(late, STUDENT, says("x", meeting_id=late.id), now=at(65))
    assert list(await store.records.meetings_revised_since(at(60))) == [late.id]
    await store.records.change(early, STUDENT, sees(30, of=early), now=at(70))  # evidence only: no revision
    assert await store.records.meetings_revised_since(at(66)) == {}
