"""Real pictures from installed packages, written in any way a picture can be."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

ORIENTATION = 0x0112


@cache
def astronaut() -> Image.Image:
    """512 x 512, one face, in which HOG sees a second one."""
    return Image.fromarray(skimage.data.astronaut())  # type: ignore[no-untyped-call]


@cache
def grace_hopper() -> Image.Image:
    """512 x 600, one face."""
    path = Path(mpl.__file__).parent / "mpl-data" / "sample_data" / "grace_hopper.jpg"
    with Image.open(path) as image:
        return image.convert("RGB")


@cache
def cat() -> Image.Image:
    """451 x 300, no face."""
    return Image.fromarray(skimage.data.chelsea())  # type: ignore[no-untyped-call]


def both() -> Image.Image:
    """The two people side by side, the astronaut on the left."""
    picture = Image.new("RGB", (1024, 600))
    picture.paste(astronaut(), (0, 0))
    picture.paste(grace_hopper(), (512, 0))
    return picture


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:
    """The bytes of an image in a format."""
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def rotated_by_exif(image: Image.Image, file_format: str, orientation: int) -> bytes:
    """The bytes of an image that says by EXIF how it is to be turned."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return encoded(image, file_format, exif=exif)


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """The mean absolute difference of two pictures of one shape."""
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other.astype(int)).mean())
