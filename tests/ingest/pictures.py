"""Pictures as cameras send them, and what they send instead."""

import io
import struct
import zlib
from functools import cache

import numpy as np
import skimage.data
from PIL import Image


@cache
def astronaut(file_format: str = "JPEG") -> bytes:
    """A photo of a person, 512 x 512."""
    return _encoded(Image.fromarray(skimage.data.astronaut()), file_format)  # type: ignore[no-untyped-call]


@cache
def noise(size: int) -> bytes:
    """A sound JPEG of exactly so many bytes: noise, and an end that decoders skip."""
    side = 16
    while len(grown := _encoded(_random(side * 2), "JPEG")) <= size and side < 2_048:
        side *= 2
    picture = grown if len(grown) <= size else _encoded(_random(side), "JPEG")
    return picture + bytes(size - len(picture))


def tiny() -> bytes:
    """A picture of one pixel."""
    return _encoded(Image.new("RGB", (1, 1)), "PNG")


def vast() -> bytes:
    """A PNG whose header says 30,000 x 30,000, in a hundred bytes."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\0")) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _random(side: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(7).integers(0, 256, (side, side, 3), np.uint8))


def _encoded(image: Image.Image, file_format: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format)
    return stream.getvalue()
