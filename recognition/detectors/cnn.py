"""The detector `cnn`: dlib's max-margin CNN (`mmod_human_face_detector.dat`) on ONNX Runtime.

King, "Max-Margin Object Detection", 2015. The network scores windows of 80 pixels; smaller and larger faces are windows
in a pyramid whose levels shrink by 5/6, as dlib's own.
"""

from collections.abc import Sequence
from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from recognition.detectors.boxes import Rows, suppressed
from recognition.detectors.detector import Detector
from recognition.detectors.regions import found_near
from recognition.faces import Box, DetectorScale, Face
from recognition.five_points import FivePoints
from recognition.models import ModelCache, read_network, session
from recognition.models.dlib_encoder import network_input
from recognition.models.packages import dlib_model

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["CnnDetector", "cnn_session"]

_FILE = "mmod_human_face_detector.dat"
_GRAPH_VERSION = b"cnn detector graph 1"
_WINDOW = 80.0
_SHRINK = 5 / 6
# Three convolutions of 5 x 5 without padding, each taking every second pixel: a place (x, y) of the map looks at the
# window around 8 (x, y) + 14.
_STEP, _FIRST = 8, 14
_LEAST = 0.0
_OVERLAP = 0.4
# The largest level: its feature maps take 200 bytes a pixel.
_MOST_PIXELS = 4_000_000
# Faces cut off by the border are found as dlib finds them, in a margin of black.
_MARGIN = 40


class CnnDetector(Detector):
    """dlib's CNN. Boxes are squares from the eyebrows to below the mouth, scores about 1 for a plain face."""

    name: ClassVar[str] = "cnn"
    scale: ClassVar[DetectorScale] = DetectorScale(weak=0.4, strong=0.9)

    def prepare(self) -> None:
        """Load the network and the five-point model; raises EngineUnavailable."""
        _ = self._network, self._points

    def find(self, picture: NDArray[np.uint8], smallest_face: float, near: Sequence[Box] | None = None) -> list[Face]:
        """See Detector."""
        if near is not None:
            return found_near(self.find, picture, near)
        boxes, scores = self._scored(picture, smallest_face)
        height, width = picture.shape[:2]
        faces = []
        for place in suppressed(boxes, scores, _OVERLAP):
            left, top, right, bottom = (float(side) for side in boxes[place])
            seen = Box(max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height)))
            if seen.width > 0 and seen.height > 0:
                points = self._points.find(picture, Box(left, top, right, bottom))
                faces.append(Face(seen, float(scores[place]), points))
        return faces

    @cached_property
    def _network(self) -> "InferenceSession":
        return cnn_session(self._cache, self._threads)

    @cached_property
    def _points(self) -> FivePoints:
        return FivePoints()

    def _scored(self, picture: NDArray[np.uint8], smallest_face: float) -> tuple[Rows, NDArray[np.float32]]:
        import cv2

        height, width = picture.shape[:2]
        scale = min(_WINDOW / smallest_face, sqrt(_MOST_PIXELS / (height * width)))
        boxes, scores = [np.empty((0, 4), np.float32)], [np.empty(0, np.float32)]
        while min(height, width) * scale >= _WINDOW / 2:
            size = max(round(width * scale), 1), max(round(height * scale), 1)
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            level = cv2.resize(picture, size, interpolation=how)
            level = cv2.copyMakeBorder(level, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_CONSTANT)
            (found,) = self._network.run(None, {"pictures": network_input(np.asarray(level, np.uint8)[None])})
            rows, columns = np.nonzero(found[0, 0] > _LEAST)
            middles = np.stack([columns, rows], axis=1) * _STEP + _FIRST - _MARGIN
            corners = np.concatenate([middles - _WINDOW / 2, middles + _WINDOW / 2], axis=1)
            boxes.append((corners / np.tile(np.array(size) / (width, height), 2)).astype(np.float32))
            scores.append(found[0, 0, rows, columns])
            scale *= _SHRINK
        return np.concatenate(boxes), np.concatenate(scores)


def cnn_session(cache: ModelCache, threads: int = 1) -> "InferenceSession":
    """Return what runs the network, built at the first call and cached; raises EngineUnavailable.

    It takes `pictures` as `network_input` gives them, of any size, and gives the score of each place.
    """
    path = dlib_model(_FILE)

    def build() -> bytes:
        from recognition.models.onnx_graph import network_graph

        return network_graph(read_network(path))

    return session(cache.get("cnn", [_GRAPH_VERSION, path.read_bytes()], build), threads)
