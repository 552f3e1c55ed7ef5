from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition import BadTemplate, Box, EncoderMismatch, Face, Quality, Template
from recognition.tracking import Evidence, weigh_by_quality


def vector(angle: float) -> list[float]:
    return [float(np.cos(angle)), float(np.sin(angle)), 0.0]


def template(angle: float, length: float = 1.0, encoder: str = "e") -> Template:
    return Template(encoder, length * np.array(vector(angle), np.float32))


def evidence(*faces: tuple[float, float, float]) -> Evidence:
    """Faces as angle, weight, time."""
    gathered = Evidence()
    for angle, weight, time in faces:
        gathered.add(template(angle), weight, time)
    return gathered


def at_a_distance(cosine_distance: float, frames: int, seconds: float) -> Evidence:
    """Templates whose mean 1 − cosine between any two is the one given: a common part and one of each frame's own."""
    gathered = Evidence()
    own = np.sqrt(cosine_distance)
    for frame in range(frames):
        values = np.zeros(frames + 1, np.float32)
        values[0], values[frame + 1] = np.sqrt(1 - own**2), own
        gathered.add(Template("e", values), 1.0, frame * seconds)
    return gathered


def test_before_the_first_face_there_is_nothing() -> None:
    assert Evidence().fused() is None
    assert Evidence().effective_frames == 0
    assert Evidence().direction is None


def test_one_face_is_its_own_template_and_one_frame() -> None:
    fused = evidence((0.3, 0.5, 7.0)).fused()
    assert fused is not None
    np.testing.assert_allclose(fused.template.vector, vector(0.3), atol=1e-6)
    assert (fused.frames, fused.effective_frames) == (1, 1.0)


def test_the_template_is_the_weighted_mean_at_unit_length() -> None:
    fused = evidence((0.0, 3.0, 0.0), (1.0, 1.0, 0.0)).fused()
    assert fused is not None
    mean = 3 * np.array(vector(0.0)) + np.array(vector(1.0))
    np.testing.assert_allclose(fused.template.vector, mean / np.linalg.norm(mean), atol=1e-6)


def test_templates_that_are_not_of_unit_length_stay_comparable_by_distance() -> None:
    gathered = Evidence()
    gathered.add(template(0.0, length=1.4), 1.0, 0.0)
    gathered.add(template(0.0, length=1.6), 1.0, 0.0)
    fused = gathered.fused()
    assert fused is not None
    np.testing.assert_allclose(fused.template.vector, [1.5, 0, 0], atol=1e-6)


def test_five_frames_a_second_apart_are_worth_a_third_more_than_one() -> None:
    # Mean 1 − cosine within a track as measured: 0.018, against 0.045 over different days.
    assert at_a_distance(0.018, 5, 1.0).effective_frames == pytest.approx(1.35, abs=0.12)


def test_the_same_picture_again_is_worth_nothing_however_late() -> None:
    assert evidence(*[(0.2, 1.0, 10.0 * frame) for frame in range(9)]).effective_frames == pytest.approx(1.0, abs=1e-6)


def test_frames_of_one_moment_are_worth_one_however_unlike() -> None:
    assert at_a_distance(0.05, 9, 0.0).effective_frames == pytest.approx(1.0)


def test_a_shortened_template_is_as_long_as_the_mean_of_so_many_independent_looks() -> None:
    # Of n independent looks, each off by `look` of its squared length, the mean's squared length is 1 - (1 - 1/n) look.
    fused = at_a_distance(0.018, 5, 1.0).fused()
    assert fused is not None
    length = float(np.linalg.norm(fused.shortened(0.045)))
    assert 1 / (1 - (1 - length**2) / 0.045) == pytest.approx(fused.effective_frames, rel=1e-3)


def test_a_face_without_weight_adds_next_to_nothing() -> None:
    light = evidence((0.0, 1.0, 0.0), (0.3, 1e-4, 9.0))
    assert light.effective_frames == pytest.approx(1.0, abs=1e-2)


faces = st.lists(st.tuples(st.floats(-1, 1), st.floats(0.1, 1), st.floats(0, 60)), min_size=1, max_size=60)


@given(faces)
def test_a_track_is_worth_one_frame_to_fewer_than_two_and_never_more_than_it_has(
    taken: list[tuple[float, float, float]],
) -> None:
    ordered = sorted(taken, key=lambda face: face[2])
    worth = evidence(*ordered).effective_frames
    assert 1 - 1e-6 <= worth <= min(len(taken), 1 / 0.6) + 1e-6


def test_what_was_seen_long_ago_gives_way() -> None:
    fused = evidence((0.0, 1.0, 0.0), (0.0, 1.0, 1.0), (0.0, 1.0, 2.0), (1.0, 1.0, 120.0)).fused()
    assert fused is not None
    assert float(fused.template.vector @ np.array(vector(1.0), np.float32)) > 0.99


def test_templates_of_two_encoders_are_never_fused() -> None:
    gathered = evidence((0.0, 1.0, 0.0))
    with pytest.raises(EncoderMismatch, match="'other'"):
        gathered.add(template(0.0, encoder="other"), 1.0, 1.0)
    with pytest.raises(BadTemplate):
        gathered.add(Template("e", np.ones(2, np.float32)), 1.0, 1.0)
    assert gathered.frames == 1


def test_a_template_of_zeros_is_refused() -> None:
    with pytest.raises(BadTemplate):
        Evidence().add(Template("e", np.zeros(3, np.float32)), 1.0, 0.0)


def weight(width: float = 100, **quality: float) -> float:
    good = Quality(width, sharpness=0.09, turned=0.1, brightness=120, contrast=40)
    return weigh_by_quality(Face(Box(0, 0, width, width), 1.0, quality=replace(good, **quality)))


@pytest.mark.parametrize(
    ("name", "from_bad_to_good"),
    [
        ("width", [0.0, 28.0, 40.0, 80.0]),
        ("sharpness", [0.0, 0.02, 0.05, 0.09]),
        ("sharpness", [1.0, 0.3, 0.15, 0.1]),
        ("turned", [3.0, 0.8, 0.6, 0.3]),
        ("contrast", [0.0, 5.0, 15.0, 40.0]),
    ],
)
def test_a_small_blurred_grainy_turned_or_flat_face_counts_less(name: str, from_bad_to_good: list[float]) -> None:
    weights = [weight(**{name: value}) for value in from_bad_to_good]
    assert weights == sorted(set(weights))
    assert weights[0] >= 0.1
    assert weights[-1] == 1.0


def test_without_its_quality_a_face_is_weighed_by_its_size() -> None:
    weights = [weigh_by_quality(Face(Box(0, 0, width, width), 1.0)) for width in (0, 28, 40, 80, 300)]
    assert weights == sorted(weights)
    assert weights[0] > 0
    assert weights[-1] == weights[-2] == 1.0
