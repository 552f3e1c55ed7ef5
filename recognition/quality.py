"""How well a face shows in its picture, for enrolment and for weighing it.

Everything is taken from the aligned face, so that it means the same for faces of all sizes and turns, and from the five
points. What a detector's score is worth is on its own scale, so it isn't in here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Quality", "faults", "quality_of"]

# Of 3,601 photos of Labeled Faces in the Wild (of identities whose second byte of the name's SHA-256 is even), in which
# a face is 93 pixels wide in the median, all five together refuse 2, turned away by more than 1; of 70 faces in group
# photos none. On the other side, of every twelfth of these photos (of those in which a face is still found): blurred by
# 5 pixels `_BLURRED` refuses 73 % of 299, by 3 pixels 47 %, by 2 pixels 11 %; at a quarter of the light `_DARK` refuses
# 93 % of 300, at half 2 %; at three times the light `_BRIGHT` 39 % of 153; at 15 % of the contrast `_FLAT` 97 % of 168.
_DARK, _BRIGHT = 40.0, 235.0
_FLAT = 8.0
_TURNED = 1.0
_BLURRED = 0.025

# The part of the aligned face that is skin whatever the hair, as shares of the chip's side.
_FACE = (0.25, 0.85)


@dataclass(frozen=True)
class Quality:
    """What the picture of one face is like.

    `width`: of the face's box, pixels. `sharpness`: how much of the contrast is in fine detail, 0 to about 1, of the
    face as it was, not as it was enlarged. `turned`: how far the nose lies off the middle of the eyes, in half
    distances between the eyes, 0 from the front, from 1 on in profile. `brightness`: mean grey level, 0 to 255.
    `contrast`: standard deviation of grey levels.
    """

    width: float
    sharpness: float
    turned: float
    brightness: float
    contrast: float


def quality_of(chip: NDArray[np.uint8], points: NDArray[np.float32], width: float) -> Quality:
    """Return the quality of an aligned face, RGB uint8 (side, side, 3), of five points in its picture and box width."""
    import cv2

    side = len(chip)
    first, last = (round(share * side) for share in _FACE)
    grey = np.asarray(cv2.cvtColor(chip[first:last, first:last], cv2.COLOR_RGB2GRAY), np.float32)
    contrast = float(grey.std())
    # A face smaller than its chip was enlarged: at its own size an enlarged pixel isn't blur.
    shrunk = max(min(width / (side * 0.65), 1.0), 0.1)
    own = np.asarray(cv2.resize(grey, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA), np.float32)
    detail = float((own - cv2.GaussianBlur(own, (0, 0), 1.0)).std())
    return Quality(width, detail / max(contrast, 1.0), _turned(points), float(grey.mean()), contrast)


def _turned(points: NDArray[np.float32]) -> float:
    right, left, nose = points[:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
    across = right - left
    length = float(np.hypot(*across))
    if length < 1:
        return 1.0  # one eye before the other
    return abs(float((nose - (right + left) / 2) @ across)) / (length / 2 * length)


def faults(quality: Quality) -> list[str]:
    """Return what speaks against enrolling the face, worst first, as sentences that say what to do; none is well."""
    found = []
    if quality.brightness < _DARK:
        found.append("The face is too dark: take the photo in better light.")
    if quality.brightness > _BRIGHT:
        found.append("The face is too bright: take the photo in softer light.")
    if quality.contrast < _FLAT:
        found.append("The face has hardly any contrast: take the photo in better light, with a clean lens.")
    if quality.turned > _TURNED:
        found.append("The face is turned away: take the photo from the front.")
    if quality.sharpness < _BLURRED:
        found.append("The face is blurred: hold the camera still, and let it focus.")
    return found
