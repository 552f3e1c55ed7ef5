"""An encoder from an ONNX file and the description beside it."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognition.alignment import arcface_chip, face_chip
from recognition.encoders.description import Description, read_description
from recognition.encoders.encoder import Encoder
from recognition.encoders.network import Network
from recognition.errors import BadEncoder
from recognition.scoring import unit

__all__ = ["OnnxEncoder"]

# Digits of the digest in the name; among the encoders of a campus as good as all of them.
_DIGITS = 12


class OnnxEncoder(Encoder):
    """The network of an ONNX file, given faces as its description says.

    Its name is the description's and a digest of both, so that templates of two files are never compared, nor those of
    one file that was given its faces in two ways. Raises BadEncoder.

    >>> OnnxEncoder(Path("arcface.onnx")).name
    'arcface-r50-1f0c2a9b77de'
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._path = path
        self._threads = threads
        self._digest = hashlib.sha256(_content(path)).digest()
        self._description = read_description(path)
        self.name = f"{self._description.name}-{_digest(self._digest, self._description)}"

    def prepare(self) -> None:
        """Load the network and try it; raises BadEncoder."""
        _ = self._network

    def encode(
        self, picture: NDArray[np.uint8], points: Sequence[NDArray[np.float32]], chips: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Return float32 (n, d) of unit length; see Encoder. Raises BadTemplate where the network gives no number."""
        faces = np.stack([self._aligned(picture, each) for each in points])
        vectors = self._network.run(self._input(faces))
        if self._description.mirrored:
            vectors = vectors + self._network.run(self._input(faces[:, :, ::-1]))
        return unit(vectors)

    def _aligned(self, picture: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.uint8]:
        size, padding = self._description.size, self._description.padding
        if padding is None:
            return arcface_chip(picture, points, size)
        return face_chip(picture, points, size, padding)

    def _input(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        wanted = self._description
        ordered = faces if wanted.channels == "rgb" else faces[..., ::-1]
        scaled = (ordered - np.array(wanted.mean, np.float32)) * np.array(wanted.scale, np.float32)
        return np.ascontiguousarray(scaled if wanted.layout == "nhwc" else scaled.transpose(0, 3, 1, 2), np.float32)

    @cached_property
    def _network(self) -> Network:
        model = _content(self._path)
        if hashlib.sha256(model).digest() != self._digest:
            raise BadEncoder(f"{self._path} has changed since this process started: start it again.")
        side = self._description.size
        # Of two colours: what a face does to the one beside it is seen only where the two differ.
        noise = np.random.default_rng(0).integers(0, 128, (2, side, side, 3), np.uint8)
        trial = self._input(noise + np.array([(0, 127, 64), (127, 32, 0)], np.uint8)[:, None, None])
        try:
            return Network(model, trial, self._threads)
        except BadEncoder as error:
            raise BadEncoder(f"{self._path}: {error.sentence}") from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadEncoder(
            f"The encoder {path} can't be read ({error}): set ROLLCALL_ENCODER to an ONNX file."
        ) from error


def _digest(model: bytes, description: Description) -> str:
    how = description.model_dump_json(exclude={"name"}).encode()
    return hashlib.sha256(model + how).hexdigest()[:_DIGITS]
