"""Meetings out of tables and calendars, in the real database: moved ones keep their ids, the past stays."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from attendance.import_runs.meetings import MeetingFile, import_meetings
from attendance.import_runs.roster import import_roster
from attendance.imports.report import Report
from attendance.meetings import Meeting, MeetingState
from attendance.store import Store
from attendance.store.cameras import Room
from tests.attendance.conftest import Documents
from tests.attendance.imports.bundles import as_csv, bundle, small_school
from tests.attendance.imports.test_calendar_file import calendar, event

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
COLUMNS = ("id", "class", "rooms", "start", "end", "zone", "status")
HALL_1, HALL_2 = "0c0ffee0-4a7b-4d0e-9a57-3c1f0b7d2e01", "0c0ffee0-4a7b-4d0e-9a57-3c1f0b7d2e02"
Line = tuple[str, ...]


def line(number: int, day: int, *, start: str = "10:15", rooms: str = "Hall 1", status: str = "") -> Line:
    day_text = f"2026-10-{day:02}"
    return (f"m{number}", "ma-1", rooms, f"{day_text} {start}", f"{day_text} {start[:2]}:59", "", status)


TWELVE = [line(number, 6 + number) for number in range(12)]


@pytest.fixture
async def school(store: Store) -> Store:
    """Two rooms, one of them in a zone of its own, and a small school."""
    await import_roster(store, bundle(small_school()), today=NOW.date())
    await store.cameras.add_room(Room(HALL_1, "Hall 1"))
    await store.cameras.add_room(Room(HALL_2, "Hall 2, north", "Asia/Tokyo"))
    return store


async def imported(store: Store, data: bytes, *, now: datetime = NOW, **how: Any) -> Report:
    file = MeetingFile("meetings", data, how.pop("calendar", "timetable"), how.pop("class_name", None))
    return await import_meetings(store, file, campus_zone="Europe/Zurich", now=now, **how)


async def table(store: Store, lines: list[Line], **how: Any) -> Report:
    return await imported(store, as_csv(COLUMNS, lines).encode(), **how)


async def meetings_of(store: Store, sourced_id: str = "ma-1") -> list[Meeting]:
    class_ = await store.classes.by_sourced_id(sourced_id)
    return await store.meetings.of_class(class_.id, after=None, limit=1000)


def touched(report: Report) -> tuple[int, int, int]:
    (counted,) = report.counted
    return counted.added, counted.changed, counted.removed


async def test_a_line_becomes_a_meeting_with_the_rules_course_and_term_of_its_class(school: Store) -> None:
    report = await table(school, [line(1, 6)])
    assert report.written
    (meeting,) = await meetings_of(school)
    class_, rules = await school.classes.get(meeting.class_id)
    assert (meeting.start, meeting.end) == (
        datetime(2026, 10, 6, 8, 15, tzinfo=UTC),
        datetime(2026, 10, 6, 8, 59, tzinfo=UTC),
    )
    assert (meeting.zone, meeting.room_ids, meeting.rules) == ("Europe/Zurich", (HALL_1,), rules)
    assert meeting.course_id == class_.course_id
    assert meeting.term_id == (await school.academic_sessions.by_sourced_id("t1")).id
    in_room = await school.meetings.in_room(HALL_1, opening_before=meeting.start, ending_after=meeting.start)
    assert in_room == [meeting]


async def test_the_zone_is_the_lines_then_the_rooms_then_the_campus(school: Store) -> None:
    lines = [line(1, 6), line(2, 7, rooms="Hall 2, north"), (*line(3, 8)[:5], "America/New_York", "")]
    await table(school, lines)
    assert [(each.zone, each.start.hour) for each in await meetings_of(school)] == [
        ("Europe/Zurich", 8),
        ("Asia/Tokyo", 1),
        ("America/New_York", 14),
    ]


async def test_the_same_file_again_changes_nothing(school: Store, documents: Documents) -> None:
    await table(school, TWELVE)
    before = [each async for each in documents["meetings"].find().sort("_id")]
    report = await table(school, TWELVE)
    assert touched(report) == (0, 0, 0)
    assert [each async for each in documents["meetings"].find().sort("_id")] == before


async def test_a_moved_meeting_keeps_its_id_and_one_that_is_gone_is_cancelled(school: Store) -> None:
    await table(school, TWELVE)
    before = await meetings_of(school)
    moved = [line(0, 20, start="14:15", rooms=HALL_2), *TWELVE[1:11]]
    report = await table(school, moved)
    assert touched(report) == (0, 1, 1)
    assert [each.id for each in report.removals] == ["ma-1 at 2026-10-17 08:15 UTC"]
    after = {meeting.id: meeting for meeting in await meetings_of(school)}
    assert set(after) == {meeting.id for meeting in before}
    assert (after[before[0].id].room_ids, after[before[0].id].zone) == ((HALL_2,), "Asia/Tokyo")
    assert after[before[11].id].state is MeetingState.CANCELLED
    restored = await table(school, TWELVE)
    assert touched(restored) == (0, 2, 0)
    assert await meetings_of(school) == before
    # Workers and the closer learn of all three.
    assert len(await school.meetings.to_judge(limit=10)) == 2


async def test_more_than_a_tenth_of_what_lies_ahead_is_not_cancelled_without_being_forced(school: Store) -> None:
    await table(school, TWELVE)
    refused = await table(school, TWELVE[:10])
    assert (refused.written, "2 of 12 meetings" in (refused.refusal or "")) == (False, True)
    tried = await table(school, TWELVE[:10], dry_run=True, force=True)
    assert (touched(tried), tried.written) == ((0, 0, 2), False)
    assert {each.state for each in await meetings_of(school)} == {MeetingState.OPEN}
    assert (await table(school, TWELVE[:10], force=True)).written


async def test_another_calendar_of_the_same_class_takes_nothing_away(school: Store) -> None:
    await table(school, TWELVE)
    report = await table(school, [("lab", *line(1, 6, start="16:15")[1:])], calendar="laboratories")
    assert touched(report) == (1, 0, 0)


async def test_what_has_begun_stays_as_it_was_held_but_a_word_that_it_was_cancelled_counts(school: Store) -> None:
    await table(school, TWELVE)
    held = await meetings_of(school)
    later = datetime(2026, 10, 8, tzinfo=UTC)
    lines = [line(0, 6, start="13:15"), line(1, 7, status="cancelled"), *TWELVE[2:]]
    report = await table(school, lines, now=later)
    assert [(each.code, each.line) for each in report.findings] == [("already_begun", 2)]
    assert touched(report) == (0, 1, 0)
    after = await meetings_of(school)
    assert after[0] == held[0]
    assert after[1].state is MeetingState.CANCELLED
    gone = await table(school, lines[2:], now=later)
    assert touched(gone) == (0, 0, 0)


async def test_a_cancelled_line_that_never_was_a_meeting_makes_none(school: Store) -> None:
    assert touched(await table(school, [line(1, 6, status="cancelled")])) == (0, 0, 0)
    assert await meetings_of(school) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (("m1", "nothing", "Hall 1", "2026-10-06 10:15", "2026-10-06 11:00", "", ""), "unknown_class"),
        (("m1", "ma-1", "Hall 9", "2026-10-06 10:15", "2026-10-06 11:00", "", ""), "unknown_room"),
        (("m1", "ma-1", "", "2026-10-06 10:15", "2026-10-06 11:00", "", ""), "missing_value"),
        (("m1", "ma-1", "Hall 1", "6.10.2026 10:15", "2026-10-06 11:00", "", ""), "bad_time"),
        (("m1", "ma-1", "Hall 1", "2026-10-06 10:15", "2026-10-06 10:15", "", ""), "bad_time"),
        (("m1", "ma-1", "Hall 1", "2026-10-06 10:15", "2026-10-08 10:15", "", ""), "bad_time"),
        (("m1", "ma-1", "Hall 1", "2027-03-28 02:30", "2027-03-28 04:00", "", ""), "no_such_time"),
        (("m1", "ma-1", "Hall 1", "2026-10-06 10:15", "2026-10-06 11:00", "Mars/Base", ""), "unknown_zone"),
        (("m1", "ma-1", "Hall 1", "2026-10-06 10:15", "2026-10-06 11:00", "", "perhaps"), "unknown_word"),
        (("m0", "ma-1", "Hall 1", "2026-10-06 10:15", "2026-10-06 11:00", "", ""), "duplicate_id"),
    ],
)
async def test_one_wrong_line_keeps_all_from_being_written(school: Store, wrong: Line, code: str) -> None:
    report = await table(school, [line(0, 6), wrong])
    assert [(each.code, each.line) for each in report.findings] == [(code, 3)]
    assert not report.written
    assert await meetings_of(school) == []


async def test_a_calendar_becomes_meetings_and_its_exceptions_reach_them(school: Store) -> None:
    series = event("RRULE:FREQ=WEEKLY;COUNT=12", start="DTSTART;TZID=Europe/Zurich:20261006T101500")
    first = await imported(school, calendar(series))
    assert touched(first) == (12, 0, 0)
    before = await meetings_of(school)
    assert [each.local_date for each in before][:2] == [date(2026, 10, 6), date(2026, 10, 13)]
    assert {each.start.hour for each in before} == {8, 9}  # the clocks change on October 25
    moved = event(
        "RECURRENCE-ID;TZID=Europe/Zurich:20261013T101500", start="DTSTART;TZID=Europe/Zurich:20261014T141500"
    )
    changed = series.replace("COUNT=12", "COUNT=12\r\nEXDATE;TZID=Europe/Zurich:20261020T101500")
    second = await imported(school, calendar(changed, moved))
    assert touched(second) == (0, 1, 1)
    after = {meeting.id: meeting for meeting in await meetings_of(school)}
    assert after[before[1].id].start == datetime(2026, 10, 14, 12, 15, tzinfo=UTC)
    assert after[before[2].id].state is MeetingState.CANCELLED


async def test_the_class_of_a_whole_calendar_can_be_said(school: Store) -> None:
    one = event(start="DTSTART;TZID=Europe/Zurich:20261006T101500").replace("SUMMARY:ma-1", "SUMMARY:Lecture")
    refused = await imported(school, calendar(one))
    assert [each.code for each in refused.findings] == ["unknown_class"]
    assert (await imported(school, calendar(one), class_name="ma-2")).written
    assert len(await meetings_of(school, "ma-2")) == 1


async def test_a_name_that_two_classes_or_rooms_bear_is_no_name(school: Store, documents: Documents) -> None:
    await documents["classes"].update_many({}, {"$set": {"title": "Algebra"}})
    await school.cameras.add_room(Room("0c0ffee0-4a7b-4d0e-9a57-3c1f0b7d2e03", "hall 1"))
    wrong = [("m1", "Algebra", "Hall 1", "2026-10-06 10:15", "2026-10-06 11:00", "", ""), line(2, 6)]
    report = await table(school, wrong)
    assert [each.code for each in report.findings] == ["ambiguous_class", "unknown_room"]


async def test_a_meeting_made_by_hand_is_never_touched(school: Store, documents: Documents) -> None:
    await table(school, TWELVE)
    (first, *_) = await meetings_of(school)
    await documents["meetings"].update_one({"_id": first.id}, {"$unset": {"source": "", "calendar": ""}})
    report = await table(school, TWELVE[1:])
    assert touched(report) == (0, 0, 0)
    assert first in await meetings_of(school)
