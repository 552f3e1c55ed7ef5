"""How hard frames are thinned, on a queue that is worked off second by second."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.overload import Controller, Load
from stream_app.thinning import MOST_DOUBLINGS, MOST_STEPS, Priority
from tests.stream_app.queue_of_frames import Queue

COMPLETE, MISSING, ARRIVING = Priority


@pytest.mark.parametrize("times", [3, 10])
@pytest.mark.parametrize("priority", list(Priority))
def test_the_lag_stays_bounded_at_a_multiple_of_what_the_pool_can_do(times: int, priority: Priority) -> None:
    queue = Queue(most_lag_s=30, throughput=10)
    queue.run(600, lambda _: {priority: 10 * times})
    assert max(queue.lags) <= 30
    assert max(queue.lags[-300:]) <= 5  # and it is worked off, not only kept


@settings(max_examples=60, deadline=None)
@given(
    most_lag=st.integers(10, 120),
    throughput=st.floats(2, 20),
    loads=st.tuples(st.floats(0, 5), st.floats(0, 5), st.floats(0, 5)),
    begins=st.integers(0, 60),
)
def test_the_lag_stays_bounded_at_any_mixture_of_load(
    most_lag: int, throughput: float, loads: tuple[float, float, float], begins: int
) -> None:
    counts = {each: round(load * throughput) for each, load in zip(Priority, loads, strict=True)}
    queue = Queue(most_lag_s=most_lag, throughput=throughput)
    queue.run(240, lambda now: counts if now >= begins else {MISSING: 1})
    assert max(queue.lags) <= most_lag


@pytest.mark.parametrize("times", [3, 10])
def test_a_camera_whose_roster_is_complete_gives_way_before_one_that_misses_people(times: int) -> None:
    queue = Queue(most_lag_s=30, throughput=20)
    queue.run(300, lambda _: {COMPLETE: 20 * times - 16, MISSING: 8, ARRIVING: 8})
    assert queue.skipped[COMPLETE] > 0
    assert queue.skipped[MISSING] == queue.skipped[ARRIVING] == 0


@pytest.mark.parametrize("times", [3, 10])
def test_those_who_may_still_be_on_time_are_thinned_last(times: int) -> None:
    queue = Queue(most_lag_s=30, throughput=20)
    queue.run(300, lambda _: {MISSING: 20 * times - 12, ARRIVING: 12})
    assert queue.skipped[MISSING] > 0
    assert queue.skipped[ARRIVING] == 0


@settings(max_examples=200, deadline=None)
@given(
    lag=st.floats(0, 60),
    waiting=st.tuples(*[st.floats(0, 1e5)] * 3),
    throughput=st.floats(0.1, 100),
)
def test_no_class_is_thinned_while_a_lesser_one_with_frames_could_be_thinned_instead(
    lag: float, waiting: tuple[float, float, float], throughput: float
) -> None:
    step = Controller(30).update(Load(lag, dict(zip(Priority, waiting, strict=True)), {}, throughput))
    if step > MOST_DOUBLINGS:
        left = waiting[0] / 2**MOST_DOUBLINGS + waiting[1] + waiting[2]
        assert left > throughput * 30 * 0.3 * 0.999  # the lesser class at its least was not enough


@pytest.mark.parametrize("times", [1.2, 3, 10])
def test_it_does_not_flutter(times: float) -> None:
    queue = Queue(most_lag_s=30, throughput=10)
    queue.run(900, lambda _: {MISSING: round(10 * times)})
    changes = sum(before != after for before, after in pairwise(queue.steps[120:]))
    assert changes == 0
    assert len(set(queue.steps)) <= 6


def test_every_frame_is_looked_at_again_once_the_load_is_gone() -> None:
    queue = Queue(most_lag_s=30, throughput=10)
    queue.run(240, lambda now: {COMPLETE: 20, MISSING: 70, ARRIVING: 10} if now < 120 else {MISSING: 5})
    assert max(queue.steps) > MOST_DOUBLINGS
    assert queue.steps[-60:] == [0] * 60


def test_at_a_load_that_the_pool_can_do_every_frame_is_looked_at() -> None:
    queue = Queue(most_lag_s=30, throughput=10)
    queue.run(300, lambda _: {MISSING: 9})
    assert set(queue.steps) == {0}


def test_the_backlog_of_a_camera_that_was_cut_off_is_thinned_evenly_over_its_whole_length() -> None:
    queue = Queue(most_lag_s=30, throughput=10)
    queue.run(60, lambda _: {MISSING: 2})
    for second in range(600):
        queue.arrive("cut off", MISSING, queue.now_s - 600 + second)
    queue.run(60, lambda _: {MISSING: 2})
    looked_at = [each.taken_at.timestamp() for each in queue.looked_at if each.camera == "cut off"]
    gaps = [later - earlier for earlier, later in pairwise(looked_at)]
    assert max(queue.lags) <= 30
    assert len(looked_at) >= 600 / 2 / 4
    # The first second's share is gone before anybody can know what waits behind it.
    assert len(set(gaps[10 + 1 :])) == 1


def test_a_backlogs_arrival_window_is_kept_whole() -> None:
    queue = Queue(most_lag_s=30, throughput=10)
    for second in range(900):
        queue.arrive("cut off", ARRIVING if 300 <= second < 420 else MISSING, second)
    queue.run(60, lambda _: {})
    assert queue.skipped[ARRIVING] == 0
    assert queue.skipped[MISSING] > 300
    assert max(queue.lags) <= 30


def test_after_an_outage_longer_than_the_bound_what_waits_is_still_looked_at_in_part() -> None:
    queue = Queue(most_lag_s=30, throughput=10)
    for second in range(120):
        queue.now_s = second
        for number in range(5):
            queue.arrive(f"camera{number}", MISSING, second)
    queue.run(60, lambda _: {MISSING: 5})
    assert sum(each.arrived_s < 119 for each in queue.looked_at) >= 120
    assert max(queue.lags[-30:]) <= 10


def test_nothing_is_thinned_before_it_is_known_what_the_pool_can_do() -> None:
    assert Controller(30).update(Load(1000, {MISSING: 1e6}, {MISSING: 1e3}, throughput=0)) == 0


def test_the_hardest_step_is_the_last() -> None:
    assert Controller(30).update(Load(0, dict.fromkeys(Priority, 1e9), {}, throughput=1)) == MOST_STEPS
