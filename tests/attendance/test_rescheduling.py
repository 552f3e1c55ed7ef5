"""Meetings that are moved, cancelled, split; over midnight, over a change of clocks; in one room after another."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance import rules
from attendance.coverage import Coverage
from attendance.meetings import Meeting, MeetingState, cancelled, counts_from, moved, restored, split
from attendance.people import Enrollment
from attendance.records import Record
from attendance.status import Cause, NotExpectedReason, Status, UnmarkedReason
from tests.attendance.building import CLASS, MEETING, NOW, STUDENT, at, looked_at, meeting, sighting, steps

ALL = looked_at((-60, 120))


def seen(*minutes: float, of: Meeting | None = None) -> Record:
    record, of = None, of or meeting()
    for minute in minutes:
        record = rules.see(record, sighting(minute), of, counts_from=of.opens_at, coverage=ALL, now=NOW)
    assert record
    return record


def closed(record: Record | None, of: Meeting, *, is_expected: bool = True, was_looked_for: bool = True) -> Record:
    return rules.close(
        record,
        STUDENT,
        of,
        has_template=True,
        coverage=ALL,
        now=NOW,
        is_expected=is_expected,
        was_looked_for=was_looked_for,
    )


def rescheduled(record: Record, to: Meeting, *, is_expected: bool = True) -> Record:
    return rules.reschedule(record, to, is_expected=is_expected, coverage=ALL, counts_from=to.opens_at, now=NOW)


def later(minutes: float, of: Meeting) -> Meeting:
    shift = timedelta(minutes=minutes)
    return moved(of, of.start + shift, of.end + shift, of.room_ids, of.zone)


def test_a_moved_meeting_keeps_its_id_and_its_records_are_judged_again() -> None:
    record = seen(20)
    assert record.status is Status.LATE
    to = later(15, meeting())
    assert to.id == MEETING
    after = rescheduled(record, to)
    assert (after.status, after.history[-1].cause) == (Status.PRESENT, Cause.SCHEDULE)


def test_what_was_seen_outside_of_the_new_time_does_not_count_any_more() -> None:
    after = rescheduled(seen(5), later(90, meeting()))
    assert (after.status, after.sightings, after.is_unsettled) == (Status.UNMARKED, (), True)


def test_a_closed_meeting_that_is_moved_is_open_again_and_its_absences_wait_for_the_next_close() -> None:
    over = replace(meeting(), state=MeetingState.CLOSED, close_number=1)
    to = later(30, over)
    assert (to.state, to.close_number) == (MeetingState.OPEN, 1)
    after = rescheduled(closed(None, over), to)
    assert steps(after) == [(1, "absent", True), (2, "unmarked", False)]
    assert closed(after, to).status is Status.ABSENT


def test_of_a_cancelled_meeting_nothing_counts_until_it_is_restored() -> None:
    said = rules.mark(seen(5), MEETING, STUDENT, Status.ABSENT, by="teacher", reason=None, now=NOW)
    for record in (said, seen(5)):
        off = rescheduled(record, cancelled(meeting()))
        assert (off.status, off.reason) == (Status.NOT_EXPECTED, NotExpectedReason.CANCELLED)
        assert closed(off, cancelled(meeting())).history == off.history
        on = rescheduled(off, restored(cancelled(meeting())))
        assert on.verdict == record.verdict


def test_a_moved_meeting_that_was_cancelled_stays_so() -> None:
    assert later(10, cancelled(meeting())).state is MeetingState.CANCELLED


@pytest.mark.parametrize(
    ("day", "begin", "end", "expected"),
    [
        ("2026-03-01", None, "2026-03-01", True),
        ("2026-03-02", None, "2026-03-01", False),
        ("2026-03-02", "2026-03-03", None, False),
        ("2026-03-03", "2026-03-03", None, True),
    ],
)
def test_who_is_not_enrolled_on_the_civil_date_is_not_expected(
    day: str,
    begin: str | None,
    end: str | None,
    expected: bool,  # noqa: FBT001
) -> None:
    first, last = (date.fromisoformat(each) if each else None for each in (begin, end))
    holds = Enrollment(CLASS, STUDENT, first, last).holds_on(date.fromisoformat(day))
    assert holds is expected
    record = closed(None, meeting(), is_expected=holds)
    assert record.status is (Status.ABSENT if expected else Status.NOT_EXPECTED)


def test_an_absence_goes_when_the_student_turns_out_not_to_be_enrolled_and_comes_back() -> None:
    absent = closed(None, meeting())
    gone = closed(absent, meeting(), is_expected=False)
    assert (gone.status, gone.reason) == (Status.NOT_EXPECTED, NotExpectedReason.NOT_ENROLLED)
    assert closed(gone, meeting()).verdict == absent.verdict


def test_who_was_enrolled_after_the_close_was_not_looked_for_and_so_is_never_absent() -> None:
    record = closed(None, meeting(), was_looked_for=False)
    assert (record.status, record.reason) == (Status.UNMARKED, UnmarkedReason.ENROLLED_LATER)
    assert closed(record, meeting()).history == record.history  # the closer that comes by again knows no better


def test_a_split_meeting_keeps_its_id_for_the_first_part_and_what_was_seen_counts_where_it_was() -> None:
    first, second = split(meeting(), at(25))
    assert (first.id, first.start, first.end) == (MEETING, at(0), at(25))
    assert (second.start, second.end, second.class_id, second.zone) == (at(25), at(50), first.class_id, first.zone)
    assert split(meeting(), at(25))[1].id == second.id != MEETING
    whole = rules.see(None, sighting(20, 45), meeting(), counts_from=at(-10), coverage=ALL, now=NOW)
    assert whole
    in_first = rescheduled(whole, first)
    assert (in_first.status, in_first.first_seen, in_first.last_seen) == (Status.LATE, at(20), at(25))
    in_second = rules.see(None, whole.sightings[0], second, counts_from=at(25), coverage=ALL, now=NOW)
    assert in_second
    assert (in_second.status, in_second.first_seen, in_second.last_seen) == (Status.PRESENT, at(25), at(45))


@pytest.mark.parametrize("minute", [-1, 0, 50, 51])
def test_a_meeting_is_split_within_itself(minute: float) -> None:
    with pytest.raises(ValueError, match="between its start and its end"):
        split(meeting(), at(minute))


_zones = st.sampled_from(["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
_days = st.sampled_from([date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 25), date(2026, 11, 1)])


@given(_zones, _days, st.integers(-26 * 60, 50 * 60), st.integers(1, 600))
def test_a_meetings_day_is_that_of_its_start_where_it_is_held_over_midnight_and_changes_of_clocks(
    zone: str, day: date, minute: int, length: int
) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    of = Meeting(MEETING, CLASS, ("a room",), start, start + timedelta(minutes=length), zone)
    # Obvious: the offset that the zone has at that moment, added to the clock of UTC.
    offset = ZoneInfo(zone).utcoffset(start.astimezone(ZoneInfo(zone)))
    assert offset is not None
    assert of.local_date == (start.replace(tzinfo=None) + offset).date()
    # The windows are spans of time, whatever the clock on the wall does.
    assert of.on_time_until - of.opens_at == of.rules.arrival_opens + of.rules.late_after
    assert of.end - of.start == timedelta(minutes=length)


def test_an_hour_that_the_clocks_skip_or_repeat_makes_nobody_late() -> None:
    for day in ((2026, 3, 29), (2026, 10, 25)):
        start = datetime(*day, 1, 55, tzinfo=ZoneInfo("Europe/Vienna")).astimezone(UTC)
        of = Meeting(MEETING, CLASS, ("a room",), start, start + timedelta(minutes=50), "Europe/Vienna")
        came = replace(sighting(0), first_seen=start + timedelta(minutes=9), last_seen=start + timedelta(minutes=45))
        record = rules.see(None, came, of, counts_from=of.opens_at, coverage=Coverage(), now=NOW)
        assert record
        assert record.status is Status.PRESENT


@given(st.lists(st.tuples(st.integers(-60, 60), st.integers(1, 60)), min_size=2, max_size=4), st.integers(-80, 130))
def test_of_the_meetings_that_a_student_attends_in_one_room_each_counts_by_its_own_time(
    spans: list[tuple[int, int]], minute: int
) -> None:
    meetings = [meeting(start, start + length, meeting_id=f"{index}") for index, (start, length) in enumerate(spans)]
    for of in meetings:
        record = rules.see(None, sighting(minute), of, counts_from=counts_from(of, meetings), coverage=ALL, now=NOW)
        if of.start <= at(minute) < of.end:  # those that go on at once count at once
            assert record
            assert record.first_seen == at(minute)
        elif at(minute) < of.start and any(
            other.start < of.start and at(minute) < other.end for other in meetings if other is not of
        ):
            assert record is None  # they are still in the earlier one
        else:
            assert (record is not None) == of.is_watched_at(at(minute))


def test_what_was_looked_at_of_two_rooms_is_what_was_looked_at_in_both() -> None:
    both = Coverage.of_rooms([looked_at((0, 30)), looked_at((20, 50))])
    assert both == looked_at((20, 30))
    assert Coverage.of_rooms([looked_at((0, 50)), Coverage()]) == Coverage()
    assert Coverage.of_rooms([]) == Coverage()


_spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=5).map(
    lambda spans: looked_at(*((float(start), float(start + length)) for start, length in spans))
)


@given(_spans, _spans)
def test_an_intersection_holds_the_moments_that_both_hold(one: Coverage, other: Coverage) -> None:
    def minutes(coverage: Coverage) -> set[int]:
        return {minute for minute in range(50) for start, end in coverage.intervals if start <= at(minute) < end}

    assert minutes(one.intersection(other)) == minutes(one) & minutes(other)
