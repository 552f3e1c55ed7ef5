"""From what was looked at to records, and on to a closed meeting: the writer and the closer on a real store."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from attendance import rules
from attendance.cameras import Camera
from attendance.ids import new_id
from attendance.meetings import ClassRules, Meeting, MeetingState
from attendance.people import Class, Consent, Enrollment, StoredTemplate
from attendance.records import Record, Sighting
from attendance.status import Cause, Status, UnmarkedReason
from attendance.store import Store, StoreUnavailable
from attendance.store.cameras import Room
from recognition import Template
from stream_app.closer import Closer
from stream_app.health import Health
from stream_app.messages import Seen, Shown
from stream_app.writer import Writer

ENCODER = "an-encoder"
INTERVAL = timedelta(seconds=60)
NOW = datetime.now(UTC).replace(microsecond=0)


class Waiting:
    """What Kafka would say: since when a frame waits there; None where none does."""

    def __init__(self) -> None:
        self.oldest: datetime | None = None

    async def processed_until(self, moments: Iterable[datetime]) -> set[datetime]:
        return {moment for moment in moments if self.oldest is None or moment <= self.oldest}


class Hall:
    """A meeting that is just over, in a room with a camera; two students with a face, one without."""

    def __init__(self, store: Store, *, ended_ago: timedelta = timedelta(minutes=5)) -> None:
        self.store = store
        self.camera = Camera(new_id(), new_id(), expected_interval=INTERVAL)
        end = NOW - ended_ago
        self.meeting = Meeting(
            new_id(), new_id(), (self.camera.room_id,), end - timedelta(minutes=30), end, "Europe/Paris"
        )
        self.ada, self.ben, self.cem = new_id(), new_id(), new_id()
        self.writer = Writer(store, lambda: None)
        self.arrivals = Waiting()

    async def open(self) -> "Hall":
        await self.store.cameras.add_room(Room(self.camera.room_id, "Hall"))
        await self.store.cameras.add(self.camera)
        await self.store.classes.add(Class(self.meeting.class_id, "A class"), ClassRules())
        for student in (self.ada, self.ben, self.cem):
            await self.store.classes.enroll(Enrollment(self.meeting.class_id, student))
        for student in (self.ada, self.ben):
            template = Template(ENCODER, np.ones(4, np.float32))
            await self.store.biometrics.record_consent(Consent(student, "consent", "1", "them", NOW))
            await self.store.biometrics.add_template(StoredTemplate(new_id(), student, template, NOW))
        await self.store.meetings.add(self.meeting)
        return self

    def looked(self, minute: float, *students: str) -> Shown:
        """A frame so many minutes after the start."""
        moment = self.meeting.start + timedelta(minutes=minute)
        frame_id = new_id()
        on = (self.meeting,) if self.meeting.is_watched_at(moment) else ()
        sightings = [Sighting(frame_id, student, self.camera.id, moment, moment, 0.9, 1) for student in students]
        seen = tuple(Seen(self.meeting, self.meeting.opens_at, sighting) for sighting in sightings)
        return Shown(self.camera, moment, on, seen)

    async def look_through(self, minutes: range, *students: str, every: int = 1) -> None:
        await self.writer.write([self.looked(minute, *students) for minute in minutes[::every]])

    def closer(self, close_after: timedelta = timedelta(hours=1)) -> Closer:
        return Closer(
            self.store, Health(), lambda: None, self.arrivals, encoder=ENCODER, close_after=close_after, every_s=1
        )

    async def statuses(self) -> dict[str, Status]:
        names = {self.ada: "ada", self.ben: "ben", self.cem: "cem"}
        return {names[r.student_id]: r.status for r in await self.store.records.of_meeting(self.meeting.id)}

    async def state(self) -> MeetingState:
        return (await self.store.meetings.get(self.meeting.id)).state

    async def closings(self) -> list[dict[str, int]]:
        claims = await self.store.pending_events.claim(
            new_id(), now=datetime.now(UTC), lease=timedelta(seconds=0), limit=100
        )
        told = [json.loads(event.payload) for claim in claims for event in claim.events]
        closed = [event for event in told if event["type"].startswith("org.rollcall.meeting")]
        return [event["data"]["counts"] for event in sorted(closed, key=lambda event: event["data"]["close_number"])]


@pytest.fixture
async def hall(store: Store) -> Hall:
    return await Hall(store).open()


async def test_a_meeting_stays_open_until_its_camera_was_read_past_its_end(hall: Hall) -> None:
    await hall.look_through(range(29), hall.ada)
    await hall.closer().round()
    assert await hall.state() is MeetingState.OPEN
    await hall.look_through(range(29, 32))
    await hall.closer().round()
    assert await hall.state() is MeetingState.CLOSED
    assert await hall.statuses() == {"ada": Status.PRESENT, "ben": Status.ABSENT, "cem": Status.UNMARKED}


async def test_the_slowest_live_camera_of_the_room_keeps_the_meeting_open(hall: Hall) -> None:
    other = replace(hall.camera, id=new_id())
    await hall.store.cameras.add(other)
    await hall.store.progress.advance(other.id, hall.meeting.start)
    await hall.look_through(range(32))
    await hall.closer().round()
    assert await hall.state() is MeetingState.OPEN
    await hall.store.progress.advance(other.id, hall.meeting.end)
    await hall.closer().round()
    assert await hall.state() is MeetingState.CLOSED


async def test_a_camera_that_was_silent_since_before_the_meeting_has_no_say(hall: Hall) -> None:
    other = replace(hall.camera, id=new_id())
    await hall.store.cameras.add(other)
    await hall.store.progress.advance(other.id, hall.meeting.start - timedelta(days=1))
    await hall.look_through(range(32))
    await hall.closer().round()
    assert await hall.state() is MeetingState.CLOSED


async def test_a_silent_camera_whose_frames_may_still_wait_in_kafka_keeps_the_meeting_open(hall: Hall) -> None:
    await hall.store.cameras.add(replace(hall.camera, id=new_id()))
    await hall.look_through(range(32))
    hall.arrivals.oldest = hall.meeting.end
    await hall.closer().round()
    assert await hall.state() is MeetingState.OPEN
    hall.arrivals.oldest = None
    await hall.closer().round()
    assert await hall.state() is MeetingState.CLOSED


async def test_who_had_no_template_yet_when_frames_were_looked_at_is_not_absent(hall: Hall) -> None:
    student = new_id()
    await hall.store.classes.enroll(Enrollment(hall.meeting.class_id, student))
    await hall.look_through(range(20))
    await asyncio.sleep(0.005)  # stored times have milliseconds
    template = StoredTemplate(new_id(), student, Template(ENCODER, np.ones(4, np.float32)), datetime.now(UTC))
    await hall.store.biometrics.record_consent(Consent(student, "consent", "1", "them", NOW))
    await hall.store.biometrics.add_template(template)
    await hall.look_through(range(20, 32))
    await hall.closer().round()
    record = await hall.store.records.get(hall.meeting.id, student)
    assert record
    assert (record.status, record.reason) == (Status.UNMARKED, UnmarkedReason.NO_TEMPLATE)
    assert (await hall.store.records.get(hall.meeting.id, hall.ben) or record).status is Status.ABSENT


async def test_a_backlog_that_waits_is_heard_before_the_meeting_closes_but_nothing_later(hall: Hall) -> None:
    await hall.store.cameras.add(replace(hall.camera, id=new_id()))
    await hall.look_through(range(32))
    closer = hall.closer()
    # It came long after the meeting's end, from a camera that was cut off.
    hall.arrivals.oldest = datetime.now(UTC) - timedelta(seconds=1)
    await closer.round()
    assert await hall.state() is MeetingState.OPEN
    hall.arrivals.oldest = datetime.now(UTC)
    await closer.round()
    assert await hall.state() is MeetingState.CLOSED


async def test_an_hour_after_its_end_a_meeting_nobody_looked_at_is_not_taken_and_nobody_absent(store: Store) -> None:
    hall = await Hall(store, ended_ago=timedelta(minutes=61)).open()
    await hall.closer().round()
    assert await hall.state() is MeetingState.NOT_TAKEN
    assert set((await hall.statuses()).values()) == {Status.UNMARKED}


async def test_below_the_coverage_floor_who_came_is_present_and_who_was_not_seen_is_not_absent(hall: Hall) -> None:
    await hall.look_through(range(5), hall.ada)
    await hall.look_through(range(31, 32))
    await hall.closer().round()
    assert await hall.state() is MeetingState.NOT_TAKEN
    assert await hall.statuses() == {"ada": Status.PRESENT, "ben": Status.UNMARKED, "cem": Status.UNMARKED}


async def test_who_comes_late_is_late_only_where_the_time_before_was_looked_at(hall: Hall) -> None:
    await hall.look_through(range(15))
    await hall.look_through(range(15, 32), hall.ada)
    blind = await Hall(hall.store).open()
    await blind.look_through(range(15, 32), blind.ada)
    assert (await hall.statuses())["ada"] is Status.LATE
    assert (await blind.statuses())["ada"] is Status.UNMARKED


async def test_of_closers_that_try_at_once_one_closes_and_the_event_is_told_once(hall: Hall) -> None:
    await hall.look_through(range(32), hall.ada)
    won = await asyncio.gather(*(hall.closer().close(hall.meeting) for _ in range(5)))
    assert sum(won) == 1
    assert len(await hall.closings()) == 1


async def test_a_closer_that_died_in_the_middle_is_made_good_by_the_next(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hall.look_through(range(32), hall.ada)
    change, calls = hall.store.records.change, 0

    async def dies_at_the_second(*arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise StoreUnavailable("killed")
        return await change(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(hall.store.records, "change", dies_at_the_second)
    with pytest.raises(StoreUnavailable):
        await hall.closer().round()
    assert await hall.state() is MeetingState.OPEN
    monkeypatch.undo()
    await hall.closer().round()
    assert await hall.state() is MeetingState.CLOSED
    records = await hall.store.records.of_meeting(hall.meeting.id)
    assert [record.revision for record in records] == [1, 1, 1]


async def test_frames_that_come_after_the_close_correct_an_absence_and_the_counts_are_told_again(hall: Hall) -> None:
    await hall.look_through(range(32), hall.ada)
    await hall.closer().round()
    await hall.writer.write([hall.looked(5, hall.ben)])
    closer = hall.closer()
    await closer.round()
    await closer.round()
    assert (await hall.statuses())["ben"] is Status.PRESENT
    counts = await hall.closings()
    assert [(count["present"], count["absent"]) for count in counts] == [(1, 1), (2, 0)]


async def test_frames_written_twice_make_no_second_revision(hall: Hall) -> None:
    frames = [hall.looked(minute, hall.ada) for minute in range(-1, 4)]
    await hall.writer.write(frames)
    await hall.writer.write(frames)
    record = await hall.store.records.get(hall.meeting.id, hall.ada)
    assert record is not None
    assert record.revision == 1
    assert record.first_seen == frames[0].taken_at


async def test_how_frames_are_bundled_makes_no_difference_to_the_revisions(store: Store) -> None:
    one, two = await Hall(store).open(), await Hall(store).open()
    minutes = [20, 18, 5, 25]
    await one.look_through(range(15))
    await two.look_through(range(15))
    await one.writer.write([one.looked(minute, one.ada) for minute in minutes])
    for minute in minutes:
        await two.writer.write([two.looked(minute, two.ada)])
    histories = []
    for hall in (one, two):
        record = await store.records.get(hall.meeting.id, hall.ada)
        assert record is not None
        histories.append([(step.number, step.status, step.previous_status) for step in record.history])
    assert histories[0] == histories[1] == [(1, Status.LATE, None), (2, Status.PRESENT, Status.LATE)]


async def test_who_loses_their_last_sighting_after_the_close_ends_up_as_the_close_would_have_it(hall: Hall) -> None:
    await hall.look_through(range(32))
    await hall.writer.write([hall.looked(5, hall.ada, hall.cem)])
    await hall.closer().round()
    coverage = await hall.store.progress.coverage_of(hall.meeting.id)
    for student in (hall.ada, hall.cem):

        def take_back(record: Record | None) -> Record | None:
            assert record
            return rules.take_back(record, record.sightings[0].id, hall.meeting, coverage=coverage, now=NOW)

        await hall.store.records.change(hall.meeting, student, take_back, now=datetime.now(UTC))
    closer = hall.closer()
    await closer.round()
    await closer.round()
    assert await hall.statuses() == {"ada": Status.ABSENT, "ben": Status.ABSENT, "cem": Status.UNMARKED}
    ada = await hall.store.records.get(hall.meeting.id, hall.ada)
    cem = await hall.store.records.get(hall.meeting.id, hall.cem)
    assert ada
    assert cem
    assert [(step.status, step.cause) for step in ada.history] == [
        (Status.PRESENT, Cause.SIGHTING),
        (Status.UNMARKED, Cause.REVERSAL),
        (Status.ABSENT, Cause.CLOSE),
    ]
    assert (ada.provisional, cem.reason) == (True, UnmarkedReason.NO_TEMPLATE)
    counts = await hall.closings()
    assert [(count["present"], count["absent"]) for count in counts] == [(2, 1), (0, 2)]


async def test_a_persons_word_is_not_settled_again(hall: Hall) -> None:
    await hall.look_through(range(32))
    await hall.closer().round()

    def say(record: Record | None) -> Record:
        return rules.mark(record, hall.meeting.id, hall.ben, Status.UNMARKED, by="teacher", reason=None, now=NOW)

    await hall.store.records.change(hall.meeting, hall.ben, say, now=datetime.now(UTC))
    await hall.closer().round()
    record = await hall.store.records.get(hall.meeting.id, hall.ben)
    assert record
    assert (record.status, record.revision) == (Status.UNMARKED, 2)


async def test_a_meeting_that_was_not_taken_is_once_its_frames_came_after_all(store: Store) -> None:
    hall = await Hall(store, ended_ago=timedelta(minutes=61)).open()
    await hall.look_through(range(20, 25), hall.ada)
    closer = hall.closer()
    await closer.round()
    assert await hall.state() is MeetingState.NOT_TAKEN
    assert set((await hall.statuses()).values()) == {Status.UNMARKED}
    await hall.look_through(range(10))
    await closer.round()
    assert await hall.state() is MeetingState.NOT_TAKEN
    await hall.look_through(range(10, 32))  # nobody is recognised in any of them
    await asyncio.gather(*(each.round() for each in (closer, hall.closer(), hall.closer())))
    await closer.round()
    assert await hall.state() is MeetingState.CLOSED
    assert await hall.statuses() == {"ada": Status.LATE, "ben": Status.ABSENT, "cem": Status.UNMARKED}
    meeting = await hall.store.meetings.get(hall.meeting.id)
    counts = await hall.closings()
    assert (meeting.close_number, len(counts)) == (2, 2)
    assert [(count["absent"], count["late"], count["unmarked"]) for count in counts] == [(0, 0, 3), (1, 1, 1)]


async def test_who_was_unmarked_for_want_of_frames_is_late_once_they_came_though_the_meeting_was_taken(
    store: Store,
) -> None:
    hall = await Hall(store, ended_ago=timedelta(minutes=61)).open()
    await hall.look_through(range(5))
    await hall.look_through(range(11, 32))
    await hall.writer.write([hall.looked(12, hall.ada)])
    closer = hall.closer()
    await closer.round()
    assert await hall.state() is MeetingState.CLOSED
    assert (await hall.statuses())["ada"] is Status.UNMARKED
    await hall.look_through(range(5, 11))
    await closer.round()
    assert (await hall.statuses())["ada"] is Status.LATE
    assert [(count["late"], count["unmarked"]) for count in await hall.closings()] == [(0, 2), (1, 1)]
