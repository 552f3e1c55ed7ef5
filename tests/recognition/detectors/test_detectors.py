import dlib
import numpy as np
import pytest
from PIL import Image

from recognition import Box, UnknownEngine
from recognition.detectors import CnnDetector, Detector, detectors, load_detector
from recognition.models.packages import dlib_model
from tests.recognition.pictures import astronaut, both, cat, grace_hopper

HALF = np.asarray(both().resize((512, 300)))


@pytest.fixture(scope="module", params=detectors)
def detector(request: pytest.FixtureRequest) -> Detector:
    return load_detector(request.param)


def overlap(one: Box, other: Box) -> float:
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(width, 0) * max(height, 0)
    return shared / (one.width * one.height + other.width * other.height - shared)


def test_an_unknown_detector_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownEngine, match="no detector 'nonesuch': choose cnn or fast or hog"):
        load_detector("nonesuch")


def test_each_finds_the_two_people_with_their_points(detector: Detector) -> None:
    detector.prepare()
    faces = [face for face in detector.find(HALF, 40.0) if face.score >= detector.scale.weak]
    assert sorted(face.box.left > 256 for face in faces) == [False, True]
    for face in faces:
        assert face.points is not None
        right_outer, right_inner, left_outer, left_inner, nose = face.points
        assert left_outer[0] < left_inner[0] < nose[0] < right_inner[0] < right_outer[0]
        assert face.box.top < nose[1] < face.box.bottom


def test_each_comes_surest_first(detector: Detector) -> None:
    scores = [face.score for face in detector.find(HALF, 40.0)]
    assert scores == sorted(scores, reverse=True)


def test_none_finds_a_face_in_a_cat(detector: Detector) -> None:
    assert detector.find(np.asarray(cat()), 80.0) == []


def test_each_finds_the_face_again_around_its_box_and_nothing_elsewhere(detector: Detector) -> None:
    grace = max(detector.find(HALF, 40.0), key=lambda face: face.box.left)
    again = detector.find(HALF, 40.0, near=[grace.box])
    assert len(again) == 1
    assert overlap(again[0].box, grace.box) > 0.6
    assert detector.find(HALF, 40.0, near=[]) == []
    assert detector.find(HALF, 40.0, near=[Box(-90, -90, -50, -50)]) == []


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (16, 900), (900, 16)])
def test_each_takes_pictures_of_any_shape(detector: Detector, size: tuple[int, int]) -> None:
    assert detector.find(np.asarray(Image.new("RGB", size, "white")), 40.0) == []


def test_the_cnn_gives_what_dlibs_own_gives() -> None:
    original = dlib.cnn_face_detection_model_v1(str(dlib_model("mmod_human_face_detector.dat")))
    ours = CnnDetector()
    for image in (astronaut().crop((100, 0, 350, 250)), grace_hopper().resize((256, 300))):
        picture = np.ascontiguousarray(np.asarray(image))
        (expected,) = original(picture, 0)
        (face,) = ours.find(picture, 80.0)
        rect = expected.rect
        assert (
            overlap(face.box, Box(rect.left(), rect.top(), rect.right(), rect.bottom())) > 0.7
        )  # a step of the map is an eighth of the box
        assert face.score == pytest.approx(expected.confidence, abs=0.05)
