from collections.abc import Callable
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
from numpy.typing import NDArray

from recognition.models.cache import ModelCache
from recognition.models.dlib_encoder import CHIP_SIDE, DlibEncoder, encoder_graph
from recognition.models.packages import dlib_model
from tests.recognition.pictures import astronaut, cat, grace_hopper

PEOPLE = ("Arnold_Palmer", "Carlos_Moya", "Dianne_Feinstein", "Jenna_Elfman", "Nan_Wang", "Shaul_Mofaz")


def chips_of(*pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([cv2.resize(each, (CHIP_SIDE, CHIP_SIDE), interpolation=cv2.INTER_AREA) for each in pictures])


def by_dlib(chips: NDArray[np.uint8]) -> NDArray[np.float64]:
    encoder = dlib.face_recognition_model_v1(str(dlib_model("dlib_face_recognition_resnet_model_v1.dat")))
    return np.array([encoder.compute_face_descriptor(np.ascontiguousarray(chip)) for chip in chips])


@pytest.fixture(scope="module")
def encoder() -> DlibEncoder:
    return DlibEncoder(precision="float")


def test_it_gives_what_dlib_gives(encoder: DlibEncoder) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (CHIP_SIDE, CHIP_SIDE, 3), np.uint8)
    flat = np.full((CHIP_SIDE, CHIP_SIDE, 3), 255, np.uint8)
    faces = [np.asarray(each) for each in (astronaut().crop((150, 0, 300, 200)), grace_hopper(), cat())]
    chips = chips_of(*faces, noise, flat)
    assert np.abs(encoder.encode(chips) - by_dlib(chips)).max() < 1e-5


def test_it_gives_what_dlib_gives_for_real_people(encoder: DlibEncoder, faces_of: Callable[[str], list[Path]]) -> None:
    chips = chips_of(*[np.asarray(cv2.imread(str(faces_of(name)[0])))[60:190, 60:190, ::-1] for name in PEOPLE])
    assert np.abs(encoder.encode(chips) - by_dlib(chips)).max() < 1e-5


def test_a_batch_gives_what_each_alone_gives(encoder: DlibEncoder) -> None:
    chips = np.random.default_rng(2).integers(0, 256, (19, CHIP_SIDE, CHIP_SIDE, 3), np.uint8)
    together = encoder.encode(chips)
    assert together.shape == (19, 128)
    for chip, encoding in zip(chips, together, strict=True):
        assert np.abs(encoder.encode(chip[None])[0] - encoding).max() < 1e-5
    assert encoder.encode(chips[:0]).shape == (0, 128)


def test_the_graph_is_built_once_and_a_damaged_one_again(tmp_path: Path) -> None:
    graph = encoder_graph(ModelCache(tmp_path))
    (path,) = tmp_path.iterdir()
    assert path.read_bytes() == graph
    path.write_bytes(graph[: len(graph) // 2])
    assert encoder_graph(ModelCache(tmp_path)) == graph
    assert path.read_bytes() == graph
