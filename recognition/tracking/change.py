"""Whether a frame shows anything new against the last one that was looked at.

Compare with the last frame that was *looked at*, not with the last frame: a slow movement would never be a change.
"""

import numpy as np
from numpy.typing import NDArray

from recognition.engine import SMALLEST_FACE

__all__ = ["CHANGE", "change", "thumbnail"]

# Grey levels (of 255) by which a cell must differ. On a still camera's frames JPEG and sensor noise (standard deviation
# 4 a pixel) leave a cell below 3 once a cell is averaged; a face of the smallest size that comes, goes or moves by half
# its width changes a cell by 20 and more. Mains flicker is taken out before, row by row.
CHANGE = 8.0

# A face must cover whole cells: with larger ones a face that comes is averaged with the wall beside it.
_CELLS_PER_FACE = 2.0
# No finer than this, or noise is no longer averaged out; no coarser, or rows are too few to take a flicker out of.
_FEWEST, _MOST = 24, 160
_LEAST_LIGHT = 8.0


def thumbnail(picture: NDArray[np.uint8], smallest_face: float = SMALLEST_FACE) -> NDArray[np.uint8]:
    """Return an RGB picture (height, width, 3) as small grey cells, uint8 (rows, columns).

    A face of `smallest_face` pixels is about two cells wide. For a 1080p frame and 40 pixels: 54 x 96, 5 KB.
    """
    import cv2

    height, width = picture.shape[:2]
    cell = max(smallest_face / _CELLS_PER_FACE, max(height, width) / _MOST)
    columns, rows = (max(_FEWEST, round(side / cell)) for side in (width, height))
    small = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def change(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> float:
    """Return by how many grey levels the cell that differs most differs, between two thumbnails.

    What a lamp does is taken out: each row is first scaled to the other's median, because a rolling shutter shows mains
    flicker as bands, and a light that fades scales all rows alike. Infinite where the thumbnails' sizes differ: another
    picture altogether. A frame with `change(...) < CHANGE` need not be searched.
    """
    if before.shape != now.shape:
        return float("inf")
    old, new = before.astype(np.float32), now.astype(np.float32)
    # Cells near black tell no ratio; without the floor one grey level of noise there would scale a row twofold.
    ratios = np.maximum(new, _LEAST_LIGHT) / np.maximum(old, _LEAST_LIGHT)
    expected = np.clip(old * np.median(ratios, axis=1, keepdims=True), 0, 255)
    return float(np.abs(new - expected).max())
