"""An ONNX file of somebody else's, tried before it is trusted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recognition.errors import BadEncoder, BadTemplate, EngineUnavailable
from recognition.models import session
from recognition.scoring import unit

if TYPE_CHECKING:
    import onnx

__all__ = ["Network"]

_FLOAT = "tensor(float)"
# As with dlib's encoder: larger batches are no faster, and their feature maps take memory.
_MOST_AT_ONCE = 8
# The same face alone and beside another: below this cosine it isn't rounding.
_SAME = 0.999


class Network:
    """Runs a serialised ONNX model that makes one vector a face.

    `trial`: some different faces as the model takes them, float32 (n, 3, side, side) or (n, side, side, 3). Raises
    BadEncoder for a model that can't be read or run, keeps its weights elsewhere, takes another shape, or gives
    anything but one vector a face, finite, and the same whatever faces are beside it.
    """

    def __init__(self, model: bytes, trial: NDArray[np.float32], threads: int = 1) -> None:
        _check_weights(model)
        try:
            self._session = session(model, threads)
        except EngineUnavailable as error:
            raise BadEncoder(f"The encoder can't be loaded: {error.sentence}") from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise BadEncoder(
                f"The encoder has {len(inputs)} inputs and {len(outputs)} outputs: export it with one input, the "
                "faces, and one output, their vectors."
            )
        self._input, self._at_once = inputs[0].name, self._checked(inputs[0], trial.shape[1:])
        self._try(trial)

    def run(self, faces: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 (n, d) of unit length for n faces as the model takes them; raises BadTemplate."""
        vectors = np.concatenate(
            [self._vectors(faces[i : i + self._at_once]) for i in range(0, len(faces), self._at_once)]
        )
        if not np.isfinite(vectors).all() or not np.linalg.norm(vectors, axis=1).all():
            raise BadTemplate("The encoder gave a vector that isn't finite, or all zeros: see how it was exported.")
        return unit(vectors)

    @staticmethod
    def _checked(given: "onnx.ValueInfoProto", shape: tuple[int, ...]) -> int:
        """Return how many faces it takes at once."""
        if given.type != _FLOAT or len(given.shape) != 4:
            raise BadEncoder(
                f"The encoder takes {given.type} {given.shape}: export it for float32 faces, {shape} each."
            )
        count, *sides = given.shape
        if any(isinstance(side, int) and side != wanted for side, wanted in zip(sides, shape, strict=True)):
            raise BadEncoder(
                f"The encoder takes faces of {tuple(sides)}, its description says {shape}: set size and layout to "
                "what it takes."
            )
        if isinstance(count, int) and count != 1:
            raise BadEncoder(f"The encoder takes exactly {count} faces at once: export it for one, or for any number.")
        return 1 if isinstance(count, int) else _MOST_AT_ONCE

    def _vectors(self, faces: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            (vectors,) = self._session.run(None, {self._input: faces})
        except Exception as error:  # it raises its own, which have no common class of theirs
            raise BadEncoder(f"The encoder can't be run on {len(faces)} faces at once ({error}).") from error
        if np.ndim(vectors) != 2 or len(vectors) != len(faces) or vectors.shape[1] < 2 or vectors.dtype != np.float32:
            raise BadEncoder(
                f"For {len(faces)} faces the encoder gives {vectors.dtype} {np.shape(vectors)}: export it with one "
                f"float32 vector a face, ({len(faces)}, numbers)."
            )
        return np.asarray(vectors, np.float32)

    def _try(self, faces: NDArray[np.float32]) -> None:
        try:
            together = self.run(faces)
            alone = np.concatenate([self.run(face[None]) for face in faces])
        except BadTemplate as error:
            raise BadEncoder(error.sentence) from error
        if (together * alone).sum(axis=1).min() < _SAME:
            raise BadEncoder(
                "The encoder gives a face another vector when it is asked again, or beside another face: export it in "
                "evaluation mode (`model.eval()`, `training=False`)."
            )


def _check_weights(model: bytes) -> None:
    """Raise BadEncoder where the file isn't a whole ONNX model: weights in another file are no part of the name."""
    import onnx

    try:
        read = onnx.load_model_from_string(model)
    except Exception as error:  # protobuf's own
        raise BadEncoder(f"The encoder's file isn't ONNX ({error}): export it again.") from error
    if any(each.data_location == onnx.TensorProto.EXTERNAL for each in _tensors(read.graph)):
        raise BadEncoder(
            "The encoder keeps its weights in another file: export it as one file "
            "(`torch.onnx.export(..., external_data=False)`)."
        )


def _tensors(graph: "onnx.GraphProto") -> "Iterator[onnx.TensorProto]":
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors
            for inner in (attribute.g, *attribute.graphs):
                if inner.node or inner.initializer:
                    yield from _tensors(inner)
