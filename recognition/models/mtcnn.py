"""MTCNN's three networks (Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Networks", 2016).

The weights are those of the package mtcnn-runtime. Their graphs are rewritten to say the same in less time: ONNX
Runtime's PRelu takes half of all the time, so it becomes max(x, a·x) or, where a slope exceeds 1,
a·x + (1 − a)·relu(x); and P-Net's softmax, with two transpositions around it, is left to whoever reads its output,
because it is needed for hardly any place. Where a pooling follows, the maximum is taken first, on a quarter of the
numbers: a PReLU that rises (a ≥ 0) changes places with it, and one that doesn't is the greater of max(x) and max(a·x).
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recognition.models.cache import ModelCache
from recognition.models.packages import mtcnn_model

if TYPE_CHECKING:
    import onnx

__all__ = ["mtcnn_graph"]

# Another rewriting needs another number, or the cache would give the old one.
_GRAPH_VERSION = b"mtcnn graph 3"
# ONNX Runtime takes channels in blocks of 16 (8 with AVX2), and pools in blocks only where they come out even.
_BLOCK = 16


def mtcnn_graph(name: str, cache: ModelCache) -> bytes:
    """Return `pnet`, `rnet` or `onet` as a serialised ONNX model, rewritten at the first call and cached.

    All take `input`, float32 (n, 3, rows, columns), RGB minus 127.5, over 128. Their outputs, in this order:

    - pnet, for any size: how far boxes are to be moved (n, 4, rows', columns'), and logits of no face and face
      (n, 2, rows', columns'), one place for each second row and column;
    - rnet, for 24 x 24: the same for each picture (n, 4), and the probabilities of no face and face (n, 2);
    - onet, for 48 x 48: five points (n, 10), x before y, then the same as rnet.
    """
    source = mtcnn_model(f"{name}.onnx").read_bytes()

    def build() -> bytes:
        import onnx

        model = onnx.load_from_string(source)
        if name == "pnet":
            _leave_out_softmax(model.graph)
            for value in (*model.graph.input, *model.graph.output):
                value.type.tensor_type.shape.dim[0].dim_param = "n"
        _pool_first(model.graph)
        _replace_prelu(model.graph)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))

    return cache.get(name, [_GRAPH_VERSION, source], build)


def _leave_out_softmax(graph: "onnx.GraphProto") -> None:
    """Make what goes into the softmax the graph's second output: Transpose, Softmax and Transpose go."""
    (softmax,) = (node for node in graph.node if node.op_type == "Softmax")
    (before,) = (node for node in graph.node if list(node.output) == list(softmax.input))
    (after,) = (node for node in graph.node if list(node.input) == list(softmax.output))
    graph.output[1].name = before.input[0]
    for node in (before, softmax, after):
        graph.node.remove(node)


def _pool_first(graph: "onnx.GraphProto") -> None:
    """Put PReLUs behind the pooling that follows them, wherever a convolution stands before and behind."""
    from onnx import helper, numpy_helper

    constants = {each.name: each for each in graph.initializer}

    def values(name: str) -> NDArray[np.float32]:
        return np.asarray(numpy_helper.to_array(constants[name]), np.float32)

    def change(name: str, new: NDArray[np.float32]) -> None:
        constants[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(new), name))

    nodes = [type(node).FromString(node.SerializeToString()) for node in graph.node]
    for place in range(len(nodes) - 4, -1, -1):
        conv, prelu, pool, following = nodes[place : place + 4]
        if [conv.op_type, prelu.op_type, pool.op_type, following.op_type] != ["Conv", "PRelu", "MaxPool", "Conv"]:
            continue
        slopes = values(prelu.input[1])
        flat = slopes.reshape(-1)
        rising, other = np.flatnonzero(flat >= 0), np.flatnonzero(flat < 0)
        sizes = [len(rising), len(other), len(other)]
        lacking = -sum(sizes) % _BLOCK
        _, weights, bias = conv.input
        for name in (weights, bias):
            by_channel = values(name)
            scaled = by_channel[other] * flat[other].reshape(-1, *[1] * (by_channel.ndim - 1))
            idle = np.zeros((lacking, *by_channel.shape[1:]), np.float32)
            change(name, np.concatenate([by_channel[rising], by_channel[other], scaled, idle]))
        change(following.input[1], values(following.input[1])[:, np.concatenate([rising, other])])
        change(prelu.input[1], slopes[rising])

        out = pool.output[0]
        pool.input[0], pool.output[0] = conv.output[0], f"{out}_pooled"
        parts = [f"{out}_rising", f"{out}_other", f"{out}_scaled", f"{out}_idle"]
        if not lacking:
            del parts[3]
        split = helper.make_node("Split", [f"{out}_pooled"], parts, axis=1, split=[*sizes, lacking][: len(parts)])
        prelu.input[0], prelu.output[0] = parts[0], f"{out}_bent"
        greater = helper.make_node("Max", parts[1:3], [f"{out}_greater"])
        whole = helper.make_node("Concat", [f"{out}_bent", f"{out}_greater"], [out], axis=1)
        nodes[place + 1 : place + 3] = [pool, split, prelu, greater, whole]
    del graph.node[:]
    graph.node.extend(nodes)


def _replace_prelu(graph: "onnx.GraphProto") -> None:
    from onnx import helper, numpy_helper

    slopes = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    nodes: list[onnx.NodeProto] = []

    def constant(name: str, values: NDArray[np.float32]) -> str:
        graph.initializer.append(numpy_helper.from_array(values, name))
        return name

    for node in graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        (x, slope), (out,) = node.input, node.output
        nodes.append(helper.make_node("Mul", [x, slope], [f"{out}_steep"]))
        if slopes[slope].max() <= 1:
            nodes.append(helper.make_node("Max", [x, f"{out}_steep"], [out]))
            continue
        rest = constant(f"{out}_rest", 1 - slopes[slope])
        nodes.append(helper.make_node("Relu", [x], [f"{out}_positive"]))
        nodes.append(helper.make_node("Mul", [f"{out}_positive", rest], [f"{out}_bend"]))
        nodes.append(helper.make_node("Add", [f"{out}_steep", f"{out}_bend"], [out]))
    del graph.node[:]
    graph.node.extend(nodes)
