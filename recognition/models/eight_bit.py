"""Writes a float ONNX network as a static 8-bit one.

Activations are unsigned bytes with a range for each tensor, fitted beforehand; weights are signed bytes with a scale
for each filter (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", 2018; ONNX Runtime's QDQ format). The graph says where values are rounded, by pairs of QuantizeLinear and
DequantizeLinear, and ONNX Runtime puts integer operators in place of what stands between them. What follows the global
average stays float: it costs nothing, and rounding it would cost most.
"""

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

__all__ = ["Ranges", "eight_bit_graph", "rounded_tensors"]

# Tensor by tensor, the least and the greatest value that its 256 steps reach.
Ranges = Mapping[str, tuple[float, float]]

_KEEPS_RANGE = {"MaxPool", "Pad"}


def rounded_tensors(model: bytes) -> list[str]:
    """Return the tensors of a float network whose ranges `eight_bit_graph` needs, in their order."""
    return _rounded(onnx.load_from_string(model).graph)


def eight_bit_graph(model: bytes, ranges: Ranges) -> bytes:
    """Return the 8-bit form of a float network; raises KeyError where a range is missing."""
    source = onnx.load_from_string(model)
    writer = _Writer(source.graph, ranges)
    writer.write()
    onnx.checker.check_model(source)
    return bytes(source.SerializeToString(deterministic=True))


def _rounded(graph: onnx.GraphProto) -> list[str]:
    producers = {node.output[0]: node.op_type for node in graph.node}
    names = [graph.input[0].name]
    for node in graph.node:
        if node.op_type == "GlobalAveragePool":
            break
        following = {each.op_type for each in graph.node if node.output[0] in each.input}
        # A relu right behind is done by the same integer operator, and the range is that behind it.
        if following != {"Relu"} and not (node.op_type in _KEEPS_RANGE and producers.get(node.input[0]) is None):
            names.append(node.output[0])
    return names


class _Writer:
    def __init__(self, graph: onnx.GraphProto, ranges: Ranges) -> None:
        self._graph = graph
        self._weights = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
        self._rounded = _rounded(graph)
        self._producers = {node.output[0]: node for node in graph.node}
        self._scales = {name: self._scale(name, ranges) for name in self._rounded}
        self._nodes: list[onnx.NodeProto] = []

    def write(self) -> None:
        """Put the 8-bit nodes in place of the graph's own."""
        self._round(self._graph.input[0].name)
        for node in self._graph.node:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            if node.op_type == "Conv":
                self._round_weights(copy)
            for place, name in enumerate(copy.input):
                if name in self._scales:
                    copy.input[place] = f"{name}_rounded"
            self._nodes.append(copy)
            if node.output[0] in self._scales:
                self._round(node.output[0])
        used = {name for node in self._nodes for name in node.input}
        kept = [each for each in self._graph.initializer if each.name in used]
        del self._graph.initializer[:], self._graph.node[:]
        self._graph.initializer.extend(kept)
        self._graph.node.extend(self._nodes)

    def _scale(self, name: str, ranges: Ranges) -> tuple[np.float32, np.uint8]:
        node = self._producers.get(name)
        while node is not None and node.op_type in _KEEPS_RANGE:  # it only picks values, or adds zeros
            name = node.input[0]
            node = self._producers.get(name)
        least, most = ranges[name]
        least, most = min(least, 0.0), max(most, 0.0)  # zero has to be one of the steps, for it is what pads
        step = np.float32(max(most - least, 1e-6) / 255)
        return step, np.uint8(np.clip(round(-least / float(step)), 0, 255))

    def _round(self, name: str) -> None:
        step, zero = self._scales[name]
        parameters = [self._constant(f"{name}_step", np.array(step)), self._constant(f"{name}_zero", np.array(zero))]
        self._nodes.append(helper.make_node("QuantizeLinear", [name, *parameters], [f"{name}_bytes"]))
        self._nodes.append(helper.make_node("DequantizeLinear", [f"{name}_bytes", *parameters], [f"{name}_rounded"]))

    def _round_weights(self, node: onnx.NodeProto) -> None:
        picture, weights_name, bias_name = node.input
        weights, bias = self._weights[weights_name], self._weights[bias_name]
        steps = (np.maximum(np.abs(weights).max(axis=(1, 2, 3)), 1e-9) / 127).astype(np.float32)
        rounded = np.clip(np.round(weights / steps[:, None, None, None]), -127, 127).astype(np.int8)
        bias_steps = (steps * self._scales[picture][0]).astype(np.float32)
        rounded_bias = np.clip(np.round(bias / bias_steps), -(2**31), 2**31 - 1).astype(np.int32)
        node.input[1] = self._dequantized(weights_name, rounded, steps)
        node.input[2] = self._dequantized(bias_name, rounded_bias, bias_steps)

    def _dequantized(self, name: str, values: NDArray[np.int8] | NDArray[np.int32], steps: NDArray[np.float32]) -> str:
        zeros = np.zeros(len(steps), values.dtype)
        inputs = [
            self._constant(f"{name}_{part}", each)
            for part, each in (("bytes", values), ("step", steps), ("zero", zeros))
        ]
        self._nodes.append(helper.make_node("DequantizeLinear", inputs, [f"{name}_rounded"], axis=0))
        return f"{name}_rounded"

    def _constant(self, name: str, values: NDArray[np.generic]) -> str:
        self._graph.initializer.append(numpy_helper.from_array(values, name))
        return name
