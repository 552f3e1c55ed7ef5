"""128 numbers a face: face_recognition's own encodings, by the same weights on ONNX Runtime."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recognition.compat.dlib_models import dlib_package
from recognition.compat.landmarks import raw_face_landmarks
from recognition.compat.locations import Location
from recognition.models.dlib_encoder import DlibEncoder

__all__ = ["face_encodings"]

_PADDING = 0.25
_SIDE = 150


def face_encodings(
    face_image: NDArray[np.uint8],
    known_face_locations: Sequence[Location] | None = None,
    num_jitters: int = 1,
    model: str = "small",
) -> list[NDArray[np.float64]]:
    """Return each face's encoding, float64 (128,), of an RGB picture, uint8 (height, width, 3).

    Within 1e-5 of that package's for the same locations. `num_jitters`: from 2 on the mean over so many copies,
    moved, turned and mirrored at random. `model`: which landmarks align the face, `small` or `large`
    (not for commercial use). Raises ValueError for another, and TypeError for a picture that isn't RGB.

    The copies are drawn by dlib's generator, which goes on from call to call: two calls differ, as that package's do;
    the first calls of two processes don't, and are within 1e-5 of that package's first calls.
    """
    if face_image.ndim != 3:
        raise TypeError("Encodings need an RGB picture (height, width, 3): load it with mode='RGB'.")
    shapes = raw_face_landmarks(face_image, known_face_locations, model)
    if not shapes:
        return []
    dlib = dlib_package()
    chips = [dlib.get_face_chip(face_image, shape, size=_SIDE, padding=_PADDING) for shape in shapes]
    if num_jitters <= 1:
        return list(_encoder().encode(np.stack(chips)).astype(np.float64))
    return [
        _encoder().encode(np.asarray(dlib.jitter_image(chip, num_jitters=num_jitters))).astype(np.float64).mean(axis=0)
        for chip in chips
    ]


@lru_cache(maxsize=1)
def _encoder() -> DlibEncoder:
    return DlibEncoder(precision="float")  # 8 bits aren't within 1e-5
