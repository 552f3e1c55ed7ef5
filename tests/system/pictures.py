"""Pictures of two people that packages bring, as a camera would show them."""

from functools import cache
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import skimage.data
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


@cache
def hopper() -> Picture:
    """Grace Hopper, BGR."""
    picture = cv2.imread(str(Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"))
    assert picture is not None
    return np.asarray(picture, np.uint8)


@cache
def astronaut() -> Picture:
    """Eileen Collins, BGR."""
    return np.asarray(cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2BGR), np.uint8)  # type: ignore[no-untyped-call]


def both() -> Picture:
    """Show the two side by side, BGR."""
    height = min(hopper().shape[0], astronaut().shape[0])
    return np.hstack([hopper()[:height], astronaut()[:height]])


def empty_room() -> Picture:
    """Nobody."""
    return np.full((240, 320, 3), 90, np.uint8)


def jpeg(picture: Picture, brightness: float = 1.0) -> bytes:
    """Encode a picture as a camera in another light would have taken it."""
    lit = cv2.convertScaleAbs(picture, alpha=brightness)
    return bytes(cv2.imencode(".jpg", lit, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes())
