"""The events as others parse them: pinned in `docs/examples/events/`, by names and values.

A change that breaks one of these files breaks somebody's analytics: it is a new version of the event, in a new file.
"""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from attendance import rules
from attendance.events import (
    AttendanceChanged,
    MeetingClosed,
    StudentErased,
    attendance_changed,
    meeting_closed,
    student_erased,
)
from attendance.meetings import Meeting
from attendance.records import Record
from attendance.status import Status
from tests.attendance.building import MEETING, STUDENT, at, looked_at, meeting, sighting

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "events"
TEACHER = "0a1b2c3d4e5f"
IN_COURSE = replace(
    meeting(), course_id="6f5b7a07-cb5d-4e5d-9fb8-5eafa06ecf06", term_id="7a6c8b18-dc6e-4f6e-80c9-6fb0b17fd007"
)


def late_in_a_course() -> AttendanceChanged:
    record = rules.see(None, sighting(20.5), IN_COURSE, counts_from=at(-10), coverage=looked_at((0, 50)), now=at(20.51))
    assert record
    return attendance_changed(IN_COURSE, record, record.history[-1])


def corrected_absence() -> AttendanceChanged:
    absent = rules.close(None, STUDENT, meeting(), has_template=True, coverage=looked_at((0, 50)), now=at(55))
    record = rules.mark(absent, MEETING, STUDENT, Status.EXCUSED, by=TEACHER, reason="Anna's dentist", now=at(600))
    return attendance_changed(meeting(), record, record.history[-1])


def reversed_sighting() -> AttendanceChanged:
    record = rules.see(None, sighting(5), IN_COURSE, counts_from=at(-10), coverage=looked_at((0, 50)), now=at(5))
    record = rules.take_back(record, sighting(5).id, IN_COURSE, coverage=looked_at((0, 50)), now=at(6))
    assert record
    return attendance_changed(IN_COURSE, record, record.history[-1])


def closed_meeting() -> MeetingClosed:
    counts = {Status.PRESENT: 27, Status.LATE: 2, Status.ABSENT: 1}
    return meeting_closed(IN_COURSE, 1, taken=True, coverage=0.98765432, counts=counts, now=at(51))


def erased_student() -> StudentErased:
    return student_erased(STUDENT, at=at(51))


PINNED = {
    "attendance.changed.v1.late.json": late_in_a_course,
    "attendance.changed.v1.excused.json": corrected_absence,
    "attendance.changed.v1.reversed.json": reversed_sighting,
    "meeting.closed.v1.json": closed_meeting,
    "student.erased.v1.json": erased_student,
}


def pinned(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EXAMPLES / name).read_text())
    return loaded


@pytest.mark.parametrize("name", PINNED)
def test_an_event_is_written_as_the_contract_pins_it(name: str) -> None:
    assert json.loads(PINNED[name]().frozen()) == pinned(name)


@pytest.mark.parametrize("name", PINNED)
def test_a_pinned_event_is_read_whole_whatever_the_order_of_its_fields(name: str) -> None:
    event = PINNED[name]()
    backwards = dict(reversed(pinned(name).items()))
    backwards["data"] = dict(reversed(backwards["data"].items()))
    assert type(event).model_validate_json(json.dumps(backwards)) == event


@pytest.mark.parametrize("name", PINNED)
def test_fields_that_a_later_release_adds_are_ignored(name: str) -> None:
    newer = pinned(name)
    newer["traceparent"] = "00-1-2-01"
    newer["data"]["weight"] = 0.5
    assert type(PINNED[name]()).model_validate_json(json.dumps(newer)) == PINNED[name]()


def test_a_value_that_this_version_does_not_have_is_refused() -> None:
    unknown = pinned("attendance.changed.v1.late.json")
    unknown["data"]["status"] = "teleported"
    with pytest.raises(ValidationError, match="status"):
        AttendanceChanged.model_validate_json(json.dumps(unknown))


def test_one_type_of_event_is_not_read_as_the_other() -> None:
    with pytest.raises(ValidationError, match="type"):
        AttendanceChanged.model_validate_json((EXAMPLES / "meeting.closed.v1.json").read_text())


def test_an_event_tells_its_own_revision_whatever_came_after_it() -> None:
    record: Record | None = None
    told: list[AttendanceChanged] = []
    for minute in (30, 20, 5):
        record = rules.see(
            record, sighting(minute), meeting(), counts_from=at(-10), coverage=looked_at((0, 50)), now=at(51)
        )
        assert record
        if record.revision > len(told):
            told.append(attendance_changed(meeting(), record, record.history[-1]))
    record = rules.mark(record, MEETING, STUDENT, Status.ABSENT, by=TEACHER, reason=None, now=at(60))
    told.append(attendance_changed(meeting(), record, record.history[-1]))
    assert [event.data.method for event in told] == ["face", "face", "manual"]
    assert [attendance_changed(meeting(), record, step) for step in record.history] == told


def test_an_event_tells_neither_who_spoke_nor_the_reason_they_typed() -> None:
    text = corrected_absence().frozen()
    assert TEACHER not in text
    assert "Anna" not in text
    assert "reason" not in text


@pytest.mark.parametrize("name", PINNED)
def test_no_field_could_hold_a_name_or_an_id_of_the_schools_own(name: str) -> None:
    fields = {*pinned(name), *pinned(name)["data"]}
    personal = ("name", "email", "sourced", "picture", "template", "score", "by", "note")
    assert not [field for field in fields if any(word in field.split("_") for word in personal)]


def test_freezing_twice_gives_the_same_bytes() -> None:
    assert late_in_a_course().frozen() == late_in_a_course().frozen()


def test_every_status_is_counted_in_a_closed_meeting_even_where_nobody_has_it() -> None:
    assert set(json.loads(closed_meeting().frozen())["data"]["counts"]) == {status.value for status in Status}


def _lived_through(minutes: list[float], zone: str, offset: int) -> tuple[Meeting, Record | None]:
    of = replace(meeting(), zone=zone)
    record: Record | None = None
    for minute in minutes:
        now = at(minute).astimezone(timezone(timedelta(hours=offset)))
        record = rules.see(record, sighting(minute), of, counts_from=at(-10), coverage=looked_at((0, 50)), now=now)
    return of, record


@given(
    st.lists(st.floats(-12, 52), min_size=1, max_size=5),
    st.sampled_from(["UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns"]),
    st.integers(-12, 12),
)
def test_any_revision_survives_writing_and_reading_to_the_millisecond(
    minutes: list[float], zone: str, offset: int
) -> None:
    of, record = _lived_through(minutes, zone, offset)
    for revision in record.history if record else ():
        event = attendance_changed(of, record, revision)  # type: ignore[arg-type]
        read = AttendanceChanged.model_validate_json(event.frozen())
        assert read.frozen() == event.frozen()
        assert (read.id, read.data.status, read.data.revision) == (event.id, revision.status, revision.number)
        assert read.time == _to_millisecond(revision.at)
        assert revision.first_seen
        assert read.data.first_seen == _to_millisecond(revision.first_seen)
        assert read.data.local_date == of.local_date
        assert json.loads(event.frozen())["time"].endswith("Z")


def _to_millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def test_the_local_date_is_that_of_the_place_not_of_utc() -> None:
    in_kiritimati = replace(meeting(start=120), zone="Pacific/Kiritimati")
    event = meeting_closed(in_kiritimati, 1, taken=True, coverage=1, counts={}, now=at(200))
    assert event.data.local_date == date(2026, 3, 3)
    assert json.loads(event.frozen())["data"]["local_date"] == "2026-03-03"
