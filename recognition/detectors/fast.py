"""The detector `fast`: MTCNN's weights on ONNX Runtime, its crops and suppression by OpenCV.

Three networks, each asked about what the one before left over: P-Net at every second pixel of a pyramid, R-Net and
O-Net at the boxes, all boxes of a picture at once.
"""

from collections.abc import Sequence
from functools import cached_property
from math import ceil, sqrt
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from recognition.detectors.boxes import Rows, distinct, squares, suppressed
from recognition.detectors.detector import Detector
from recognition.faces import Box, DetectorScale, Face
from recognition.five_points import FivePoints
from recognition.models import session
from recognition.models.mtcnn import mtcnn_graph

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["FastDetector"]

# P-Net's window and step, in pixels of a level of the pyramid.
_WINDOW, _STEP = 12, 2
# Each level has half the pixels of the one before: with larger steps faces between two levels are missed.
_SHRINK = sqrt(0.5)
# The probabilities from which each network passes a box on.
_LEAST = (0.7, 0.6, 0.7)
_LEAST_LOGIT = float(np.log(_LEAST[0] / (1 - _LEAST[0])))
# By how much two boxes may overlap within a level, between levels, after R-Net, and at the end (of the smaller box).
_OVERLAP = (0.5, 0.6, 0.7)
_SHARE = 0.8
# A photo of 50 million pixels would make a first level whose feature maps take a gigabyte: there the smallest face is
# larger. 4K frames are searched down to 20 pixels below it.
_MOST_PIXELS = 4_000_000
# Around a face that was seen a moment ago: a square of so many times its size, for faces of these sizes in its own.
_REGION = 2.5
_SIZES = (1.35, 1.0, 0.75)

_Scored = tuple[Rows, NDArray[np.float32]]


class FastDetector(Detector):
    """MTCNN. Boxes are tight (hair to chin, ear to ear); scores are O-Net's probabilities."""

    name: ClassVar[str] = "fast"
    # Of the people pictured in 3,601 photos of Labeled Faces in the Wild 1 % score below 0.97. Of 176 other finds in
    # such photos a sixth score below 0.9, with half the width in the mean: bystanders cut off or blurred, false finds.
    scale: ClassVar[DetectorScale] = DetectorScale(weak=0.9, strong=0.97)

    def prepare(self) -> None:
        """Load the three networks and the five-point model; raises EngineUnavailable."""
        _ = self._networks, self._points

    def find(self, picture: NDArray[np.uint8], smallest_face: float, near: Sequence[Box] | None = None) -> list[Face]:
        """See Detector."""
        boxes = self._everywhere(picture, smallest_face) if near is None else self._around(picture, _rows(near))
        boxes, _ = self._refined(picture, boxes, 1)
        boxes, scores = self._refined(picture, boxes, 2)
        height, width = picture.shape[:2]
        faces = []
        for place in distinct(boxes, scores, _SHARE):
            left, top, right, bottom = (float(side) for side in boxes[place])
            whole = Box(left, top, right, bottom)
            seen = Box(max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height)))
            if seen.width > 0 and seen.height > 0:
                points = self._points.find(picture, _as_dlib_boxes_it(whole))
                faces.append(Face(seen, float(scores[place]), points))
        return faces

    @cached_property
    def _networks(self) -> "tuple[InferenceSession, InferenceSession, InferenceSession]":
        one, two, three = (session(mtcnn_graph(name, self._cache), self._threads) for name in ("pnet", "rnet", "onet"))
        return one, two, three

    @cached_property
    def _points(self) -> FivePoints:
        return FivePoints()

    def _everywhere(self, picture: NDArray[np.uint8], smallest_face: float) -> Rows:
        import cv2

        height, width = picture.shape[:2]
        scale = min(_WINDOW / smallest_face, 1.0, sqrt(_MOST_PIXELS / (height * width)))
        level = picture
        found: list[_Scored] = []
        while min(height, width) * scale >= _WINDOW:
            size = ceil(width * scale), ceil(height * scale)
            level = np.asarray(cv2.resize(level, size, interpolation=cv2.INTER_AREA), np.uint8)
            _, boxes, scores = self._proposed(level[None])
            # Rounded sizes: a level's own scale differs a little between the two directions.
            boxes /= np.tile(np.array(size, np.float32) / (width, height), 2).astype(np.float32)
            found.append(_best(boxes, scores, _OVERLAP[0]))
            scale *= _SHRINK
        return _best(*_joined(found), _OVERLAP[1])[0]

    def _around(self, picture: NDArray[np.uint8], places: Rows) -> Rows:
        regions = squares(places)
        middles = np.tile((regions[:, :2] + regions[:, 2:]) / 2, 2)
        regions = (middles + (regions - middles) * _REGION).astype(np.float32)
        found: list[_Scored] = []
        for size in _SIZES:
            side = round(_WINDOW * _REGION / size)
            crops = _crops(picture, regions, side)
            if not len(crops):
                continue
            which, boxes, scores = self._proposed(crops)
            scales = (regions[which, 2] - regions[which, 0])[:, None] / side
            found.append((boxes * scales + np.tile(regions[which, :2], 2), scores))
        return _best(*_joined(found), _OVERLAP[1])[0]

    def _proposed(self, levels: NDArray[np.uint8]) -> tuple[NDArray[np.intp], Rows, NDArray[np.float32]]:
        """Return P-Net's boxes in pictures of one size: which picture, where in it, and the logit of their score."""
        moves, logits = self._networks[0].run(None, {"input": _input(levels)})
        scores = logits[:, 1] - logits[:, 0]
        which, rows, columns = np.nonzero(scores > _LEAST_LOGIT)
        corners = np.stack([columns, rows], axis=1).astype(np.float32) * _STEP
        # The window of a place begins one pixel further than the place: so the network was trained.
        windows = np.concatenate([corners + 1, corners + 1 + _WINDOW], axis=1)
        return which, windows + moves[which, :, rows, columns] * _WINDOW, scores[which, rows, columns]

    def _refined(self, picture: NDArray[np.uint8], boxes: Rows, stage: int) -> _Scored:
        """Return what R-Net (stage 1) or O-Net (stage 2) makes of boxes: those it passes on, and their scores."""
        boxes = np.round(squares(boxes))
        if not len(boxes):
            return boxes, np.empty(0, np.float32)
        crops = _crops(picture, boxes, 24 * stage)
        moves, probabilities = self._networks[stage].run(None, {"input": _input(crops)})[-2:]
        scores = probabilities[:, 1]
        passed = scores > _LEAST[stage]
        boxes, moves, scores = boxes[passed], moves[passed], scores[passed]
        boxes = boxes + np.tile(boxes[:, 2:] - boxes[:, :2], 2) * moves
        return _best(boxes, scores, _OVERLAP[2]) if stage == 1 else (boxes, scores)


