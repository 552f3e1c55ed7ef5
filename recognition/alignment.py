"""Turns a face upright and to one size, as dlib does for its encoder, or as ArcFace's models are given theirs.

dlib's `get_face_chip` with five points, 150 pixels and padding 0.25: the similarity (turn, scale, shift) that brings
the points nearest to their mean places in least squares, bilinear, black beyond the picture. Where the face is far
larger than the chip, the picture is halved first, so that no pixel is passed over. ArcFace's is the same with other
places, in a chip of 112 pixels.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recognition.models.dlib_encoder import CHIP_SIDE

__all__ = ["arcface_chip", "face_chip"]

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
# Where dlib's points lie in a chip aligned as ArcFace's models are trained, by the middles of the eyes, the tip of the
# nose and the corners of the mouth: the means of 626 pictures of Labeled Faces in the Wild (identities with an even
# second byte of their name's SHA-256), whose five landmarks were MTCNN's. So they serve every detector. The landmarks
# end up 1.6 pixels of 112 from where MTCNN's own would put them in the median, 4.1 at the 95th percentile.
_ARCFACE_SIDE = 112
_ARCFACE_FACE = np.array([(79.32, 52.89), (65.77, 53.32), (31.40, 53.30), (44.98, 53.50), (55.61, 79.35)])

# Where dlib takes a halved picture's pixels to be, against where they are: its pyramid_down<2> is a quarter off.
_HALVED = (-0.25, 0.25)


def face_chip(
    picture: NDArray[np.uint8], points: NDArray[np.float32], side: int = CHIP_SIDE, padding: float = _PADDING
) -> NDArray[np.uint8]:
    """Return the face with these five points, upright: uint8 (side, side, 3) of an RGB picture (height, width, 3).

    Points of any picture give a chip; those that lie all at one place give a chip of one colour.
    """
    places = _dlib_places(side, padding)
    factor, middle_chip, middle = _similarity(places, points)
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    # dlib takes the chip's corner pixels to those of a rectangle around the same middle whose sides are the scaled ones
    # less a pixel.
    centre = middle + turn @ (side / 2 - middle_chip)
    scale = max(abs(factor), 1 / side)
    turn *= (side * scale - 1) / ((side - 1) * scale)
    matrix = np.column_stack([turn, centre - turn @ np.full(2, (side - 1) / 2)])
    return _chip(picture, matrix, scale, side)


def arcface_chip(
    picture: NDArray[np.uint8], points: NDArray[np.float32], side: int = _ARCFACE_SIDE
) -> NDArray[np.uint8]:
    """Return the face as ArcFace's models take it, uint8 (side, side, 3); see `face_chip`."""
    factor, middle_chip, middle = _similarity(_ARCFACE_FACE * side / _ARCFACE_SIDE, points)
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return _chip(picture, np.column_stack([turn, middle - turn @ middle_chip]), abs(factor), side)


@lru_cache(maxsize=8)
def _dlib_places(side: int, padding: float) -> NDArray[np.float64]:
    return np.asarray((_MEAN_FACE + padding) / (2 * padding + 1) * side, np.float64)


def _similarity(
    places: NDArray[np.float64], points: NDArray[np.float32]
) -> tuple[complex, NDArray[np.float64], NDArray[np.float64]]:
    """Return the similarity that takes places in a chip nearest to points in a picture, and the middles of both.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991; in the plane
    it is one complex factor.
    """
    middle_chip, middle = places.mean(axis=0), points.astype(np.float64).mean(axis=0)
    chip = (places - middle_chip) @ (1, 1j)
    seen = (points - middle) @ (1, 1j)
    return complex(np.vdot(chip, seen) / np.vdot(chip, chip)), middle_chip, middle


def _chip(picture: NDArray[np.uint8], matrix: NDArray[np.float64], scale: float, side: int) -> NDArray[np.uint8]:
    """Return what `matrix` (2, 3), from places in the chip to places in the picture, shows: uint8 (side, side, 3)."""
    import cv2

    # dlib takes half the picture where the half still has as many pixels in the face as the chip has.
    while scale >= 2:
        part, corner = _part(picture, matrix, side)
        picture = np.asarray(cv2.pyrDown(part), np.uint8)
        matrix[:, 2] -= corner
        matrix /= 2
        matrix[:, 2] += _HALVED
        scale /= 2
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, matrix, (side, side), flags=flags), np.uint8)


def _part(
    picture: NDArray[np.uint8], matrix: NDArray[np.float64], side: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the part of the picture that the chip shows, with some margin, and its top left corner (x, y)."""
    corners = np.array([(0, 0, 1), (side, 0, 1), (0, side, 1), (side, side, 1)]) @ matrix.T
    margin = 0.1 * np.ptp(corners, axis=0)
    height, width = picture.shape[:2]
    first = np.clip(np.floor(corners.min(axis=0) - margin), 0, (width - 1, height - 1)).astype(np.int64)
    last = np.clip(np.ceil(corners.max(axis=0) + margin), first + 1, (width, height)).astype(np.int64)
    return picture[first[1] : last[1], first[0] : last[0]], first
