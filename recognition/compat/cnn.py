"""dlib's CNN detector as `cnn_face_detection_model_v1` runs it, box for box, on ONNX Runtime.

Our own detector `cnn` searches a pyramid of its own, whose boxes are a step off. This one follows dlib: doublings by
its `pyramid_up`, all levels tiled into one picture (`create_tiled_pyramid`, dlib/image_transforms/image_pyramid.h),
bilinear between the corners' pixels, windows that overlap an accepted one dropped (`loss_mmod_`, dlib/dnn/loss.h).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recognition.compat.dlib_models import dlib_package
from recognition.detectors.cnn import cnn_session
from recognition.models import ModelCache

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["cnn_rectangles"]

# What the model's own file says, to the last digit, or boxes at the edge of a decision would be others: the windows'
# pixels, what is taken from red, green and blue, and above which share of their union two boxes are one face.
_WINDOW = 80
_MEAN = np.array([122.78199768066406, 117.0009994506836, 104.2979965209961], np.float32)
_OVERLAP = 0.3382761351109955
# A place (x, y) of the network's map looks at the window around 8 (x, y) + 14.
_STEP, _FIRST = 8, 14

# The pyramid's options in dlib's input layer: each level has 5/6 of the last one's sides, and what lies around a level
# shows in the scores at its border.
_SHRINK = 6
_PADDING, _OUTER_PADDING = 10, 11
_LEAST_HEIGHT = 5
# What three convolutions of 5 x 5, each taking every second pixel, need; with less ONNX Runtime raises.
_LEAST_TILED = 29

# Left, top, width, height.
_Tile = tuple[int, int, int, int]


def cnn_rectangles(picture: NDArray[np.uint8], upsampling: int) -> list[Any]:
    """Return the faces of a picture, RGB uint8 (height, width, 3) or grey, as dlib's rectangles, surest first."""
    dlib = dlib_package()
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    doubled = dlib.pyramid_down(2)
    for _ in range(upsampling):
        height, width = picture.shape[:2]
        whole = doubled.rect_up(dlib.rectangle(0, 0, width - 1, height - 1))
        picture = dlib.resize_image(picture, whole.bottom() + 1, whole.right() + 1)
    found = _windows(picture)
    return [doubled.rect_down(each, upsampling) if upsampling else each for each in found]


def _windows(picture: NDArray[np.uint8]) -> list[Any]:
    dlib = dlib_package()
    tiles, height, width = _tiles(*picture.shape[:2])
    if min(height, width) < _LEAST_TILED:
        return []
    (scores,) = _network().run(None, {"pictures": _tiled(picture, tiles, height, width)})
    rows, columns = np.nonzero(scores[0, 0] > 0)
    order = np.argsort(-scores[0, 0, rows, columns], kind="stable")
    shrunk = dlib.pyramid_down(_SHRINK)
    kept: list[Any] = []
    half = (_WINDOW - 1) / 2
    for row, column in zip(rows[order], columns[order], strict=True):
        x, y = _STEP * int(column) + _FIRST, _STEP * int(row) + _FIRST
        level = min(range(len(tiles)), key=_distance_to(tiles, x, y))
        left, top = x - tiles[level][0], y - tiles[level][1]
        window = dlib.drectangle(left - half, top - half, left + half, top + half)
        box = dlib.rectangle(shrunk.rect_up(window, level)) if level else dlib.rectangle(window)
        if not any(_overlap(box, other) > _OVERLAP for other in kept):
            kept.append(box)
    return kept


def _tiles(height: int, width: int) -> tuple[list[_Tile], int, int]:
    """Return where each level lies in the tiled picture, and that one's height and width."""
    sizes = [(width, height)]
    while True:
        width, height = (side * (_SHRINK - 1) // _SHRINK for side in sizes[-1])
        if not width or height < _LEAST_HEIGHT:
            break
        sizes.append((width, height))
    first_width, first_height = sizes[0]
    total = sum(height + _PADDING for _, height in sizes) - 2 * _PADDING
    column, before = 0, 0
    for width, height in sizes:  # down the first column, until the rest fits beside it
        if width <= first_width - before - _PADDING and (column - first_height) * 2 >= total - first_height:
            break
        column += height + _PADDING
        before = width
    column -= _PADDING
    tiles: list[_Tile] = []
    y = _OUTER_PADDING
    while y < column + _OUTER_PADDING and len(tiles) < len(sizes):
        width, height = sizes[len(tiles)]
        tiles.append((_OUTER_PADDING, y, width, height))
        y += height + _PADDING
    y -= _PADDING
    for width, height in sizes[len(tiles) :]:  # and up again on the right
        left, top = _OUTER_PADDING + first_width - width, y - height
        if top < _OUTER_PADDING + first_height and left < _OUTER_PADDING + first_width:
            break
        tiles.append((left, top, width, height))
        y -= height + _PADDING
    return tiles, column + 2 * _OUTER_PADDING, first_width + 2 * _OUTER_PADDING


def _tiled(picture: NDArray[np.uint8], tiles: list[_Tile], height: int, width: int) -> NDArray[np.float32]:
    level = ((picture.astype(np.float32) - _MEAN) / np.float32(256)).transpose(2, 0, 1)
    tiled = np.zeros((1, 3, height, width), np.float32)
    for number, (left, top, columns, rows) in enumerate(tiles):
        if number:
            level = _shrunk(level, rows, columns)
        tiled[0, :, top : top + rows, left : left + columns] = level
    return tiled


def _shrunk(level: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Return (3, height, width) at another size, bilinear, corner pixel on corner pixel."""
    above, below, down = _between(level.shape[1], rows)
    lines = level[:, above] * (1 - down)[:, None] + level[:, below] * down[:, None]
    before, after, across = _between(level.shape[2], columns)
    return np.asarray(lines[:, :, before] * (1 - across) + lines[:, :, after] * across, np.float32)


def _between(old: int, new: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    places = np.arange(new, dtype=np.float32) * np.float32((old - 1) / max(new - 1, 1))
    first = np.floor(places).astype(np.intp)
    return first, np.minimum(first + 1, old - 1), (places - first).astype(np.float32)


def _distance_to(tiles: list[_Tile], x: int, y: int) -> Callable[[int], int]:
    def squared(number: int) -> int:
        left, top, width, height = tiles[number]
        across = max(left - x, 0, x - (left + width - 1))
        down = max(top - y, 0, y - (top + height - 1))
        return across * across + down * down

    return squared


def _overlap(one: Any, other: Any) -> float:  # noqa: ANN401  # dlib has no types
    shared = one.intersect(other).area()
    return float(shared / (one.area() + other.area() - shared))


@lru_cache(maxsize=1)
def _network() -> "InferenceSession":
    return cnn_session(ModelCache())
