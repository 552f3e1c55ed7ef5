from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recognition import Engine, decode, load_engine
from recognition.fast_engine import FastEngine
from recognition.jitter import VIEWS, jittered
from recognition.picture_templates import central_face
from tests.recognition.pictures import astronaut, both, encoded, grace_hopper

POINTS = np.array([(86, 21), (65, 23), (12, 21), (33, 23), (49, 63)], np.float32) * 2 + 40
Matrix = NDArray[np.float32]


def sides(points: Matrix) -> Matrix:
    return np.asarray(np.linalg.norm(points[:, None] - points, axis=2), np.float32)


def test_the_first_view_is_the_face_as_it_is_aligned() -> None:
    views = jittered(POINTS)
    assert views.shape == (VIEWS, 5, 2)
    assert np.allclose(views[0], POINTS)


def test_a_view_moves_turns_or_scales_a_face_a_little_and_never_bends_it() -> None:
    for view in jittered(POINTS):
        scale = sides(view).sum() / sides(POINTS).sum()
        assert np.allclose(sides(view), scale * sides(POINTS), atol=1e-3)
        assert 0.93 < scale < 1.07
        assert np.abs(view - POINTS).max() < 0.1 * np.ptp(POINTS)


def test_views_lie_evenly_around_the_face() -> None:
    assert np.allclose(jittered(POINTS).mean(axis=0), POINTS, atol=0.1)


def test_points_all_at_one_place_stay_there() -> None:
    assert np.allclose(jittered(np.full((5, 2), 200, np.float32)), 200)


def test_a_thorough_look_gives_the_surest_face_another_template_of_the_same_encoder() -> None:
    engine = load_engine("fast")
    photo = encoded(both(), "PNG")
    usual, thorough = engine.look(photo), engine.look(photo, thorough=True)
    assert [face.box for face in thorough.faces] == [face.box for face in usual.faces]
    assert [face.quality for face in thorough.faces] == [face.quality for face in usual.faces]
    pairs = [(one.template, other.template) for one, other in zip(usual.faces, thorough.faces, strict=True)]
    assert all(one and other and one.encoder == other.encoder for one, other in pairs)
    near = [float(one.vector @ other.vector) for one, other in pairs if one and other]
    assert 0.95 < near[0] < 0.9999
    assert near[1:] == pytest.approx([1.0] * len(near[1:]), abs=1e-3)


def test_a_picture_without_a_face_is_looked_at_thoroughly_too() -> None:
    assert load_engine("fast").look(encoded(astronaut().crop((0, 0, 60, 60)), "PNG"), thorough=True).faces == ()


def test_an_engine_without_views_gives_what_it_always_gives(engine: Engine) -> None:
    photo = encoded(grace_hopper(), "PNG")
    ((usual,), (thorough,)) = (engine.look(photo, thorough=each).faces for each in (False, True))
    assert usual.template is not None
    assert thorough.template is not None
    assert np.array_equal(usual.template.vector, thorough.template.vector)


@dataclass(frozen=True)
class Enrolled:
    """Of each person one photo as a frame is encoded and as an enrolled one is, and of each another photo."""

    plain: Matrix
    thorough: Matrix
    probes: Matrix

    def missed(self, gallery: Matrix) -> float:
        """The share of mates less alike than one pair of strangers in a thousand."""
        likeness = gallery @ self.probes.T
        strangers = likeness[~np.eye(len(likeness), dtype=bool)]
        return float((np.diag(likeness) < np.quantile(strangers, 0.999)).mean())


@pytest.fixture(scope="module")
def people(faces_of: Callable[[str], list[Path]]) -> Enrolled:
    folder = faces_of("AJ_Cook")[0].parents[1]
    several = [each.name for each in sorted(folder.iterdir()) if len(faces_of(each.name)) > 1][:150]
    engine = FastEngine()

    def template(path: Path, *, thorough: bool) -> Matrix:
        picture = decode(path.read_bytes())
        face = central_face(engine.find(picture), picture.shape[1], picture.shape[0])
        assert face is not None, path
        (found,) = engine.encode(picture, [face], thorough=thorough)
        assert found.template is not None
        return found.template.vector

    pairs = [faces_of(name)[:2] for name in several]
    return Enrolled(
        np.stack([template(first, thorough=False) for first, _ in pairs]),
        np.stack([template(first, thorough=True) for first, _ in pairs]),
        np.stack([template(second, thorough=False) for _, second in pairs]),
    )


@pytest.mark.long
def test_thorough_templates_mix_with_plain_ones(people: Enrolled) -> None:
    near = (people.plain * people.thorough).sum(axis=1)
    # Two photos of one person have 0.96 to one another on average.
    assert near.mean() > 0.985
    assert near.min() > 0.96


@pytest.mark.long
def test_thorough_enrolment_tells_people_from_strangers_at_least_as_well(people: Enrolled) -> None:
    mates = [float((gallery * people.probes).sum(axis=1).mean()) for gallery in (people.plain, people.thorough)]
    assert mates[1] > mates[0]
    assert people.missed(people.thorough) <= people.missed(people.plain)
