"""Writes a dlib network as an ONNX graph.

Each affine layer is folded into the convolution before it. A residual block begins where the last one ended; its
`add_prev_` adds the block's beginning to it, and where an `avg_pool_2` stands before the `add_prev_`, the block has
halved the map: then the pool is of the block's beginning, and what the smaller of the two lacks in channels, rows or
columns counts as zeros (dlib's `add_prev_` does so). The file holds no tags, so this is the rule by which the networks
at hand were made; the tests hold the outcome against dlib's own.
"""

from dataclasses import dataclass, replace

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from recognition.errors import EngineUnavailable
from recognition.models.dlib_network import Layer, Network

__all__ = ["network_graph"]

# The newest that ONNX Runtime 1.13 and later run; nothing newer is needed.
_OPSET = 17
_IR_VERSION = 8


@dataclass(frozen=True)
class _Map:
    """A tensor in the graph: its name, channels, and rows and columns (0 where they are open until it runs)."""

    name: str
    channels: int
    rows: int
    columns: int


def network_graph(network: Network, rows: int = 0, columns: int = 0) -> bytes:
    """Return the network as a serialised ONNX model.

    Its input `pictures` is float32 (n, 3, rows, columns), RGB from which `network.mean` was taken and which was divided
    by 256; 0 rows and columns leave them open, which a network with residual blocks doesn't allow. Its output is `out`.
    Raises EngineUnavailable where the layers don't make a network that is known here.
    """
    writer = _Writer()
    out = writer.run(_folded(network.layers), _Map("pictures", 3, rows, columns))
    size = [rows or "rows", columns or "columns"]
    out_size = ["out_rows", "out_columns"] if network.layers[-1].kind == "con_4" else []
    graph = helper.make_graph(
        writer.nodes,
        "dlib",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["n", 3, *size])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", out.channels, *out_size])],
        writer.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _folded(layers: tuple[Layer, ...]) -> list[Layer]:
    folded: list[Layer] = []
    for layer in layers:
        before = folded[-1] if folded else layer
        if layer.kind != "affine_":
            folded.append(layer)
        elif before.kind != "con_4":
            raise EngineUnavailable("The model has an affine layer that follows no convolution: it isn't known here.")
        else:
            scale = layer.weights
            bias = before.bias * scale + layer.bias
            folded[-1] = replace(before, weights=before.weights * scale[:, None, None, None], bias=bias)
    return folded


class _Writer:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def run(self, layers: list[Layer], begin: _Map) -> _Map:
        at, block = begin, begin
        pooled: _Map | None = None
        for place, layer in enumerate(layers):
            following = layers[place + 1].kind if place + 1 < len(layers) else ""
            if layer.kind == "con_4":
                at = self._convolution(at, layer)
            elif layer.kind == "avg_pool_2" and following == "add_prev_":
                pooled = self._pool("AveragePool", block, layer)
            elif layer.kind in ("max_pool_2", "avg_pool_2"):
                at = self._pool("MaxPool" if layer.kind == "max_pool_2" else "AveragePool", at, layer)
            elif layer.kind == "add_prev_":
                at, pooled = self._sum(at, pooled or block), None
            elif layer.kind == "relu_":
                at = replace(at, name=self._node("Relu", [at.name]))
            elif layer.kind == "fc_2":
                flat = self._node("Flatten", [at.name])
                at = _Map(self._node("MatMul", [flat, self._constant(layer.weights)]), layer.sizes[0], 1, 1)
            if (
                layer.kind == "relu_" and place and layers[place - 1].kind == "add_prev_"
            ) or layer.kind == "max_pool_2":
                block = at
        self.nodes[-1].output[0] = "out"
        return at

    def _convolution(self, at: _Map, layer: Layer) -> _Map:
        rows, columns, stride_y, stride_x, pad_y, pad_x = layer.sizes
        name = self._node(
            "Conv",
            [at.name, self._constant(layer.weights), self._constant(layer.bias)],
            kernel_shape=[rows, columns],
            strides=[stride_y, stride_x],
            pads=[pad_y, pad_x, pad_y, pad_x],
        )
        return _after(at, name, len(layer.weights), layer.sizes)

    def _pool(self, kind: str, at: _Map, layer: Layer) -> _Map:
        rows, columns, stride_y, stride_x, pad_y, pad_x = layer.sizes
        if not rows:
            return _Map(self._node("GlobalAveragePool", [at.name]), at.channels, 1, 1)
        name = self._node(
            kind,
            [at.name],
            kernel_shape=[rows, columns],
            strides=[stride_y, stride_x],
            pads=[pad_y, pad_x, pad_y, pad_x],
        )
        return _after(at, name, at.channels, layer.sizes)

    def _sum(self, one: _Map, other: _Map) -> _Map:
        if not all((one.rows, one.columns, other.rows, other.columns)):
            raise EngineUnavailable("A residual network needs a fixed size of its pictures.")
        channels = max(one.channels, other.channels)
        rows, columns = max(one.rows, other.rows), max(one.columns, other.columns)
        names = []
        for each in (one, other):
            lacking = [0, 0, 0, 0, 0, channels - each.channels, rows - each.rows, columns - each.columns]
            names.append(
                self._node("Pad", [each.name, self._constant(np.array(lacking))]) if any(lacking) else each.name
            )
        return _Map(self._node("Add", names), channels, rows, columns)

    def _node(self, kind: str, inputs: list[str], **attributes: list[int]) -> str:
        name = f"{kind.lower()}_{len(self.nodes)}"
        node = helper.make_node(kind, inputs, [name], name=name)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return name

    def _constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name


def _after(at: _Map, name: str, channels: int, sizes: tuple[int, ...]) -> _Map:
    rows, columns, stride_y, stride_x, pad_y, pad_x = sizes
    return _Map(
        name,
        channels,
        (at.rows + 2 * pad_y - rows) // stride_y + 1 if at.rows else 0,
        (at.columns + 2 * pad_x - columns) // stride_x + 1 if at.columns else 0,
    )
