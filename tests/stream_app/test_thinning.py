"""Which frames of a camera are the first of their stride."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.cameras import Camera
from attendance.meetings import Meeting
from stream_app.thinning import (
    MOST_DOUBLINGS,
    MOST_STEPS,
    MOST_TIMES,
    FrameTimes,
    Priority,
    doublings,
    priority_of,
    share,
)

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
CAMERA = Camera("camera", "room")
MEETING = Meeting("meeting", "class", ("room",), START, START + timedelta(hours=1), "UTC")


def due(offsets_s: list[float], doublings: int, camera: Camera = CAMERA) -> list[float]:
    """Give those of the moments that are looked at, each decided once it and those before it are known."""
    times, chosen = FrameTimes(camera), []
    for offset in offsets_s:
        moment = START + timedelta(seconds=offset)
        times.add(moment)
        if times.is_due(moment, doublings):
            chosen.append(offset)
    return chosen


@pytest.mark.parametrize("interval_s", [0.04, 0.25, 1.0, 5.0])
@pytest.mark.parametrize("power", [1, 2, 3, 4])
def test_one_of_each_two_to_the_power_of_the_doublings_is_looked_at_whatever_the_cameras_pace(
    interval_s: float, power: int
) -> None:
    chosen = due([index * interval_s for index in range(400)], power)
    assert len(chosen) == pytest.approx(400 / 2**power, rel=0.4)


@given(jitter=st.lists(st.floats(-0.3, 0.3), min_size=128, max_size=128), power=st.integers(1, 4))
def test_each_stride_with_a_frame_has_one_that_is_looked_at_so_no_gap_is_longer_than_two(
    jitter: list[float], power: int
) -> None:
    moments = [100 + index + off for index, off in enumerate(jitter)]
    chosen = due(moments, power)
    assert all(later - earlier <= 2 * 2**power for earlier, later in pairwise(chosen))
    assert len(chosen) <= 128 / 2**power * 1.5 + 2


@given(order=st.permutations(range(40)), power=st.integers(0, 5))
def test_frames_that_come_again_are_decided_as_they_were(order: list[int], power: int) -> None:
    times = FrameTimes(CAMERA)
    moments = [START + timedelta(seconds=index) for index in range(40)]
    for moment in moments:
        times.add(moment)
    first = [times.is_due(moment, power) for moment in moments]
    for index in order:
        times.add(moments[index])
    assert [times.is_due(moment, power) for moment in moments] == first


@given(power=st.integers(0, MOST_DOUBLINGS - 1))
def test_who_is_looked_at_by_a_long_stride_is_looked_at_by_each_shorter_one(power: int) -> None:
    moments = [float(index) for index in range(300)]
    assert set(due(moments, power + 1)) <= set(due(moments, power))


def test_cameras_are_not_all_looked_at_in_the_same_moment() -> None:
    moments = [float(index) for index in range(64)]
    firsts = {tuple(due(moments, 4, Camera(f"camera {number}", "room"))[1:]) for number in range(32)}
    assert len(firsts) > 8


def test_of_many_cameras_that_begin_at_once_the_first_frames_are_thinned_too() -> None:
    firsts = [due([0.0], 3, Camera(f"camera {number}", "room")) for number in range(400)]
    assert sum(bool(first) for first in firsts) == pytest.approx(400 / 8, rel=0.4)


def test_what_is_kept_of_a_camera_is_bounded() -> None:
    times = FrameTimes(CAMERA)
    for index in range(3 * MOST_TIMES):
        times.add(START + timedelta(seconds=index))
    assert len(times._times) == MOST_TIMES


def test_steps_thin_one_class_as_far_as_it_goes_and_then_the_next() -> None:
    assert [doublings(0, each) for each in Priority] == [0, 0, 0]
    assert [doublings(MOST_DOUBLINGS, each) for each in Priority] == [MOST_DOUBLINGS, 0, 0]
    assert [doublings(MOST_DOUBLINGS + 1, each) for each in Priority] == [MOST_DOUBLINGS, 1, 0]
    assert [doublings(MOST_STEPS, each) for each in Priority] == [MOST_DOUBLINGS] * 3
    assert share(MOST_DOUBLINGS + 2, Priority.MISSING) == 0.25


@pytest.mark.parametrize(
    ("minutes", "is_complete", "priority"),
    [
        (-10, False, Priority.ARRIVING),
        (10, False, Priority.ARRIVING),
        (11, False, Priority.MISSING),
        (0, True, Priority.COMPLETE),
        (30, True, Priority.COMPLETE),
    ],
)
def test_who_may_still_come_on_time_matters_most_and_a_complete_roster_least(
    minutes: int,
    is_complete: bool,  # noqa: FBT001 (by name from the table above)
    priority: Priority,
) -> None:
    moment = START + timedelta(minutes=minutes)
    assert priority_of(MEETING, moment, is_complete=is_complete) is priority
