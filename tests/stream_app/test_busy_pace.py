"""What a pool does a second is counted while frames wait, not by the time of a look alone."""

import pytest

from stream_app.busy_pace import FEWEST_LOOKS, BusyPace


def test_looks_are_counted_over_the_time_in_which_frames_waited() -> None:
    pace = BusyPace()
    for second in range(10):
        pace.note(second, looks=4 * second, is_busy=True)
    assert pace.looks_per_s == pytest.approx(4)


def test_a_time_in_which_no_frame_waited_says_nothing_of_what_the_pool_can_do() -> None:
    pace = BusyPace()
    for second in range(10):
        pace.note(second, looks=4 * second, is_busy=True)
    for second in range(10, 30):
        pace.note(second, looks=36, is_busy=False)
    assert pace.looks_per_s == pytest.approx(4)


def test_too_few_looks_tell_nothing() -> None:
    pace = BusyPace()
    pace.note(0, looks=0, is_busy=True)
    pace.note(1, looks=FEWEST_LOOKS - 1, is_busy=True)
    assert pace.looks_per_s is None


def test_a_pool_that_got_slower_is_known_of_within_a_quarter_of_a_minute() -> None:
    pace, looks = BusyPace(), 0
    for second in range(60):
        looks += 8 if second < 40 else 2
        pace.note(second, looks=looks, is_busy=True)
    assert pace.looks_per_s == pytest.approx(2)