def _as_dlib_boxes_it(box: Box) -> Box:
    """Return the box that dlib's detectors give the face: on such boxes its five-point model was trained.

    A square lower in the face. Fitted by least squares to what dlib's HOG detector gives for 1,194 pictures of Labeled
    Faces in the Wild (identities with an even second byte of their name's SHA-256): its side spreads by 8 % around
    this, its middle by 7 % of it across and 4 % down, of which HOG's own coarse steps are a part.
    """
    side = 0.67 * box.width + 0.334 * box.height
    middle_x, middle_y = (box.left + box.right) / 2, (box.top + box.bottom) / 2 + 0.06 * side
    return Box(middle_x - side / 2, middle_y - side / 2, middle_x + side / 2, middle_y + side / 2)


def _joined(parts: list[_Scored]) -> _Scored:
    if not parts:
        return np.empty((0, 4), np.float32), np.empty(0, np.float32)
    return np.concatenate([boxes for boxes, _ in parts]), np.concatenate([scores for _, scores in parts])


def _rows(boxes: Sequence[Box]) -> Rows:
    return np.array([(b.left, b.top, b.right, b.bottom) for b in boxes], np.float32).reshape(-1, 4)


def _best(boxes: Rows, scores: NDArray[np.float32], overlap: float) -> _Scored:
    kept = suppressed(boxes, scores, overlap)
    return boxes[kept], scores[kept]


def _input(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.dnn.blobFromImages(list(pictures), 1 / 128, mean=(127.5, 127.5, 127.5)), np.float32)


def _crops(picture: NDArray[np.uint8], boxes: Rows, side: int) -> NDArray[np.uint8]:
    """Return squares of the picture at one size, uint8 (n, side, side, 3); what lies beyond the picture is black."""
    import cv2

    height, width = picture.shape[:2]
    crops = np.zeros((len(boxes), side, side, 3), np.uint8)
    for crop, box in zip(crops, np.round(boxes).astype(int), strict=True):
        left, top, right, bottom = box
        part: NDArray[np.uint8] = picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        if not part.size:
            continue
        beyond = max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0)
        if any(beyond):
            part = np.asarray(cv2.copyMakeBorder(part, *beyond, cv2.BORDER_CONSTANT), np.uint8)
        cv2.resize(part, (side, side), dst=crop, interpolation=cv2.INTER_AREA)
    return crops
