"""Distances between encodings, as face_recognition counts them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["compare_faces", "face_distance"]

Encodings = Sequence[NDArray[np.float64]] | NDArray[np.float64]


def face_distance(face_encodings: Encodings, face_to_compare: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Euclidean distance of each encoding (n, d) to one (d,), as float64 (n,); none give (0,)."""
    if len(face_encodings) == 0:
        return np.empty(0)
    return np.asarray(np.linalg.norm(np.asarray(face_encodings) - face_to_compare, axis=1))


def compare_faces(
    known_face_encodings: Encodings, face_encoding_to_check: NDArray[np.float64], tolerance: float = 0.6
) -> list[Any]:
    """Return for each known encoding whether the other is within `tolerance` of it, as a list of NumPy's booleans."""
    return list(face_distance(known_face_encodings, face_encoding_to_check) <= tolerance)
