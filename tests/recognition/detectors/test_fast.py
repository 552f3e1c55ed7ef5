import numpy as np
import pytest
from PIL import Image

from recognition import Box, Face
from recognition.detectors import FastDetector
from tests.recognition.pictures import astronaut, both, cat, grace_hopper

SMALLEST = 40.0


@pytest.fixture(scope="module")
def detector() -> FastDetector:
    return FastDetector()


def overlap(one: Box, other: Box) -> float:
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(width, 0) * max(height, 0)
    return shared / (one.width * one.height + other.width * other.height - shared)


def crowd() -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Faces of 36 to 110 pixels on a grey picture, and the middle of each."""
    picture = Image.new("RGB", (1280, 720), "grey")
    middles = []
    for place, side in enumerate((120, 160, 220, 300, 360)):
        tile = (astronaut().crop((130, 10, 330, 210)) if place % 2 else grace_hopper().crop((80, 40, 460, 420))).resize(
            (side, side)
        )
        picture.paste(tile, (10 + 250 * place, 40 + 60 * place))
        middles.append((10 + 250 * place + side / 2, 40 + 60 * place + side / 2))
    return np.asarray(picture), middles


def test_faces_of_all_sizes_are_found_where_they_are(detector: FastDetector) -> None:
    picture, middles = crowd()
    faces = detector.find(picture, SMALLEST)
    assert len(faces) == len(middles)
    for x, y in middles:
        assert any(f.box.left < x < f.box.right and f.box.top < y < f.box.bottom for f in faces), (x, y)


def test_points_lie_in_the_box_in_the_order_that_faces_promise(detector: FastDetector) -> None:
    for face in detector.find(crowd()[0], SMALLEST):
        assert face.points is not None
        right_outer, right_inner, left_outer, left_inner, nose = face.points
        assert face.box.left < left_outer[0] < left_inner[0] < right_inner[0] < right_outer[0] < face.box.right
        assert nose[1] > max(right_outer[1], left_outer[1])


def test_a_picture_without_a_face_has_none(detector: FastDetector) -> None:
    assert detector.find(np.asarray(cat()), SMALLEST) == []
    noise = np.random.default_rng(5).integers(0, 256, (240, 320, 3), np.uint8)
    assert detector.find(noise, SMALLEST) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (8, 3000, 3), (3000, 8, 3), (12, 12, 3), (41, 41, 3)])
def test_pictures_of_any_shape_are_searched(detector: FastDetector, shape: tuple[int, int, int]) -> None:
    assert detector.find(np.full(shape, 200, np.uint8), 12.0) == []


def test_smaller_faces_are_found_when_asked_for(detector: FastDetector) -> None:
    picture = np.asarray(grace_hopper().resize((80, 94)))  # its face is 28 pixels wide
    padded = np.full((480, 640, 3), 128, np.uint8)
    padded[200:294, 300:380] = picture
    assert detector.find(padded, 80.0) == []
    assert len(detector.find(padded, 20.0)) == 1


def test_around_known_boxes_the_same_faces_are_found(detector: FastDetector) -> None:
    picture, _ = crowd()
    whole = detector.find(picture, SMALLEST)
    near = detector.find(picture, SMALLEST, near=[face.box for face in whole])
    assert len(near) == len(whole)
    for face in whole:
        assert max(overlap(face.box, other.box) for other in near) > 0.8


def test_a_face_that_moved_and_grew_a_little_is_found_again(detector: FastDetector) -> None:
    picture = np.asarray(both())
    for face in detector.find(picture, SMALLEST):
        shift, rest = 0.25 * face.box.width, 0.1 * face.box.width
        before = Box(
            face.box.left + shift + rest, face.box.top + rest, face.box.right + shift - rest, face.box.bottom - rest
        )
        (found,) = detector.find(picture, SMALLEST, near=[before])
        assert overlap(found.box, face.box) > 0.8


def test_two_boxes_around_one_face_find_it_once(detector: FastDetector) -> None:
    picture = np.asarray(grace_hopper())
    (face,) = detector.find(picture, SMALLEST)
    shifted = Box(face.box.left + 20, face.box.top - 15, face.box.right + 20, face.box.bottom - 15)
    assert len(detector.find(picture, SMALLEST, near=[face.box, shifted])) == 1


def test_near_nothing_is_nothing(detector: FastDetector) -> None:
    picture = np.asarray(grace_hopper())
    assert detector.find(picture, SMALLEST, near=[]) == []
    assert detector.find(picture, SMALLEST, near=[Box(0, 500, 60, 560)]) == []
    assert detector.find(picture, SMALLEST, near=[Box(-400, -400, -300, -300), Box(5000, 5000, 5100, 5100)]) == []


def test_faces_at_the_border_stay_within_the_picture(detector: FastDetector) -> None:
    whole = np.asarray(grace_hopper())
    for cut in (whole[150:], whole[:, 230:], whole[:, :300], whole[:300]):
        height, width = cut.shape[:2]
        picture = np.ascontiguousarray(cut)
        found: list[Face] = detector.find(picture, SMALLEST)
        for face in (*found, *detector.find(picture, SMALLEST, near=[f.box for f in found])):
            assert 0 <= face.box.left < face.box.right <= width
            assert 0 <= face.box.top < face.box.bottom <= height
