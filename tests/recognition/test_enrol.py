from dataclasses import replace

import pytest

from recognition import Box, DetectorScale, Engine, Face, FaceTooSmall, Look, NoFace, SeveralFaces, enrolment_face
from recognition.faces import Timings
from recognition.header import PictureHeader
from tests.recognition.pictures import both, cat, encoded, grace_hopper


def look_at(*faces: tuple[float, float]) -> Look:
    """A look at faces of these (width, score), where below 0.2 is weak and from 1.0 plain."""
    seen = tuple(Face(Box(0, 0, width, width), score) for width, score in faces)
    return Look(PictureHeader("JPEG", 500, 500), 500, 500, seen, DetectorScale(0.2, 1.0), Timings(0, 0, 0))


def test_a_portrait_gives_its_face(grace_look: Look) -> None:
    face = enrolment_face(grace_look)
    assert face is grace_look.faces[0]
    assert face.template is not None


def test_the_false_face_in_the_astronauts_suit_is_passed_over(astronaut_look: Look) -> None:
    face = enrolment_face(astronaut_look)
    assert face.box.top < 120, "the face is at the top, the false find at the bottom"


def test_a_photo_without_a_face_is_refused(engine: Engine) -> None:
    with pytest.raises(NoFace, match="No face was found: send a photo of one person"):
        enrolment_face(engine.look(encoded(cat(), "JPEG")))


def test_a_photo_of_two_people_is_refused(engine: Engine) -> None:
    with pytest.raises(SeveralFaces, match="faces were found: send a photo of one person alone"):
        enrolment_face(engine.look(encoded(both(), "JPEG")))


def test_a_small_face_is_refused_with_both_sizes(engine: Engine) -> None:
    with pytest.raises(FaceTooSmall, match=r"The face is too small: \d\d pixels, 80 needed\."):
        enrolment_face(engine.look(encoded(grace_hopper().resize((160, 188)), "PNG")))


def test_how_small_is_too_small_is_the_callers() -> None:
    with pytest.raises(FaceTooSmall, match="34 pixels, 80 needed"):
        enrolment_face(look_at((34, 2.0)))
    assert enrolment_face(look_at((34, 2.0)), smallest_face=34).box.width == 34


@pytest.mark.parametrize(
    ("taken", "other"),
    [
        ((100, 1.5), (100, 1.4)),  # two plain faces
        ((100, 1.5), (40, 0.2)),  # a small one, but not weak
        ((100, 0.9), (100, 0.1)),  # a weak one beside one that isn't plain
        ((100, 1.5), (111, 0.1)),  # a weak one that is larger
        ((100, 0.1), (100, 0.1)),  # nothing but weak ones
    ],
)
def test_another_find_is_only_passed_over_where_all_speaks_for_one(
    taken: tuple[float, float], other: tuple[float, float]
) -> None:
    for look in (look_at(taken, other), look_at(other, taken)):
        with pytest.raises(SeveralFaces, match="Two faces were found"):
            enrolment_face(look)


def test_weak_finds_beside_one_plain_face_are_passed_over() -> None:
    for look in (look_at((90, 1.0), (99, 0.19), (40, -0.5)), look_at((40, 0.1), (90, 1.0))):
        assert enrolment_face(look).score == 1.0


def test_what_is_weak_depends_on_the_detector() -> None:
    look = replace(look_at((90, 0.99), (90, 0.4)), scale=DetectorScale(weak=0.5, strong=0.9))
    assert enrolment_face(look).score == 0.99
