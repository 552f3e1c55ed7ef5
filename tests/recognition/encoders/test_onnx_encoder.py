from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from PIL import Image

from recognition.alignment import arcface_chip, face_chip
from recognition.encoders import chosen_encoder
from recognition.encoders.mirrored_dlib import MirroredDlibEncoder
from recognition.encoders.onnx_encoder import OnnxEncoder
from recognition.errors import BadEncoder, BadTemplate
from tests.recognition.encoders.networks import DIMENSIONS, PLAIN, colours, model, saved, squares

POINTS = np.array([(240, 120), (220, 122), (160, 120), (180, 122), (200, 160)], np.float32)
RED, GREEN, BLUE = 200, 100, 50
COLOURED = np.asarray(Image.new("RGB", (400, 400), (RED, GREEN, BLUE)))


def encode(encoder: OnnxEncoder, picture: NDArray[np.uint8], faces: int = 1) -> NDArray[np.float32]:
    chips = np.stack([face_chip(picture, POINTS)] * faces)
    return encoder.encode(picture, [POINTS] * faces, chips)


def direction(*numbers: float) -> NDArray[np.float64]:
    vector = np.array(numbers, np.float64)
    return np.asarray(vector / np.linalg.norm(vector))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"mean": 0, "scale": 1}, direction(RED, GREEN, BLUE)),
        ({"mean": 0, "scale": 1, "channels": "bgr"}, direction(BLUE, GREEN, RED)),
        ({"mean": [10, 20, 30], "scale": [1, 2, 3]}, direction(RED - 10, 2 * (GREEN - 20), 3 * (BLUE - 30))),
        (
            {"mean": [10, 20, 30], "scale": [1, 2, 3], "channels": "bgr"},
            direction(BLUE - 10, 2 * (GREEN - 20), 3 * (RED - 30)),
        ),
        ({"mean": 0, "scale": 1, "mirrored": True}, direction(RED, GREEN, BLUE)),
    ],
)
@pytest.mark.parametrize("alignment", ["dlib", "arcface"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_the_network_gets_the_face_as_its_description_says(
    tmp_path: Path, alignment: str, layout: str, changes: dict[str, Any], expected: NDArray[np.float64]
) -> None:
    side = {"dlib": 150, "arcface": 112}[alignment]
    last = layout == "nhwc"
    network = colours(("n", side, side, 3) if last else ("n", 3, side, side), last=last)
    path = saved(tmp_path, network, **{**PLAIN, **changes, "alignment": alignment, "layout": layout})
    assert encode(OnnxEncoder(path), COLOURED)[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("alignment", ["dlib", "arcface"])
def test_it_is_what_the_network_makes_of_the_aligned_face(tmp_path: Path, alignment: str) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8)
    chip = face_chip(picture, POINTS) if alignment == "dlib" else arcface_chip(picture, POINTS)
    network = squares(len(chip))
    weights = onnx.numpy_helper.to_array(next(each for each in network.graph.initializer if each.name == "weights"))
    path = saved(tmp_path, network, **{**PLAIN, "alignment": alignment, "mirrored": True})
    step = len(chip) // 10

    def by_hand(face: NDArray[np.uint8]) -> NDArray[np.float64]:
        part = (face[: 10 * step, : 10 * step].astype(float) - 127.5) / 128
        pooled = part.reshape(10, step, 10, step, 3).mean(axis=(1, 3)).transpose(2, 0, 1)
        return direction(*(pooled.reshape(-1) @ weights))

    expected = direction(*(by_hand(chip) + by_hand(chip[:, ::-1])))
    assert encode(OnnxEncoder(path), picture)[0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("count", ["n", 1])
def test_many_faces_are_encoded_as_they_are_alone(tmp_path: Path, count: Any) -> None:
    encoder = OnnxEncoder(saved(tmp_path, squares(150, count=count), **PLAIN))
    picture = np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8)
    vectors = encode(encoder, picture, faces=19)
    assert vectors.shape == (19, DIMENSIONS)
    assert np.allclose(vectors, encode(encoder, picture), atol=1e-6)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_name_tells_files_and_ways_apart(tmp_path: Path) -> None:
    def name(seed: int, **changes: Any) -> str:
        return OnnxEncoder(saved(tmp_path, squares(150, seed), **{**PLAIN, **changes})).name

    first = name(0)
    assert first.startswith("small-net-")
    assert name(0, padding=0.25) == first  # said or left out
    others = [name(1), name(0, name="other"), name(0, mean=0), name(0, mirrored=True), name(0, channels="bgr")]
    assert len({first, *others}) == 6


def test_without_a_setting_it_is_dlibs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ROLLCALL_ENCODER", raising=False)
    assert chosen_encoder().name == MirroredDlibEncoder.name
    path = saved(tmp_path, squares(150), **PLAIN)
    monkeypatch.setenv("ROLLCALL_ENCODER", str(path))
    assert chosen_encoder().name == OnnxEncoder(path).name


def two_outputs() -> onnx.ModelProto:
    nodes = [helper.make_node("ReduceMean", ["faces"], [out], axes=[2, 3], keepdims=0) for out in ("a", "b")]
    return model(nodes, {"faces": ["n", 3, 150, 150]}, {"a": ["n", 3], "b": ["n", 3]})


def unary(kind: str, **attributes: Any) -> onnx.ModelProto:
    """The mean colours, through one operator."""
    network = colours()
    network.graph.node[0].output[0] = "means"
    network.graph.node.append(helper.make_node(kind, ["means"], ["out"], **attributes))
    return network


def beside(network: onnx.ModelProto, folder: Path) -> bytes:
    """The network with its weights in a second file."""
    path = folder / "beside.onnx"
    onnx.save_model(network, str(path), save_as_external_data=True, location="beside.data", size_threshold=0)
    return path.read_bytes()


def batch_statistics() -> onnx.ModelProto:
    network = colours()
    network.graph.node[0].output[0] = "means"
    nodes = [
        helper.make_node("ReduceMean", ["means"], ["all"], axes=[0], keepdims=1),
        helper.make_node("Sub", ["means", "all"], ["off"]),
        helper.make_node("Exp", ["off"], ["out"]),
    ]
    network.graph.node.extend(nodes)
    return network


BROKEN: dict[str, tuple[Any, str]] = {
    "empty": (b"", "isn't ONNX|can't be loaded"),
    "no ONNX": (b"a picture, say", "isn't ONNX"),
    "cut off": (squares(150).SerializeToString()[:-5000], "isn't ONNX|can't be loaded"),
    "two outputs": (two_outputs(), "1 inputs and 2 outputs"),
    "another size": (squares(112), r"faces of \(3, 112, 112\), its description says \(3, 150, 150\)"),
    "another layout": (colours(("n", 150, 150, 3), last=True), "layout"),
    "eight at once": (squares(150, count=8), "exactly 8 faces"),
    "no batch": (
        model(
            [helper.make_node("ReduceMean", ["x"], ["out"], axes=[1, 2], keepdims=0)],
            {"x": [3, 150, 150]},
            {"out": [3]},
        ),
        "takes tensor",
    ),
    "bytes": (
        model(
            [
                helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT),
                helper.make_node("ReduceMean", ["y"], ["out"], axes=[2, 3], keepdims=0),
            ],
            {"x": ["n", 3, 150, 150]},
            {"out": ["n", 3]},
            kind=TensorProto.UINT8,
        ),
        "takes tensor.uint8",
    ),
    "a map a face": (
        model([helper.make_node("Identity", ["x"], ["out"])], {"x": ["n", 3, 150, 150]}, {"out": ["n", 3, 150, 150]}),
        "one float32 vector a face",
    ),
    "half precision": (
        (
            lambda network: (
                network.graph.output[0].type.tensor_type.__setattr__("elem_type", TensorProto.FLOAT16) or network
            )
        )(unary("Cast", to=TensorProto.FLOAT16)),
        "one float32 vector a face",
    ),
    "one vector for all": (
        model(
            [helper.make_node("ReduceMean", ["x"], ["out"], axes=[0, 2], keepdims=0)],
            {"x": ["n", 3, 150, 150]},
            {"out": [3, 150]},
        ),
        "one float32 vector a face",
    ),
    "not a number": (unary("Log"), "isn't finite"),
    "another beside another": (batch_statistics(), "evaluation mode"),
}


@pytest.mark.parametrize("which", BROKEN)
def test_a_network_that_cannot_encode_is_refused_before_the_first_face(tmp_path: Path, which: str) -> None:
    network, words = BROKEN[which]
    path = saved(tmp_path, network, **PLAIN)
    with pytest.raises(BadEncoder, match=words) as raised:
        OnnxEncoder(path).prepare()
    assert str(path) in raised.value.sentence


def test_weights_in_another_file_are_refused_for_the_name_would_not_tell_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, beside(squares(150), tmp_path), **PLAIN)
    monkeypatch.chdir(tmp_path)  # where ONNX Runtime would find them
    with pytest.raises(BadEncoder, match="weights in another file"):
        OnnxEncoder(path).prepare()


def test_a_missing_file_and_one_that_changes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadEncoder, match="set ROLLCALL_ENCODER to an ONNX file"):
        OnnxEncoder(tmp_path / "none.onnx")
    encoder = OnnxEncoder(saved(tmp_path, squares(150), **PLAIN))
    saved(tmp_path, squares(150, seed=1), **PLAIN)
    with pytest.raises(BadEncoder, match="has changed"):
        encoder.prepare()


def test_a_face_that_it_has_no_number_for_is_no_template(tmp_path: Path) -> None:
    encoder = OnnxEncoder(saved(tmp_path, colours(), **{**PLAIN, "mean": 0, "scale": 1}))
    encoder.prepare()
    with pytest.raises(BadTemplate, match="all zeros"):
        encode(encoder, np.zeros((400, 400, 3), np.uint8))
