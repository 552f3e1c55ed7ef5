"""Small networks as ONNX files, as somebody would export them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8
DIMENSIONS = 32

PLAIN: dict[str, Any] = {
    "name": "small-net",
    "alignment": "dlib",
    "channels": "rgb",
    "mean": 127.5,
    "scale": 0.0078125,
}


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: dict[str, Sequence[Any]],
    outputs: dict[str, Sequence[Any]],
    constants: dict[str, NDArray[Any]] | None = None,
    kind: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    graph = helper.make_graph(
        list(nodes),
        "small",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def colours(shape: Sequence[Any] = ("n", 3, 150, 150), *, last: bool = False) -> onnx.ModelProto:
    """The mean of each channel of what it is given: what a description did to a face can be read from it."""
    axes = [1, 2] if last else [2, 3]
    node = helper.make_node("ReduceMean", ["faces"], ["out"], axes=axes, keepdims=0)
    return model([node], {"faces": shape}, {"out": [shape[0], 3]})


def squares(side: int, seed: int = 0, count: Any = "n") -> onnx.ModelProto:
    """A picture of 10 x 10 squares, then random weights: an encoder of a kind."""
    weights = np.random.default_rng(seed).standard_normal((300, DIMENSIONS)).astype(np.float32)
    step = side // 10
    nodes = [
        helper.make_node("AveragePool", ["faces"], ["pooled"], kernel_shape=[step, step], strides=[step, step]),
        helper.make_node("Slice", ["pooled", "first", "last", "axes"], ["square"]),
        helper.make_node("Flatten", ["square"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["out"]),
    ]
    constants = {
        "first": np.array([0, 0]),
        "last": np.array([10, 10]),
        "axes": np.array([2, 3]),
        "weights": weights,
    }
    return model(nodes, {"faces": [count, 3, side, side]}, {"out": [count, DIMENSIONS]}, constants)


def saved(folder: Path, network: onnx.ModelProto | bytes, file: str = "net", **description: Any) -> Path:
    """Write the network and the description beside it; without one, none."""
    path = folder / f"{file}.onnx"
    path.write_bytes(network if isinstance(network, bytes) else network.SerializeToString())
    if description:
        path.with_suffix(".json").write_text(json.dumps(description))
    return path
