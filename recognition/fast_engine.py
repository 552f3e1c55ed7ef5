"""The engine `fast`: MTCNN's weights, dlib's five points and, unless another is chosen, dlib's encoder.

All but the points runs on ONNX Runtime.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from recognition.alignment import face_chip
from recognition.detectors import load_detector
from recognition.encoders import Encoder, chosen_encoder
from recognition.engine import SMALLEST_FACE, Engine
from recognition.errors import BadTemplate
from recognition.faces import Box, Face, Template
from recognition.jitter import jittered
from recognition.matcher import Matcher
from recognition.models import ModelCache
from recognition.quality import quality_of
from recognition.scoring import chosen_matcher, unit

__all__ = ["FastEngine"]

_DETECTOR = "ROLLCALL_DETECTOR"
# Whoever changes which faces are found, how they are aligned or which views are taken, raises it: kept templates, such
# as benchmarks', would be taken for this state's.
_VERSION = 2


class FastEngine(Engine):
    """The fast engine.

    `threads`: for each network. `cache`: where the built networks are kept. `detector`: one of `detectors`; by default
    what the environment variable ROLLCALL_DETECTOR says, or `fast`. `made_by`: what makes the templates, whichever
    detector finds the faces; by default what ROLLCALL_ENCODER says, or dlib's network. Raises BadEncoder where that
    names a file that can't be used.
    """

    name: ClassVar[str] = "fast"

    def __init__(
        self,
        threads: int = 1,
        cache: ModelCache | None = None,
        detector: str | None = None,
        made_by: Encoder | None = None,
    ) -> None:
        cache = cache or ModelCache()
        self._encoder = made_by or chosen_encoder(threads, cache)
        self._found_by = detector or os.environ.get(_DETECTOR) or "fast"
        self._detector = load_detector(self._found_by, threads, cache)
        self.scale = self._detector.scale

    @property
    def encoder(self) -> str:
        """The name of the encoder that makes its templates, which can be had before there is a calibration for it."""
        return self._encoder.name

    @property
    def made_by(self) -> str:
        """The engine's state, the detector and the encoder in the form that it runs in here."""
        return f"{self.name} {_VERSION}, {self._found_by}, {self._encoder.form}"

    @cached_property
    def matcher(self) -> Matcher:  # type: ignore[override]  # read when asked for: calibrating needs none
        """Compares its templates.

        Raises BadCalibration where ROLLCALL_CALIBRATION names a file that can't be read or is another encoder's, and
        where the encoder has none: nobody is named, or called unknown, by the threshold of another.
        """
        return chosen_matcher(self.encoder)

    def prepare(self) -> None:
        """Load the detector and the encoder; raises EngineUnavailable or BadEncoder."""
        self._detector.prepare()
        self._encoder.prepare()

    def find(
        self, picture: NDArray[np.uint8], smallest_face: float = SMALLEST_FACE, near: Sequence[Box] | None = None
    ) -> list[Face]:
        """Return the detector's faces, with the points of dlib's five-point model."""
        return self._detector.find(picture, smallest_face, near)

    def encode(self, picture: NDArray[np.uint8], faces: Sequence[Face], *, thorough: bool = False) -> list[Face]:
        """Return the faces with templates of unit length; raises BadTemplate for a face without points."""
        if not faces:
            return []
        points = [_points(face) for face in faces]
        chips = np.stack([face_chip(picture, each) for each in points])
        vectors = (
            np.stack([self._of_views(picture, each) for each in points])
            if thorough
            else (self._encoder.encode(picture, points, chips))
        )
        return [
            replace(
                face,
                template=Template(self.encoder, vector),
                quality=quality_of(chip, own, face.box.width),
            )
            for face, own, vector, chip in zip(faces, points, vectors, chips, strict=True)
        ]

    def _of_views(self, picture: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.float32]:
        views = list(jittered(points))
        chips = np.stack([face_chip(picture, each) for each in views])
        return unit(self._encoder.encode(picture, views, chips).mean(axis=0))


def _points(face: Face) -> NDArray[np.float32]:
    if face.points is None:
        raise BadTemplate("A face without its five points can't be encoded: take the faces that this engine finds.")
    return face.points
