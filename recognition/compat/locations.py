"""Where faces are: the boxes that face_recognition gives, in its order (top, right, bottom, left)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.compat.cnn import cnn_rectangles
from recognition.compat.dlib_models import hog

__all__ = ["Location", "batch_face_locations", "face_locations", "raw_face_locations"]

# Top, right, bottom, left, in pixels.
Location = tuple[int, int, int, int]


def face_locations(img: NDArray[np.uint8], number_of_times_to_upsample: int = 1, model: str = "hog") -> list[Location]:
    """Return a picture's faces, uint8 (height, width, 3) or (height, width), each as (top, right, bottom, left).

    `number_of_times_to_upsample`: how often the picture is doubled first: 0 finds faces from 80 pixels, 1 from 40.
    `model`: `hog` or `cnn`.
    """
    return [_within(_location(each), img.shape) for each in raw_face_locations(img, number_of_times_to_upsample, model)]


def batch_face_locations(
    images: Sequence[NDArray[np.uint8]], number_of_times_to_upsample: int = 1, batch_size: int = 128
) -> list[list[Location]]:
    """Return the faces that `cnn` finds in each of several pictures, which must all be of one size.

    `batch_size` is how many that package's graphics card looks at at once; here it changes nothing. Raises RuntimeError
    where the sizes differ, as there.
    """
    if len({image.shape[:2] for image in images}) > 1:
        raise RuntimeError("Images in list must all have the same dimensions.")
    return [face_locations(image, number_of_times_to_upsample, "cnn") for image in images]


def raw_face_locations(img: NDArray[np.uint8], number_of_times_to_upsample: int = 1, model: str = "hog") -> list[Any]:
    """Return the faces as dlib's rectangles, which may reach beyond the picture."""
    if model == "cnn":
        return cnn_rectangles(img, number_of_times_to_upsample)
    return list(hog()(img, number_of_times_to_upsample))


def _location(rectangle: Any) -> Location:  # noqa: ANN401  # dlib has no types
    return rectangle.top(), rectangle.right(), rectangle.bottom(), rectangle.left()


def _within(location: Location, shape: tuple[int, ...]) -> Location:
    top, right, bottom, left = location
    return max(top, 0), min(right, shape[1]), min(bottom, shape[0]), max(left, 0)
