"""The engine `fast`: MTCNN's weights, dlib's five points, chip and encoder, all but the points on ONNX Runtime."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from recognition.alignment import face_chip
from recognition.detectors import load_detector
from recognition.engine import SMALLEST_FACE, Engine
from recognition.errors import BadTemplate
from recognition.faces import Box, Face, Template
from recognition.matcher import Matcher
from recognition.models import ModelCache
from recognition.models.dlib_encoder import DlibEncoder
from recognition.quality import quality_of
from recognition.scoring import chosen_matcher

__all__ = ["FastEngine"]

_DETECTOR = "ROLLCALL_DETECTOR"
# dlib's 29-layer encoder, a face and its mirror image averaged, of unit length: whoever changes how these templates are
# made changes the name.
_ENCODER = "dlib-resnet-29-mirrored-v1"


class FastEngine(Engine):
    """The fast engine.

    `threads`: for each network. `cache`: where the built networks are kept. `detector`: one of `detectors`; by default
    what the environment variable ROLLCALL_DETECTOR says, or `fast`. Templates are the same encoder's whichever finds
    the faces. Raises BadCalibration where ROLLCALL_CALIBRATION names a file that can't be read or is another encoder's.
    """

    name: ClassVar[str] = "fast"

    def __init__(self, threads: int = 1, cache: ModelCache | None = None, detector: str | None = None) -> None:
        self.matcher: Matcher = chosen_matcher(_ENCODER)
        self._threads = threads
        self._cache = cache or ModelCache()
        self._detector = load_detector(detector or os.environ.get(_DETECTOR) or "fast", threads, self._cache)
        self.scale = self._detector.scale

    def prepare(self) -> None:
        """Load the detector and the encoder; raises EngineUnavailable."""
        self._detector.prepare()
        _ = self._encoder

    def find(
        self, picture: NDArray[np.uint8], smallest_face: float = SMALLEST_FACE, near: Sequence[Box] | None = None
    ) -> list[Face]:
        """Return the detector's faces, with the points of dlib's five-point model."""
        return self._detector.find(picture, smallest_face, near)

    def encode(self, picture: NDArray[np.uint8], faces: Sequence[Face]) -> list[Face]:
        """Return the faces with templates of unit length; raises BadTemplate for a face without points."""
        if not faces:
            return []
        chips = np.stack([face_chip(picture, _points(face)) for face in faces])
        # Of a face and its mirror image: mistakes of the two differ, so their mean is nearer to the person.
        both = self._encoder.encode(np.concatenate([chips, chips[:, :, ::-1]]))
        encodings = both[: len(chips)] + both[len(chips) :]
        encodings /= np.linalg.norm(encodings, axis=1, keepdims=True)
        return [
            replace(
                face,
                template=Template(_ENCODER, encoding),
                quality=quality_of(chip, _points(face), face.box.width),
            )
            for face, encoding, chip in zip(faces, encodings, chips, strict=True)
        ]

    @cached_property
    def _encoder(self) -> DlibEncoder:
        return DlibEncoder(self._threads, self._cache)


def _points(face: Face) -> NDArray[np.float32]:
    if face.points is None:
        raise BadTemplate("A face without its five points can't be encoded: take the faces that this engine finds.")
    return face.points
