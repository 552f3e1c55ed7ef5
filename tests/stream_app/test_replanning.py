"""A plan that changes after the fact: moves, cancellations, splits, enrolments and notices, on a real store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from attendance.cameras import Camera, CameraKind
from attendance.coverage import Coverage
from attendance.ids import new_id
from attendance.meetings import Meeting, MeetingState, cancelled, moved, restored, split
from attendance.notices import Notice
from attendance.people import Enrollment
from attendance.records import Record
from attendance.status import Cause, NotExpectedReason, Status, UnmarkedReason
from attendance.store import Conflict, Store
from stream_app.gallery_sync import GallerySync
from stream_app.rosters import Rosters
from tests.stream_app.test_closing import ENCODER, NOW, Hall


@pytest.fixture
async def hall(store: Store) -> Hall:
    """A meeting that closed: Ada came late, Ben didn't come, Cem has no face."""
    hall = await Hall(store).open()
    await hall.look_through(range(15))
    await hall.look_through(range(15, 32), hall.ada)
    await hall.closer().round()
    assert await hall.statuses() == {"ada": Status.LATE, "ben": Status.ABSENT, "cem": Status.UNMARKED}
    return hall


async def the_meeting(hall: Hall) -> Meeting:
    return await hall.store.meetings.get(hall.meeting.id)


async def record_of(hall: Hall, student: str) -> Record:
    record = await hall.store.records.get(hall.meeting.id, student)
    assert record
    return record


async def change(hall: Hall, to: Callable[[Meeting], Meeting]) -> None:
    meeting = await the_meeting(hall)
    await hall.store.meetings.reschedule(meeting, to(meeting))
    await hall.closer().round()


def shifted(minutes: float) -> Callable[[Meeting], Meeting]:
    by = timedelta(minutes=minutes)
    return lambda of: moved(of, of.start + by, of.end + by, of.room_ids, of.zone)


async def test_a_moved_meeting_keeps_its_id_and_whoever_was_late_by_the_old_time_is_on_time_by_the_new(
    hall: Hall,
) -> None:
    await change(hall, lambda of: moved(of, of.start + timedelta(minutes=12), of.end, of.room_ids, of.zone))
    meeting = await the_meeting(hall)
    assert (meeting.id, meeting.close_number) == (hall.meeting.id, 2)
    assert await hall.statuses() == {"ada": Status.PRESENT, "ben": Status.ABSENT, "cem": Status.UNMARKED}
    causes = [step.cause for step in (await record_of(hall, hall.ada)).history]
    assert causes == [Cause.SIGHTING, Cause.SCHEDULE]
    (found,) = await hall.store.records.of_student(hall.ada, start=meeting.start, end=None, after=None, limit=9)
    assert found.meeting_id == meeting.id  # it moved in the student's history too


async def test_a_meeting_moved_into_the_future_takes_its_absences_back(hall: Hall) -> None:
    await change(hall, shifted(600))
    assert await hall.statuses() == dict.fromkeys(("ada", "ben", "cem"), Status.UNMARKED)
    assert await hall.state() is MeetingState.OPEN


async def test_of_a_cancelled_meeting_nobody_was_expected_and_restored_it_closes_again(hall: Hall) -> None:
    await change(hall, cancelled)
    assert set((await hall.statuses()).values()) == {Status.NOT_EXPECTED}
    assert (await record_of(hall, hall.ben)).reason == NotExpectedReason.CANCELLED
    await change(hall, restored)
    await hall.closer().round()
    assert await hall.statuses() == {"ada": Status.LATE, "ben": Status.ABSENT, "cem": Status.UNMARKED}


async def test_a_split_meeting_has_what_was_seen_in_both_its_parts(hall: Hall) -> None:
    whole = await the_meeting(hall)
    first, second = split(whole, whole.start + timedelta(minutes=15))
    for _ in range(2):  # asked for again after a lost answer
        await hall.store.meetings.split_off(second, whole.id)
    await hall.store.meetings.reschedule(whole, first)
    closer = hall.closer()
    for _ in range(2):
        await closer.round()
    assert await hall.statuses() == {"ada": Status.ABSENT, "ben": Status.ABSENT, "cem": Status.UNMARKED}
    in_second = {each.student_id: each.status for each in await hall.store.records.of_meeting(second.id)}
    assert in_second == {hall.ada: Status.PRESENT, hall.ben: Status.ABSENT, hall.cem: Status.UNMARKED}


async def test_who_moves_a_meeting_that_was_moved_meanwhile_is_told(hall: Hall) -> None:
    before = await the_meeting(hall)
    await hall.store.meetings.reschedule(before, shifted(5)(before))
    with pytest.raises(Conflict):
        await hall.store.meetings.reschedule(before, shifted(10)(before))


async def test_a_withdrawal_that_is_recorded_late_takes_the_absence_back_and_the_counts_are_told_again(
    hall: Hall,
) -> None:
    before = hall.meeting.local_date - timedelta(days=1)
    closer = hall.closer()
    await hall.store.classes.enroll(Enrollment(hall.meeting.class_id, hall.ben, end=before))
    await closer.round()
    assert (await hall.statuses())["ben"] is Status.NOT_EXPECTED
    assert [(each["absent"], each["not_expected"]) for each in await hall.closings()] == [(1, 0), (0, 1)]
    await hall.store.classes.enroll(Enrollment(hall.meeting.class_id, hall.ben))
    await closer.round()
    assert (await hall.statuses())["ben"] is Status.ABSENT  # the cameras had looked for them


