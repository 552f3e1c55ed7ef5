"""Draws boxes and what they are called onto pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognition.errors import UnsupportedPicture
from recognition.faces import Box

__all__ = ["drawn", "write_picture"]

Colour = tuple[int, int, int]

# Red, green and blue; a stranger isn't marked as a danger.
_KNOWN: Colour = (46, 160, 67)
_UNKNOWN: Colour = (110, 118, 129)
_WHITE: Colour = (255, 255, 255)
# Of the picture's longer side: a line that shows in a 4K frame would cover a face in a thumbnail.
_LINE = 1 / 500
# A label of a 1080p frame is as high as its lines in print.
_TEXT = 1 / 1800
_PADDING = 4


def drawn(
    picture: NDArray[np.uint8], labelled: Sequence[tuple[Box, str]], unknown: str = "unknown"
) -> NDArray[np.uint8]:
    """Return a copy of an RGB picture, uint8 (height, width, 3), with boxes and their labels, `unknown` ones grey."""
    import cv2

    canvas = np.ascontiguousarray(picture).copy()
    side = max(canvas.shape[:2])
    line, scale = max(round(side * _LINE), 1), max(side * _TEXT, 0.4)
    for box, label in labelled:
        colour = _UNKNOWN if label == unknown else _KNOWN
        left, top, right, bottom = (round(each) for each in (box.left, box.top, box.right, box.bottom))
        cv2.rectangle(canvas, (left, top), (right, bottom), colour, line)
        (width, height), below = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, scale, line)
        # Above the box, or within the picture where the box begins at its border.
        base = max(top - below - _PADDING, height + _PADDING)
        start = max(min(left, canvas.shape[1] - width - _PADDING), 0)
        cv2.rectangle(canvas, (start, base - height - _PADDING), (start + width + _PADDING, base + below), colour, -1)
        cv2.putText(canvas, label, (start + _PADDING // 2, base), cv2.FONT_HERSHEY_SIMPLEX, scale, _WHITE, line)
    return canvas


def write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write an RGB picture in the format of the path's ending; raises UnsupportedPicture and OSError."""
    import cv2

    try:
        done, data = cv2.imencode(path.suffix.lower() or ".", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    except cv2.error as error:
        raise UnsupportedPicture(f"{path} can't be drawn: choose a name that ends in .jpg or .png.") from error
    if not done:
        raise UnsupportedPicture(f"{path} can't be drawn: choose a name that ends in .jpg or .png.")
    path.write_bytes(data.tobytes())
