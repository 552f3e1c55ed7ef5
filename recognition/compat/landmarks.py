"""Where eyes, nose and mouth are, by dlib's five-point or its 68-point model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.compat.dlib_models import dlib_package, shape_predictor
from recognition.compat.locations import Location, raw_face_locations

__all__ = ["face_landmarks", "raw_face_landmarks"]

Point = tuple[int, int]

# Which of the model's points make each feature, in face_recognition's order.
_FEATURES: dict[str, dict[str, tuple[int, ...]]] = {
    "large": {
        "chin": tuple(range(17)),
        "left_eyebrow": tuple(range(17, 22)),
        "right_eyebrow": tuple(range(22, 27)),
        "nose_bridge": tuple(range(27, 31)),
        "nose_tip": tuple(range(31, 36)),
        "left_eye": tuple(range(36, 42)),
        "right_eye": tuple(range(42, 48)),
        "top_lip": (*range(48, 55), 64, 63, 62, 61, 60),
        "bottom_lip": (*range(54, 60), 48, 60, 67, 66, 65, 64),
    },
    "small": {"nose_tip": (4,), "left_eye": (2, 3), "right_eye": (0, 1)},
}


def face_landmarks(
    face_image: NDArray[np.uint8], face_locations: Sequence[Location] | None = None, model: str = "large"
) -> list[dict[str, list[Point]]]:
    """Return each face's features, by name, as lists of points (x, y) in pixels.

    `face_locations`: without them those that `hog` finds. `model`: `large` (68 points; not for commercial use) or
    `small` (5 points). Raises ValueError for another.
    """
    return [
        {
            feature: [(shape.part(number).x, shape.part(number).y) for number in numbers]
            for feature, numbers in _FEATURES[model].items()
        }
        for shape in raw_face_landmarks(face_image, face_locations, model)
    ]


def raw_face_landmarks(
    face_image: NDArray[np.uint8], face_locations: Sequence[Location] | None, model: str
) -> list[Any]:
    """Return each face's points as dlib's own object; raises ValueError for a model that doesn't exist."""
    predictor = shape_predictor(model)
    if face_locations is None:
        rectangles = raw_face_locations(face_image)
    else:
        rectangle = dlib_package().rectangle
        rectangles = [rectangle(left, top, right, bottom) for top, right, bottom, left in face_locations]
    return [predictor(face_image, each) for each in rectangles]