async def test_who_is_enrolled_after_the_close_is_unmarked_and_not_absent(hall: Hall) -> None:
    newcomer = new_id()
    await hall.store.classes.enroll(Enrollment(hall.meeting.class_id, newcomer, begin=hall.meeting.local_date))
    closer = hall.closer()
    for _ in range(2):
        await closer.round()
    record = await record_of(hall, newcomer)
    assert record.status is Status.UNMARKED
    assert record.reason in (UnmarkedReason.ENROLLED_LATER, UnmarkedReason.NO_TEMPLATE)


def notice(student: str, day: date, at: datetime) -> Notice:
    return Notice(new_id(), student, day, day, "ill", "M", "a registrar", at)


async def test_a_notice_from_before_excuses_at_the_close_who_would_be_absent(store: Store) -> None:
    hall = await Hall(store).open()
    for student in (hall.ada, hall.ben):
        await store.notices.add(notice(student, hall.meeting.local_date, NOW - timedelta(days=1)))
    await hall.look_through(range(32), hall.ada)
    await hall.closer().round()
    assert await hall.statuses() == {"ada": Status.PRESENT, "ben": Status.EXCUSED, "cem": Status.UNMARKED}
    assert (await record_of(hall, hall.ben)).reason_code == "M"


async def test_a_notice_after_the_close_excuses_and_its_withdrawal_takes_that_back(hall: Hall) -> None:
    store, now = hall.store, datetime.now(UTC)
    given = notice(hall.ben, hall.meeting.local_date, now)
    await store.notices.add(given)
    assert await store.notices.apply(given, now=now) == 1
    assert await store.notices.apply(given, now=now) == 0
    assert (await hall.statuses())["ben"] is Status.EXCUSED
    assert await store.notices.withdraw(given.id, by="a registrar", now=now)
    assert not await store.notices.withdraw(given.id, by="a registrar", now=now)
    await store.notices.apply(await store.notices.get(given.id), now=now)
    record = await record_of(hall, hall.ben)
    assert (record.status, record.provisional) == (Status.ABSENT, True)
    assert [step.cause for step in record.history] == [Cause.CLOSE, Cause.NOTICE, Cause.NOTICE]


async def test_a_notice_of_another_day_changes_nothing(hall: Hall) -> None:
    given = notice(hall.ben, hall.meeting.local_date + timedelta(days=1), NOW)
    await hall.store.notices.add(given)
    assert await hall.store.notices.apply(given, now=NOW) == 0


async def test_a_notice_that_was_kept_and_not_applied_is_applied_by_the_closer(hall: Hall) -> None:
    given = notice(hall.ben, hall.meeting.local_date, datetime.now(UTC) - timedelta(minutes=6))
    await hall.store.notices.add(given)  # and then the process died
    await hall.closer().round()
    assert (await hall.statuses())["ben"] is Status.EXCUSED
    assert await hall.store.notices.unapplied(before=datetime.now(UTC), limit=9) == []


async def test_of_two_rooms_nobody_is_absent_where_one_of_them_was_not_looked_at(store: Store) -> None:
    hall = Hall(store)
    other = replace(hall.camera, id=new_id(), room_id=new_id())
    hall.meeting = replace(hall.meeting, room_ids=(hall.camera.room_id, other.room_id))
    await hall.open()
    await store.cameras.add(other)
    await hall.look_through(range(32), hall.ada)
    await hall.closer(timedelta()).round()
    assert await hall.statuses() == {"ada": Status.PRESENT, "ben": Status.UNMARKED, "cem": Status.UNMARKED}
    hall.camera = other
    await hall.look_through(range(32))
    closer = hall.closer()
    for _ in range(2):
        await closer.round()
    assert await hall.statuses() == {"ada": Status.PRESENT, "ben": Status.ABSENT, "cem": Status.UNMARKED}


@pytest.mark.parametrize("kind", [CameraKind.ENTRANCE, CameraKind.KIOSK])
async def test_a_camera_that_is_not_of_the_room_shows_who_came_and_nobodys_absence(
    store: Store, kind: CameraKind
) -> None:
    hall = Hall(store)
    hall.camera = replace(hall.camera, kind=kind, leads_to=(hall.meeting.room_ids[0],), room_id=new_id())
    await hall.open()
    await hall.look_through(range(32), hall.ada)
    await hall.closer().round()
    assert await hall.statuses() == {"ada": Status.PRESENT, "ben": Status.UNMARKED, "cem": Status.UNMARKED}
    assert await store.progress.coverage_of(hall.meeting.id) == Coverage()
    assert await store.cameras.of_rooms(hall.meeting.room_ids) == [hall.camera]
    assert await store.cameras.of_rooms((hall.camera.room_id,)) == []


async def test_behind_an_entrance_are_the_rosters_of_all_meetings_open_in_the_rooms_that_it_leads_to(
    store: Store,
) -> None:
    sync = GallerySync(store)
    rosters = Rosters(store, ENCODER, sync)
    rooms, students, hour = [new_id(), new_id(), new_id()], [new_id(), new_id(), new_id()], timedelta(hours=1)
    both = Meeting(new_id(), new_id(), (rooms[0], rooms[1]), NOW - hour, NOW + hour, "UTC")
    second = Meeting(new_id(), new_id(), (rooms[1],), NOW, NOW + hour, "UTC")
    elsewhere = Meeting(new_id(), new_id(), (rooms[2],), NOW, NOW + hour, "UTC")
    for meeting, student in zip((both, second, elsewhere), students, strict=True):
        await store.meetings.add(meeting)
        await store.classes.enroll(Enrollment(meeting.class_id, student))
    await sync.poll()
    entrance = Camera(new_id(), new_id(), CameraKind.ENTRANCE, leads_to=(rooms[0], rooms[1]))
    view = await rosters.view(entrance.watches, NOW)
    assert view
    assert {each.meeting.id: set(each.roster) for each in view.watched} == {
        both.id: {students[0]},
        second.id: {students[1]},
    }
