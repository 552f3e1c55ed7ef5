"""Turns a face upright and to one size, as dlib does for its encoder.

dlib's `get_face_chip` with five points, 150 pixels and padding 0.25: the similarity (turn, scale, shift) that brings
the points nearest to their mean places in least squares, bilinear, black beyond the picture. Where the face is far
larger than the chip, the picture is halved first, so that no pixel is passed over.
"""

import numpy as np
from numpy.typing import NDArray

from recognition.models.dlib_encoder import CHIP_SIDE

__all__ = ["face_chip"]

_PADDING = 0.25
# The points' mean places in a face's own square, in the order of the five-point model: dlib/image_transforms/
# interpolation.h, get_face_chip_details.
_MEAN_FACE = np.array(
    [
        (0.8595674595992, 0.2134981538014),
        (0.6460604764104, 0.2289674387677),
        (0.1205750620789, 0.2137274526848),
        (0.3340850613712, 0.2290642403242),
        (0.4901123135679, 0.6277995316475),
    ]
)
_PLACES = (_MEAN_FACE + _PADDING) / (2 * _PADDING + 1) * CHIP_SIDE

# Where dlib takes a halved picture's pixels to be, against where they are: its pyramid_down<2> is a quarter off.
_HALVED = (-0.25, 0.25)


def face_chip(picture: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the face with these five points, upright: uint8 (150, 150, 3) of an RGB picture (height, width, 3).

    Points of any picture give a chip; those that lie all at one place give a chip of one colour.
    """
    import cv2

    scale, matrix = _from_chip(points.astype(np.float64))
    # dlib takes half the picture where the half still has as many pixels in the face as the chip has.
    while scale >= 2:
        part, corner = _part(picture, matrix)
        picture = np.asarray(cv2.pyrDown(part), np.uint8)
        matrix[:, 2] -= corner
        matrix /= 2
        matrix[:, 2] += _HALVED
        scale /= 2
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, matrix, (CHIP_SIDE, CHIP_SIDE), flags=flags), np.uint8)


def _from_chip(points: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the similarity that takes places in the chip to places in the picture: its scale, and it as (2, 3).

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991; in the plane
    it is one complex factor.
    """
    middle_chip, middle = _PLACES.mean(axis=0), points.mean(axis=0)
    chip = (_PLACES - middle_chip) @ (1, 1j)
    seen = (points - middle) @ (1, 1j)
    factor = complex(np.vdot(chip, seen) / np.vdot(chip, chip))
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    # dlib takes the chip's corner pixels to those of a rectangle around the same middle whose sides are the scaled ones
    # less a pixel.
    centre = middle + turn @ (CHIP_SIDE / 2 - middle_chip)
    scale = max(abs(factor), 1 / CHIP_SIDE)
    turn *= (CHIP_SIDE * scale - 1) / ((CHIP_SIDE - 1) * scale)
    return scale, np.column_stack([turn, centre - turn @ np.full(2, (CHIP_SIDE - 1) / 2)])


def _part(picture: NDArray[np.uint8], matrix: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the part of the picture that the chip shows, with some margin, and its top left corner (x, y)."""
    corners = np.array([(0, 0, 1), (CHIP_SIDE, 0, 1), (0, CHIP_SIDE, 1), (CHIP_SIDE, CHIP_SIDE, 1)]) @ matrix.T
    margin = 0.1 * np.ptp(corners, axis=0)
    height, width = picture.shape[:2]
    first = np.clip(np.floor(corners.min(axis=0) - margin), 0, (width - 1, height - 1)).astype(np.int64)
    last = np.clip(np.ceil(corners.max(axis=0) + margin), first + 1, (width, height)).astype(np.int64)
    return picture[first[1] : last[1], first[0] : last[0]], first
