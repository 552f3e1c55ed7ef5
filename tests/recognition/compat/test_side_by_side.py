"""Beside face_recognition itself, on real pictures."""

import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ImageFile

from recognition import compat
from tests.recognition.pictures import astronaut, both, cat, encoded, grace_hopper, rotated_by_exif

Picture = NDArray[np.uint8]
PEOPLE = ("Abdullah", "Ahmed_Chalabi", "Alan_Greenspan")


@pytest.fixture(scope="module")
def theirs() -> ModuleType:
    allowed = ImageFile.LOAD_TRUNCATED_IMAGES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import face_recognition
    ImageFile.LOAD_TRUNCATED_IMAGES = allowed  # importing it changes Pillow for the whole process
    module: ModuleType = face_recognition
    return module


@pytest.fixture(params=["astronaut", "grace hopper", "both", "cut off by the border", "cat"])
def picture(request: pytest.FixtureRequest) -> Picture:
    images = {
        "astronaut": astronaut(),
        "grace hopper": grace_hopper(),
        "both": both(),
        "cut off by the border": astronaut().crop((190, 60, 290, 200)).resize((200, 280)),
        "cat": cat(),
    }
    return np.array(images[request.param])


@pytest.mark.parametrize("upsampling", [0, 1])
def test_hog_gives_the_same_boxes(theirs: ModuleType, picture: Picture, upsampling: int) -> None:
    ours = compat.face_locations(picture, upsampling)
    assert ours == theirs.face_locations(picture, upsampling)
    assert all(type(side) is int for location in ours for side in location)


def test_the_cnn_gives_the_same_boxes(theirs: ModuleType) -> None:
    pair = np.array(both().resize((256, 150)))
    cut_off = np.array(grace_hopper().crop((215, 120, 370, 300)).resize((124, 144)))
    grey = np.array(grace_hopper().convert("L").resize((224, 262)))
    for picture, upsampling in ((pair, 1), (cut_off, 0), (grey, 0)):
        ours = compat.face_locations(picture, upsampling, model="cnn")
        assert ours == theirs.face_locations(picture, upsampling, model="cnn")
        assert len(ours) == 1
        assert all(type(side) is int for side in ours[0])


def test_the_cnn_gives_the_same_boxes_in_photos_of_people(
    theirs: ModuleType, faces_of: Callable[[str], list[Path]]
) -> None:
    for path in (path for person in PEOPLE for path in faces_of(person)[:2]):
        picture = compat.load_image_file(path)
        ours = compat.face_locations(picture, 0, "cnn")
        assert ours == theirs.face_locations(picture, 0, "cnn")
        assert ours


def test_a_batch_gives_the_same_boxes(theirs: ModuleType) -> None:
    pictures = [np.array(each) for each in (grace_hopper().resize((224, 262)), cat().resize((224, 262)))]
    ours = compat.batch_face_locations(pictures, number_of_times_to_upsample=0, batch_size=2)
    assert ours == theirs.batch_face_locations(pictures, number_of_times_to_upsample=0, batch_size=2)
    assert [len(found) for found in ours] == [1, 0]


def test_a_batch_of_different_sizes_is_refused_as_there(theirs: ModuleType) -> None:
    pictures = [np.zeros((50, 50, 3), np.uint8), np.zeros((50, 60, 3), np.uint8)]
    for module in (theirs, compat):
        with pytest.raises(RuntimeError, match="same dimensions"):
            module.batch_face_locations(pictures)


def test_no_pictures_are_an_empty_batch(theirs: ModuleType) -> None:
    assert compat.batch_face_locations([]) == theirs.batch_face_locations([]) == []


@pytest.mark.parametrize("model", ["small", "large"])
def test_landmarks_are_the_same(theirs: ModuleType, picture: Picture, model: str) -> None:
    assert compat.face_landmarks(picture, model=model) == theirs.face_landmarks(picture, model=model)
    given = [(20, 160, 180, 30)]  # where no face need be
    assert compat.face_landmarks(picture, given, model) == theirs.face_landmarks(picture, given, model)


@pytest.mark.parametrize("model", ["small", "large"])
def test_encodings_are_the_same(theirs: ModuleType, picture: Picture, model: str) -> None:
    locations = theirs.face_locations(picture)
    ours = compat.face_encodings(picture, locations, model=model)
    expected = theirs.face_encodings(picture, locations, model=model)
    assert len(ours) == len(expected) == len(locations)
    for one, other in zip(ours, expected, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        assert np.abs(one - other).max() <= 1e-5


def test_encodings_of_people_are_the_same(theirs: ModuleType, faces_of: Callable[[str], list[Path]]) -> None:
    for path in (path for person in PEOPLE for path in faces_of(person)[:2]):
        picture = compat.load_image_file(path)
        assert np.array_equal(picture, theirs.load_image_file(path))
        ours, expected = compat.face_encodings(picture), theirs.face_encodings(picture)
        assert len(ours) == len(expected) > 0
        assert np.abs(np.array(ours) - np.array(expected)).max() <= 1e-5


def test_jittered_encodings_are_as_near_to_theirs_as_theirs_to_each_other(theirs: ModuleType) -> None:
    picture = np.array(grace_hopper())
    locations = theirs.face_locations(picture)
    plain = theirs.face_encodings(picture, locations)[0]
    (ours,) = compat.face_encodings(picture, locations, num_jitters=6)
    (once,), (again,) = (theirs.face_encodings(picture, locations, num_jitters=6) for _ in range(2))
    assert not np.array_equal(ours, plain)
    assert np.linalg.norm(ours - once) < 2 * np.linalg.norm(once - again) + 0.02
    assert np.linalg.norm(ours - plain) < 0.3


def test_distances_and_comparisons_are_the_same(theirs: ModuleType) -> None:
    rng = np.random.default_rng(4)
    known = [rng.normal(0, 0.06, 128) for _ in range(8)]
    probe = known[3] + 0.03
    assert np.array_equal(compat.face_distance(known, probe), theirs.face_distance(known, probe))
    for tolerance in (0.3, 0.6, 0.95):
        expected = theirs.compare_faces(known, probe, tolerance)
        ours = compat.compare_faces(known, probe, tolerance)
        assert ours == expected
        assert [type(each) for each in ours] == [type(each) for each in expected]
    assert compat.compare_faces(known, probe)[3]
    assert compat.compare_faces([], probe) == theirs.compare_faces([], probe) == []
    assert compat.face_distance([], probe).shape == theirs.face_distance([], probe).shape == (0,)


@pytest.mark.parametrize("mode", ["RGB", "L", None])
def test_pictures_come_in_the_same_pixels(theirs: ModuleType, tmp_path: Path, mode: str | None) -> None:
    for name, data in {
        "grey.png": encoded(grace_hopper().convert("L"), "PNG"),
        "palette.gif": encoded(cat().convert("P"), "GIF"),
        "clear.png": encoded(cat().convert("RGBA"), "PNG"),
        "deep.png": encoded(cat().convert("I;16"), "PNG"),
        "inks.jpg": encoded(cat().convert("CMYK"), "JPEG"),
        "turned.jpg": rotated_by_exif(cat(), "JPEG", 6),
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        ours, expected = compat.load_image_file(path, mode), theirs.load_image_file(path, mode)
        assert ours.dtype == expected.dtype
        assert np.array_equal(ours, expected), name
        with path.open("rb") as stream:
            assert np.array_equal(compat.load_image_file(stream, mode), expected)
