"""When a camera's clock is believed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.cameras import Camera, WrongClock, check_clock
from tests.attendance.building import CAMERA, NOW, ROOM

SECOND = timedelta(seconds=1)
CAM = Camera(CAMERA, ROOM)


@pytest.mark.parametrize("ahead", [timedelta(), 10 * SECOND, -600 * SECOND, -SECOND])
def test_a_time_within_the_allowed_offset_and_backlog_is_believed(ahead: timedelta) -> None:
    check_clock(CAM, NOW + ahead, NOW)


@pytest.mark.parametrize("ahead", [10.001 * SECOND, 86_400 * 365 * SECOND])
def test_a_frame_from_the_future_is_refused_and_told_by_how_much(ahead: timedelta) -> None:
    with pytest.raises(WrongClock, match=rf"{ahead.total_seconds():,.0f} s after it arrived; 10 s are allowed"):
        check_clock(CAM, NOW + ahead, NOW)


@pytest.mark.parametrize("age", [600.001 * SECOND, 86_400 * 3650 * SECOND])
def test_a_frame_older_than_the_allowed_backlog_is_refused(age: timedelta) -> None:
    with pytest.raises(WrongClock, match=r"before it arrived; 600 s are allowed"):
        check_clock(CAM, NOW - age, NOW)


def test_a_camera_that_was_cut_off_may_be_allowed_a_longer_backlog() -> None:
    check_clock(replace(CAM, allowed_backlog=timedelta(hours=2)), NOW - timedelta(minutes=110), NOW)


def test_the_offset_in_which_a_time_is_written_does_not_matter() -> None:
    check_clock(CAM, NOW.astimezone(timezone(timedelta(hours=9))), NOW)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_any_two_times_are_either_believed_or_refused(taken: datetime, arrived: datetime) -> None:
    allowed = -CAM.allowed_backlog <= taken - arrived <= CAM.allowed_clock_offset
    try:
        check_clock(CAM, taken, arrived)
    except WrongClock:
        assert not allowed
    else:
        assert allowed
