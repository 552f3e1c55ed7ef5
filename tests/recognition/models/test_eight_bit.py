import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recognition import decode, quantise
from recognition.alignment import face_chip
from recognition.detectors import FastDetector
from recognition.models import ModelCache
from recognition.models.dlib_encoder import DlibEncoder, encoder_graph
from recognition.models.eight_bit import rounded_tensors
from recognition.models.processor import has_vnni
from recognition.models.ranges import shipped_ranges
from tests.recognition.pictures import astronaut, both, cat, encoded, grace_hopper

# None of these were used to fit the ranges that ship.
PEOPLE = ("Arnold_Palmer", "Carlos_Moya", "Dianne_Feinstein", "Hipolito_Mejia", "Jenna_Elfman", "Nan_Wang")


# Without VNNI an 8-bit product of two saturates at 16 bits before it is added up, so this form isn't used there.
where_it_runs = pytest.mark.skipif(not has_vnni(), reason="the processor has no VNNI: the encoder runs in float here")


def chips_in(picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [face_chip(picture, face.points) for face in FastDetector().find(picture, 40.0) if face.points is not None]


def cosines(chips: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    one, other = (DlibEncoder(precision=precision).encode(np.stack(chips)) for precision in ("float", "int8"))
    product = (one * other).sum(axis=1)
    return np.asarray(product / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1), np.float32)


@where_it_runs
def test_eight_bit_encodings_are_as_good_as_the_float_ones() -> None:
    chips = [chip for picture in (astronaut(), grace_hopper(), both()) for chip in chips_in(np.asarray(picture))]
    assert len(chips) == 4
    assert cosines(chips).min() >= 0.999


@where_it_runs
def test_they_are_for_real_people(faces_of: Callable[[str], list[Path]]) -> None:
    pictures = [path for name in PEOPLE for path in faces_of(name)[:4]]
    chips = [chip for path in pictures for chip in chips_in(decode(path.read_bytes()))]
    assert len(chips) >= len(PEOPLE)
    assert cosines(chips).min() >= 0.999


def test_the_precision_is_that_of_the_processor() -> None:
    assert DlibEncoder().precision == ("int8" if has_vnni() else "float")


def test_the_ranges_that_ship_are_those_of_the_network_and_hold_nothing_else() -> None:
    ranges = json.loads(shipped_ranges())
    assert list(ranges) == rounded_tensors(encoder_graph(ModelCache()))
    assert all(-50 < least <= 0 < most < 50 for least, most in ranges.values())


def test_the_command_fits_ranges_on_pictures_and_passes_over_what_is_none(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "grace.png").write_bytes(encoded(grace_hopper(), "PNG"))
    (tmp_path / "spoilt.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(SystemExit) as ended:
        quantise.main([str(tmp_path), "--out", str(tmp_path / "ranges.json")])
    assert ended.value.code == 0
    assert "54 ranges from 1 faces" in capfd.readouterr().err
    fitted, shipped = json.loads((tmp_path / "ranges.json").read_text()), json.loads(shipped_ranges())
    assert list(fitted) == list(shipped)
    for name, (least, most) in fitted.items():
        assert 0.2 < most / shipped[name][1] < 2, name
        assert least >= 2 * shipped[name][0], name


def test_the_command_says_so_where_no_face_is_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cat.png").write_bytes(encoded(cat(), "PNG"))
    with pytest.raises(SystemExit) as ended:
        quantise.main([str(tmp_path / "cat.png"), "--out", str(tmp_path / "ranges.json")])
    assert ended.value.code == 1
    assert "No face was found" in capfd.readouterr().err
