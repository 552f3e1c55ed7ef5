"""What a picture's first bytes say of it, without decoding anything.

Pillow opens headers too, but not for what this is for: its limit on pixels is one global of the process, it reserves
two whole canvases to open a WebP (650 MB of addresses for 9,000 x 9,000), and it doesn't say whether the end of the
file is there. So the few bytes that matter are read here, in 1 to 4 microseconds: a JPEG's markers up to the first scan
(ITU-T T.81, annex B), a PNG's IHDR and IEND (W3C PNG, 5.6 and 11.2), a WebP's RIFF header and first chunk (RFC 9649,
section 2). The tests hold the sizes against Pillow's.
"""

import struct
from dataclasses import dataclass

from recognition.errors import DamagedPicture, NotAPicture, TruncatedPicture, UnsupportedPicture

__all__ = ["PictureHeader", "parse_header"]

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"

# Start of frame: baseline, extended, progressive, lossless and their arithmetic forms. C4, C8 and CC, between them, are
# tables and extensions.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers without a length: TEM, the restarts and SOI.
_JPEG_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_SCAN = 0xDA
_JPEG_EOI = 0xD9
# Without it, 8 MB of empty segments keep the reader busy for a second. The fullest real headers (an ICC profile and
# Extended XMP in 64 KB pieces) have a few hundred.
_JPEG_MAX_SEGMENTS = 2_000

_OTHERS = (
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (0, b"%PDF", "PDF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftyphev", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftypavi", "AVIF"),
)


@dataclass(frozen=True)
class PictureHeader:
    """What a picture says of itself: `format` JPEG, PNG or WEBP; sides in pixels as stored, before EXIF rotation."""

    format: str
    width: int
    height: int


def parse_header(data: bytes) -> tuple[PictureHeader, bool]:
    """Return the header and whether the picture's end is there too.

    Raises NotAPicture, UnsupportedPicture, TruncatedPicture (cut off before its size) or DamagedPicture.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(_PNG_SIGNATURE):
        return _png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    for offset, magic, name in _OTHERS:
        if data.startswith(magic, offset):
            raise UnsupportedPicture(f"This is a {name} file: send JPEG, PNG or WebP.")
    if not data:
        raise NotAPicture("The message is empty: send the bytes of a JPEG, PNG or WebP picture.")
    raise NotAPicture("This isn't a picture: send the bytes of a JPEG, PNG or WebP file.")


def _cut(name: str) -> TruncatedPicture:
    return TruncatedPicture(f"The {name} ends within its header: send the whole file.")


def _jpeg(data: bytes) -> tuple[PictureHeader, bool]:
    position, end, header = 2, len(data), None
    for _ in range(_JPEG_MAX_SEGMENTS):
        if position + 4 > end:
            raise _cut("JPEG")
        if data[position] != 0xFF:
            raise DamagedPicture("The JPEG's header is damaged: take or export the picture again.")
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte before a marker
            position += 1
            continue
        if marker in _JPEG_STANDALONE:
            position += 2
            continue
        if marker in _JPEG_FRAMES and header is None:
            if position + 9 > end:
                raise _cut("JPEG")
            height, width = struct.unpack_from(">HH", data, position + 5)
            header = PictureHeader("JPEG", width, height)
        if marker == _JPEG_SCAN and header is not None:
            # Looked for behind the first scan only: the thumbnail within EXIF has an end marker of its own.
            return header, data.rfind(_JPEG_END, position) >= 0
        length = int.from_bytes(data[position + 2 : position + 4])
        if marker in (_JPEG_EOI, _JPEG_SCAN) or length < 2:
            raise DamagedPicture("The JPEG's header is damaged: take or export the picture again.")
        position += 2 + length
    raise DamagedPicture(f"The JPEG's header has more than {_JPEG_MAX_SEGMENTS} segments: export the picture again.")


def _png(data: bytes) -> tuple[PictureHeader, bool]:
    if len(data) < 24:
        raise _cut("PNG")
    length, kind, width, height = struct.unpack_from(">I4sII", data, 8)
    if kind != b"IHDR" or length != 13:
        raise DamagedPicture("The PNG's header is damaged: export the picture again.")
    return PictureHeader("PNG", width, height), data.rfind(_PNG_END, 33) >= 0


def _webp(data: bytes) -> tuple[PictureHeader, bool]:
    if len(data) < 30:
        raise _cut("WebP")
    complete = len(data) >= 8 + int.from_bytes(data[4:8], "little")
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
    elif kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (value & 0x3FFF for value in struct.unpack_from("<HH", data, 26))
    else:
        raise DamagedPicture("The WebP's header is damaged: export the picture again.")
    return PictureHeader("WEBP", width, height), complete
