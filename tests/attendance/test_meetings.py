"""Meetings in their time zones, and from when a student counts for one."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.meetings import ClassRules, Meeting, MeetingState, counts_from
from attendance.people import Enrollment
from tests.attendance.building import CLASS, MEETING, ROOM, at, meeting


def local(zone: str, year: int, month: int, day: int, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def held(start: datetime, end: datetime, zone: str) -> Meeting:
    return Meeting(MEETING, CLASS, (ROOM,), start, end, zone)


def test_a_meeting_across_midnight_belongs_to_the_civil_date_on_which_it_starts() -> None:
    zone = "Europe/Vienna"
    late = held(local(zone, 2026, 3, 2, 23, 30), local(zone, 2026, 3, 3, 0, 45), zone)
    assert late.start.date() == date(2026, 3, 2)
    assert late.local_date == date(2026, 3, 2)
    assert late.is_watched_at(local(zone, 2026, 3, 3, 0, 44))
    assert not late.is_watched_at(local(zone, 2026, 3, 3, 0, 45))


@pytest.mark.parametrize(
    ("zone", "start", "day"),
    [
        ("Asia/Tokyo", datetime(2026, 3, 2, 23, 0, tzinfo=UTC), date(2026, 3, 3)),
        ("America/Los_Angeles", datetime(2026, 3, 3, 2, 0, tzinfo=UTC), date(2026, 3, 2)),
        ("Pacific/Kiritimati", datetime(2026, 3, 2, 10, 0, tzinfo=UTC), date(2026, 3, 3)),
        ("Asia/Kathmandu", datetime(2026, 3, 2, 18, 15, tzinfo=UTC), date(2026, 3, 3)),
        ("UTC", datetime(2026, 3, 2, 23, 59, tzinfo=UTC), date(2026, 3, 2)),
    ],
)
def test_the_civil_date_is_that_of_the_place(zone: str, start: datetime, day: date) -> None:
    assert held(start, start + timedelta(hours=1), zone).local_date == day


def test_a_meeting_across_a_clock_change_is_as_long_as_it_really_is() -> None:
    zone = "Europe/Vienna"
    spring = held(local(zone, 2026, 3, 29, 1, 30), local(zone, 2026, 3, 29, 3, 30), zone)
    assert spring.end - spring.start == timedelta(hours=1)
    assert spring.on_time_until == spring.start + timedelta(minutes=10)
    autumn = held(local(zone, 2026, 10, 25, 1, 30), local(zone, 2026, 10, 25, 3, 30), zone)
    assert autumn.end - autumn.start == timedelta(hours=3)
    for one, day in ((spring, date(2026, 3, 29)), (autumn, date(2026, 10, 25))):
        assert one.local_date == day
        assert one.is_watched_at(one.end - timedelta(seconds=1))


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    zone = "Europe/Vienna"
    first = held(local(zone, 2026, 10, 25, 2, 30), local(zone, 2026, 10, 25, 2, 30, fold=1), zone)
    assert first.end - first.start == timedelta(hours=1)
    assert first.is_watched_at(first.start)
    assert not first.is_watched_at(first.end)


def test_a_cancelled_meeting_is_not_watched_and_a_closed_one_still_is() -> None:
    for state in MeetingState:
        assert meeting(state=state).is_watched_at(at(5)) is (state is not MeetingState.CANCELLED)
    assert not meeting().is_watched_at(at(-10.01))
    assert meeting().is_watched_at(at(-10))


def test_being_seen_counts_from_ten_minutes_before_the_start() -> None:
    assert counts_from(meeting(), []) == at(-10)
    assert counts_from(meeting(), [meeting()]) == at(-10)


@pytest.mark.parametrize(
    ("start", "end", "since"),
    [
        (-60, -30, -10),  # long over
        (-60, -10, -10),
        (-60, -5, -5),  # ends within the window
        (-60, 0, 0),  # back to back
        (-60, 20, 0),  # runs into this one: who is in both is in both from its start
        (0, 50, -10),  # at the same time
        (5, 9, -10),  # begins later
    ],
)
def test_an_earlier_meeting_in_the_room_keeps_its_students_until_it_ends(
    start: float, end: float, since: float
) -> None:
    assert counts_from(meeting(), [meeting(start, end, meeting_id="other")]) == at(since)


def test_a_cancelled_meeting_keeps_nobody() -> None:
    cancelled = meeting(-60, 0, meeting_id="other", state=MeetingState.CANCELLED)
    assert counts_from(meeting(), [cancelled]) == at(-10)


@given(st.lists(st.tuples(st.integers(-90, 60), st.integers(1, 90)), max_size=5), st.randoms(use_true_random=False))
def test_it_counts_from_within_the_window_whatever_else_is_attended(
    others: list[tuple[int, int]], random: Random
) -> None:
    attended = [meeting(start, start + length, meeting_id=f"{start}-{length}") for start, length in others]
    since = counts_from(meeting(), attended)
    assert at(-10) <= since <= at(0)
    random.shuffle(attended)
    assert counts_from(meeting(), attended) == since
    assert counts_from(meeting(), attended[1:]) <= since


@pytest.mark.parametrize(("coverage", "enough"), [(0.8, True), (0.1 + 0.7, True), (0.7999, False), (1.0, True)])
def test_a_share_at_the_floor_suffices_however_it_was_added_up(coverage: float, enough: bool) -> None:  # noqa: FBT001
    assert ClassRules(coverage_floor=0.8).suffices(coverage) is enough


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (None, None, True),
        (date(2026, 3, 2), None, True),
        (date(2026, 3, 3), None, False),
        (None, date(2026, 3, 2), True),
        (None, date(2026, 3, 1), False),
        (date(2026, 3, 2), date(2026, 3, 2), True),
    ],
)
def test_an_enrolment_holds_from_its_first_to_its_last_day(
    begin: date | None,
    end: date | None,
    expected: bool,  # noqa: FBT001
) -> None:
    assert Enrollment("c", "s", begin, end).holds_on(date(2026, 3, 2)) is expected
