"""What compat does that face_recognition doesn't."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recognition import DamagedPicture, NotAPicture, TruncatedPicture, compat
from tests.recognition.pictures import astronaut, cat, encoded

# Which model files are opened, by what dlib is asked to load.
_WATCH = """
import sys
import recognition.compat as compat
heavy = {"dlib", "onnxruntime", "cv2", "PIL", "face_recognition", "face_recognition_models", "pkg_resources"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
import dlib
import numpy as np
loaded = []
real = dlib.shape_predictor
dlib.shape_predictor = lambda path: (loaded.append(path), real(path))[1]
import skimage.data
picture = skimage.data.astronaut()
"""
_TELL = """
assert 'face_recognition' not in sys.modules
print('68' if any('68' in path for path in loaded) else '')
"""


def asked_for(what: str) -> str:
    script = f"{_WATCH}\n{what}\n{_TELL}"
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.strip()


def test_importing_it_loads_nothing_and_only_large_loads_the_68_point_model() -> None:
    small = "compat.face_encodings(picture); compat.face_landmarks(picture, model='small'); assert loaded"
    assert asked_for(small) == ""
    assert asked_for("compat.face_encodings(picture, [(60, 260, 170, 180)], model='large')") == "68"
    assert asked_for("compat.face_landmarks(picture, [(60, 260, 170, 180)])") == "68"


def test_the_first_jittered_encoding_of_a_process_is_that_packages_first() -> None:
    draw = "np.save(sys.stdout.buffer, module.face_encodings(picture, [(70, 266, 160, 180)], num_jitters=3)[0])"
    ours, theirs = (
        np.load(
            io.BytesIO(
                _output(
                    f"import sys, numpy as np, skimage.data\nimport {name} as module\n"
                    f"picture = skimage.data.astronaut()\n{draw}"
                )
            )
        )
        for name in ("recognition.compat", "face_recognition")
    )
    assert np.abs(ours - theirs).max() <= 1e-5


def _output(script: str) -> bytes:
    return subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, capture_output=True).stdout


@pytest.mark.parametrize("function", [compat.face_landmarks, compat.face_encodings])
def test_a_model_that_does_not_exist_is_refused(function: object) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match="Supported models are"):
        function(np.array(astronaut()), model="huge")


def test_encodings_of_a_grey_picture_are_refused() -> None:
    with pytest.raises(TypeError, match="RGB"):
        compat.face_encodings(np.array(astronaut().convert("L")), [(70, 266, 160, 180)])


def test_grey_pictures_have_locations() -> None:
    assert compat.face_locations(np.array(astronaut().convert("L")), 0)


@pytest.mark.parametrize("size", [(1, 1), (3, 90), (90, 3), (20, 20), (40, 200)])
def test_the_cnn_finds_nothing_in_pictures_too_small_for_it_where_dlib_fails(size: tuple[int, int]) -> None:
    assert compat.face_locations(np.full((*size, 3), 128, np.uint8), 0, "cnn") == []


def test_a_file_that_is_missing_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        compat.load_image_file(tmp_path / "nonesuch.jpg")


def test_bad_pictures_are_refused_by_our_errors() -> None:
    whole = encoded(cat(), "JPEG")
    with pytest.raises(NotAPicture):
        compat.load_image_file(io.BytesIO(b"no picture at all"))
    with pytest.raises(TruncatedPicture):
        compat.load_image_file(io.BytesIO(whole[: len(whole) // 2]))
    png = bytearray(encoded(cat(), "PNG"))
    png[len(png) // 2 : len(png) // 2 + 64] = bytes(64)
    with pytest.raises((DamagedPicture, TruncatedPicture)):
        compat.load_image_file(io.BytesIO(bytes(png)))
