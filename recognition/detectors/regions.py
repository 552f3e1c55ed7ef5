"""Search around known boxes for detectors that only know how to search a whole picture."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recognition.detectors.boxes import distinct
from recognition.faces import Box, Face

__all__ = ["found_near"]

# A square of so many times a box's size is searched, for faces not much smaller than it.
_REGION = 2.5
_SMALLER = 0.7
_SHARE = 0.8

Find = Callable[[NDArray[np.uint8], float], list[Face]]


def found_near(find: Find, picture: NDArray[np.uint8], near: Sequence[Box]) -> list[Face]:
    """Return the faces that `find(part, smallest_face)` finds in the parts of a picture around boxes, surest first."""
    height, width = picture.shape[:2]
    faces: list[Face] = []
    for box in near:
        side = max(box.width, box.height)
        reach = _REGION * side / 2
        x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        left, right = (int(np.clip(each, 0, width)) for each in (x - reach, x + reach))
        top, bottom = (int(np.clip(each, 0, height)) for each in (y - reach, y + reach))
        if left < right and top < bottom:
            part = np.ascontiguousarray(picture[top:bottom, left:right])
            faces.extend(_moved(face, left, top) for face in find(part, _SMALLER * side))
    rows = np.array([(f.box.left, f.box.top, f.box.right, f.box.bottom) for f in faces], np.float32).reshape(-1, 4)
    return [faces[place] for place in distinct(rows, np.array([f.score for f in faces], np.float32), _SHARE)]


def _moved(face: Face, x: int, y: int) -> Face:
    box = Box(face.box.left + x, face.box.top + y, face.box.right + x, face.box.bottom + y)
    return replace(face, box=box, points=None if face.points is None else face.points + np.array([x, y], np.float32))
