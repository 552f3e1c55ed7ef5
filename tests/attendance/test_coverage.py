"""Coverage as a set of moments, against a set of seconds."""

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from attendance.coverage import Coverage, Interval
from tests.attendance.building import START, at, looked_at

SECOND = timedelta(seconds=1)


def moment(second: int) -> datetime:
    return START + second * SECOND


def seconds_of(coverage: Coverage) -> set[int]:
    return {
        second
        for start, end in coverage.intervals
        for second in range((start - START) // SECOND, (end - START) // SECOND)
    }


_spans = st.lists(st.tuples(st.integers(-20, 80), st.integers(-20, 80)), max_size=12)


def _coverage(spans: list[tuple[int, int]]) -> Coverage:
    return Coverage.of((moment(start), moment(end)) for start, end in spans)


def _seconds(spans: list[tuple[int, int]]) -> set[int]:
    return {second for start, end in spans for second in range(start, end)}


@given(_spans)
def test_coverage_is_the_set_of_the_seconds_of_its_intervals(spans: list[tuple[int, int]]) -> None:
    assert seconds_of(_coverage(spans)) == _seconds(spans)


@given(_spans)
def test_intervals_are_in_order_apart_and_not_empty(spans: list[tuple[int, int]]) -> None:
    intervals = _coverage(spans).intervals
    assert all(start < end for start, end in intervals)
    assert all(one[1] < next_one[0] for one, next_one in pairwise(intervals))


@given(_spans, _spans, _spans)
def test_union_is_that_of_sets_whatever_the_order_and_however_often(
    a: list[tuple[int, int]], b: list[tuple[int, int]], c: list[tuple[int, int]]
) -> None:
    one, two, three = _coverage(a), _coverage(b), _coverage(c)
    assert seconds_of(one.union(two)) == _seconds(a) | _seconds(b)
    assert one.union(two) == two.union(one)
    assert one.union(two).union(three) == one.union(two.union(three))
    assert one.union(two).union(one) == one.union(two)


@given(_spans, st.integers(-25, 85), st.integers(-25, 85))
def test_a_share_is_the_counted_part_of_the_seconds(spans: list[tuple[int, int]], start: int, end: int) -> None:
    coverage = _coverage(spans)
    wanted = set(range(start, end))
    assert seconds_of(coverage.within(moment(start), moment(end))) == _seconds(spans) & wanted
    share = coverage.share(moment(start), moment(end))
    assert share == (len(_seconds(spans) & wanted) / len(wanted) if wanted else 1.0)
    assert 0 <= share <= 1


@given(st.lists(st.integers(0, 60), max_size=20), st.integers(1, 10))
def test_a_frame_covers_one_expected_interval_to_each_side(taken: list[int], every: int) -> None:
    coverage = Coverage.of_frames((moment(second) for second in taken), every * SECOND)
    assert seconds_of(coverage) == {second for frame in taken for second in range(frame - every, frame + every)}


@given(st.lists(st.integers(0, 60), max_size=20), st.randoms(use_true_random=False), st.integers(1, 10))
def test_frames_in_any_order_twice_or_in_parts_cover_the_same(taken: list[int], random: Random, every: int) -> None:
    again = [*taken, *taken]
    random.shuffle(again)
    parts = Coverage()
    for second in again:
        parts = parts.union(Coverage.of_frames([moment(second)], every * SECOND))
    assert parts == Coverage.of_frames((moment(second) for second in taken), every * SECOND)


def test_frames_as_often_as_expected_leave_no_gap_and_a_missing_stretch_stays_one() -> None:
    steady = Coverage.of_frames((moment(second) for second in range(61)), SECOND)
    assert steady.intervals == ((moment(-1), moment(61)),)
    torn = Coverage.of_frames((moment(second) for second in (*range(20), *range(40, 61))), SECOND)
    assert seconds_of(torn.within(moment(0), moment(60))) == {*range(20), *range(39, 60)}


def test_nothing_covers_nothing_and_of_no_time_all_is_covered() -> None:
    assert Coverage().share(at(0), at(50)) == 0.0
    assert Coverage().share(at(0), at(0)) == 1.0
    assert Coverage.of([(at(5), at(5)), (at(9), at(8))]) == Coverage()


def test_touching_intervals_become_one() -> None:
    touching: list[Interval] = [(at(0), at(5)), (at(5), at(9))]
    assert Coverage.of(touching) == looked_at((0, 9))
