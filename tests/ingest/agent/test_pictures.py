"""Which pictures are sent."""

import time

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.agent.backoff import Backoff
from ingest.agent.clock import Clock
from ingest.agent.config import PictureSettings
from ingest.agent.pictures import ChangeFilter, Picture, Thinner, encode


@given(rate=st.floats(0.5, 60), every=st.floats(0.04, 10), jitter=st.lists(st.floats(-0.2, 0.2), min_size=400))
def test_thinning_gives_the_wanted_rate_or_the_sources_own_where_that_is_lower(
    rate: float, every: float, jitter: list[float]
) -> None:
    thinner = Thinner(every)
    moments = [(number + shift) / rate for number, shift in enumerate(jitter[:400])]
    sent = [moment for moment in moments if thinner.is_due(moment)]
    span = moments[-1] - moments[0]
    assert len(sent) <= span / every + 2
    # A gap is at most what is wanted and one picture of the source, with what that one comes late.
    assert max(np.diff([*sent, moments[-1]])) <= every * 1.25 + 1.4 / rate


def test_a_source_at_just_the_wanted_rate_loses_none_by_a_hair() -> None:
    thinner = Thinner(1.0)
    assert all(thinner.is_due(number - 0.01 * (number % 3)) for number in range(100))


def test_a_source_whose_time_jumps_back_goes_on() -> None:
    thinner = Thinner(1.0)
    assert [thinner.is_due(at) for at in (1000.0, 1001.0, 5.0, 6.0)] == [True] * 4


def scene(shade: int = 90, noise: int = 0, face_at: int | None = None) -> Picture:
    picture = np.full((1080, 1920, 3), shade, np.uint8)
    if noise:
        grain = np.random.default_rng(noise).normal(0, 6, picture.shape)
        picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    if face_at is not None:
        picture[500:550, face_at : face_at + 40] = 190
    return picture


def test_a_still_scene_is_sent_at_the_longest_gap_only_and_a_small_face_at_once() -> None:
    changes = ChangeFilter(least_change=4, longest_gap=2.0)
    stills = [changes.passes(scene(noise=number + 1), float(number)) for number in range(7)]
    assert stills == [True, False, True, False, True, False, True]
    assert changes.passes(scene(noise=9, face_at=777), 7.0)
    assert not changes.passes(scene(noise=10, face_at=777), 7.5)
    assert changes.passes(scene(noise=11, face_at=830), 8.0)


def test_a_picture_is_made_smaller_never_larger() -> None:
    settings = PictureSettings(largest_side=960, quality=80)
    wide = cv2.imdecode(np.frombuffer(encode(scene(), settings), np.uint8), cv2.IMREAD_COLOR)
    assert wide is not None
    assert wide.shape == (540, 960, 3)
    small = cv2.imdecode(np.frombuffer(encode(scene()[:100, :50], settings), np.uint8), cv2.IMREAD_COLOR)
    assert small is not None
    assert small.shape == (100, 50, 3)


def test_a_lower_quality_makes_a_smaller_file() -> None:
    noisy = scene(noise=1)
    low, high = (len(encode(noisy, PictureSettings(quality=quality))) for quality in (40, 95))
    assert low < high / 2


@given(first=st.floats(0.1, 2), factor=st.floats(1, 100), tries=st.integers(1, 30))
def test_waits_grow_within_their_bounds_and_begin_anew(first: float, factor: float, tries: int) -> None:
    backoff = Backoff(first, first * factor)
    waits = [backoff.next() for _ in range(tries)]
    whole = [min(first * factor, first * 2**number) for number in range(tries)]
    assert all(half / 2 <= wait <= half for wait, half in zip(waits, whole, strict=True))
    backoff.reset()
    assert backoff.next() <= first


@given(
    truth=st.floats(-10_000, 10_000),
    legs=st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)), min_size=1, max_size=40),
)
def test_the_clocks_offset_is_off_by_at_most_half_the_shortest_round_trip(
    truth: float, legs: list[tuple[float, float]]
) -> None:
    clock, now = Clock(), 1_000_000.0
    for there, back in legs:
        clock.observe(now, now + there + truth, now + there + back)
        now += 5
    assert clock.offset is not None
    shortest = min(there + back for there, back in legs[-32:])
    assert abs(clock.offset - truth) <= shortest / 2 + 1e-6


def test_a_clock_that_was_never_measured_says_so() -> None:
    assert Clock().offset is None


@pytest.mark.parametrize("wrong_by", [-500.0, 0.0, 500.0])
def test_a_files_time_is_told_as_the_clock_counts(wrong_by: float) -> None:
    clock = Clock(lambda: time.time() + wrong_by)
    assert clock.since_file_time(time.time() + wrong_by) == pytest.approx(clock.local(), abs=0.1)
