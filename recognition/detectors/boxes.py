"""Sums with boxes, as rows of left, top, right, bottom."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows", "distinct", "squares", "suppressed"]

# (n, 4): left, top, right, bottom, in pixels.
Rows = NDArray[np.float32]


def squares(boxes: Rows) -> Rows:
    """Return the squares with the same centres and the longer sides."""
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)
    corners = (boxes[:, :2] + boxes[:, 2:] - sides) / 2
    return np.concatenate([corners, corners + sides], axis=1)


def suppressed(boxes: Rows, scores: NDArray[np.float32], overlap: float) -> NDArray[np.intp]:
    """Return the places of the boxes that stay, best first: of two whose union they share by `overlap`, the better."""
    import cv2

    if not len(boxes):
        return np.empty(0, np.intp)
    corners_and_sizes = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).astype(np.float64)
    kept = cv2.dnn.NMSBoxes(corners_and_sizes, scores, 0.0, overlap)  # type: ignore[arg-type]  # it takes arrays
    return np.asarray(kept, np.intp).reshape(-1)


def distinct(boxes: Rows, scores: NDArray[np.float32], share: float) -> NDArray[np.intp]:
    """Return the places of the boxes that stay, best first: of two that share `share` of the smaller, the better.

    That is stricter than `suppressed`: a box within a larger one goes as well.
    """
    kept: list[int] = []
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    for place in np.argsort(-scores, kind="stable"):
        near, far = np.maximum(boxes[kept, :2], boxes[place, :2]), np.minimum(boxes[kept, 2:], boxes[place, 2:])
        shared = np.clip(far - near, 0, None).prod(axis=1)
        if not (shared > share * np.minimum(areas[kept], areas[place])).any():
            kept.append(int(place))
    return np.array(kept, np.intp)
