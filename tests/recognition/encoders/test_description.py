import json
from pathlib import Path
from typing import Any

import pytest

from recognition.encoders.description import read_description
from recognition.errors import BadEncoder
from tests.recognition.encoders.networks import PLAIN


def described(folder: Path, **changes: Any) -> Path:
    given = {name: value for name, value in {**PLAIN, **changes}.items() if value is not ...}
    (folder / "net.json").write_text(json.dumps(given))
    return folder / "net.onnx"


def test_what_is_left_out_is_what_is_usual(tmp_path: Path) -> None:
    dlib = read_description(described(tmp_path))
    assert (dlib.size, dlib.padding, dlib.layout, dlib.mirrored) == (150, 0.25, "nchw", False)
    assert (dlib.mean, dlib.scale) == ((127.5,) * 3, (0.0078125,) * 3)
    arcface = read_description(described(tmp_path, alignment="arcface", mean=[1, 2, 3]))
    assert (arcface.size, arcface.padding, arcface.mean) == (112, None, (1.0, 2.0, 3.0))


def test_toml_says_the_same_as_json(tmp_path: Path) -> None:
    toml = tmp_path / "other.toml"
    toml.write_text(
        'name = "small-net"\nalignment = "dlib"\nchannels = "rgb"\n'
        "mean = 127.5\nscale = [0.0078125, 0.0078125, 0.0078125]"
    )
    assert read_description(tmp_path / "other.onnx") == read_description(described(tmp_path))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ...}, "name: Field required"),
        ({"name": "two words"}, "name: "),
        ({"alignment": "mtcnn"}, "alignment: .*'dlib' or 'arcface'"),
        ({"alignment": ...}, "alignment: Field required"),
        ({"channels": "grey"}, "channels: .*'rgb' or 'bgr'"),
        ({"layout": "chw"}, "layout: "),
        ({"size": 4}, "size: .*16"),
        ({"mean": ...}, "mean: Field required"),
        ({"mean": [1, 2]}, "mean: "),
        ({"mean": [1, 2, "x"]}, r"mean\.2: "),
        ({"scale": float("nan")}, "scale.*finite"),
        ({"scale": 0}, "a scale of 0"),
        ({"alignment": "arcface", "padding": 0.25}, "padding belongs to the alignment dlib"),
        ({"std": 128}, "std: Extra inputs are not permitted"),
    ],
)
def test_a_field_that_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadEncoder, match=words) as raised:
        read_description(described(tmp_path, **changes))
    assert "net.json" in raised.value.sentence


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"dlib"', "\x00"])
def test_a_file_that_is_no_description_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "net.json").write_text(content)
    with pytest.raises(BadEncoder, match=r"net\.json"):
        read_description(tmp_path / "net.onnx")


def test_one_description_is_needed_and_no_more(tmp_path: Path) -> None:
    with pytest.raises(BadEncoder, match="There is neither"):
        read_description(tmp_path / "net.onnx")
    described(tmp_path)
    (tmp_path / "net.toml").write_text("")
    with pytest.raises(BadEncoder, match="Both are there"):
        read_description(tmp_path / "net.onnx")
