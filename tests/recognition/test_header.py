import io
import struct
import subprocess
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from recognition import (
    DamagedPicture,
    NotAPicture,
    PictureError,
    PictureHeader,
    PictureLimits,
    PictureTooHeavy,
    PictureTooLarge,
    PictureTooSmall,
    TruncatedPicture,
    UnsupportedPicture,
    read_header,
)
from tests.recognition.pictures import astronaut, cat, encoded


def with_thumbnail() -> bytes:
    """A JPEG whose EXIF block holds another whole JPEG, as most cameras' do."""
    thumbnail = encoded(astronaut().resize((32, 32)), "JPEG")
    block = b"Exif\x00\x00" + thumbnail
    whole = encoded(astronaut().resize((64, 48)), "JPEG")
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + whole[2:]


def small(file_format: str, **options: object) -> bytes:
    return encoded(astronaut().resize((64, 48)), file_format, **options)


def frames() -> list[Image.Image]:
    return [astronaut().resize((64, 48)), cat().resize((64, 48))]


WAYS = {
    "jpeg": small("JPEG"),
    "progressive jpeg": small("JPEG", progressive=True),
    "jpeg with a thumbnail": with_thumbnail(),
    "jpeg with fill bytes": small("JPEG")[:2] + b"\xff\xff\xff" + small("JPEG")[2:],
    "jpeg with restart markers": small("JPEG", restart_marker_blocks=1),
    "cmyk jpeg": encoded(astronaut().resize((64, 48)).convert("CMYK"), "JPEG"),
    "png": small("PNG"),
    "palette png": encoded(astronaut().resize((64, 48)).quantize(256), "PNG"),
    "animated png": encoded(frames()[0], "PNG", save_all=True, append_images=frames()[1:]),
    "webp": small("WEBP"),
    "lossless webp": small("WEBP", lossless=True),
    "webp with exif": small("WEBP", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
    "animated webp": encoded(frames()[0], "WEBP", save_all=True, append_images=frames()[1:]),
}


def png_of(width: int, height: int) -> bytes:
    """A whole PNG by its chunks, whose header says any size; its pixels are a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(100))), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("way", WAYS)
def test_the_header_says_what_pillow_says(way: str) -> None:
    with Image.open(io.BytesIO(WAYS[way])) as image:
        assert read_header(WAYS[way]) == PictureHeader(image.format or "", *image.size)


@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.integers(16, 300), st.integers(16, 300))
def test_any_size_is_read_right(file_format: str, width: int, height: int) -> None:
    assert read_header(encoded(Image.new("RGB", (width, height)), file_format)) == PictureHeader(
        file_format, width, height
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_cut_off_anywhere_is_refused(way: str) -> None:
    data = WAYS[way]
    for length in range(30, len(data)):
        with pytest.raises(TruncatedPicture):
            read_header(data[:length])
    for length in range(30):
        with pytest.raises((TruncatedPicture, NotAPicture)):
            read_header(data[:length])


@pytest.mark.parametrize("way", WAYS)
def test_bytes_behind_the_end_do_no_harm(way: str) -> None:
    assert read_header(WAYS[way] + bytes(500)) == read_header(WAYS[way])


def test_a_png_of_30000_by_30000_is_refused_from_its_header() -> None:
    with pytest.raises(PictureTooLarge, match="30,000 x 30,000 pixels, 50,000,000 in all are allowed: make it smaller"):
        read_header(png_of(30_000, 30_000))


def test_refusing_a_huge_picture_takes_no_memory_and_no_decoder() -> None:
    script = (
        "import resource, sys\n"
        "import numpy\n"
        "from recognition import PictureTooLarge, decode\n"
        "data = sys.stdin.buffer.read()\n"
        "pages = int(open('/proc/self/statm').read().split()[0])\n"
        "most = pages * resource.getpagesize() + 16_000_000\n"
        "resource.setrlimit(resource.RLIMIT_AS, (most, most))\n"
        "try:\n    decode(data)\nexcept PictureTooLarge:\n    pass\nelse:\n    sys.exit('it was decoded')\n"
        "assert 'PIL' not in sys.modules and 'cv2' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], input=png_of(30_000, 30_000), check=True)


def test_a_huge_picture_without_an_end_is_too_large_first() -> None:
    with pytest.raises(PictureTooLarge):
        read_header(png_of(30_000, 30_000)[:40])


def test_a_picture_of_one_pixel_is_refused() -> None:
    for file_format in ("JPEG", "PNG", "WEBP"):
        with pytest.raises(PictureTooSmall, match="1 x 1 pixels: each side must have at least 16"):
            read_header(encoded(Image.new("RGB", (1, 1)), file_format))


def test_sides_of_no_pixels_are_refused() -> None:
    with pytest.raises(PictureTooSmall):
        read_header(png_of(0, 0))


@pytest.mark.parametrize("data", [b"", b"hello", b'{"id": 1}', b"\xff\xd8", bytes(1000), "Grüße".encode()])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPicture, match="send the bytes of a JPEG, PNG or WebP"):
        read_header(data)


@pytest.mark.parametrize(("file_format", "name"), [("GIF", "GIF"), ("BMP", "BMP"), ("TIFF", "TIFF"), ("AVIF", "AVIF")])
def test_other_formats_are_named_in_the_refusal(file_format: str, name: str) -> None:
    with pytest.raises(UnsupportedPicture, match=f"This is a {name} file: send JPEG, PNG or WebP"):
        read_header(small(file_format))


def test_limits_are_the_callers() -> None:
    data = small("JPEG")
    assert read_header(data, PictureLimits(max_bytes=len(data), max_pixels=64 * 48, min_side=48)).width == 64
    with pytest.raises(PictureTooHeavy, match="compress it more or make it smaller"):
        read_header(data, PictureLimits(max_bytes=len(data) - 1))
    with pytest.raises(PictureTooLarge):
        read_header(data, PictureLimits(max_pixels=64 * 48 - 1))
    with pytest.raises(PictureTooSmall):
        read_header(data, PictureLimits(min_side=49))
    with pytest.raises(UnsupportedPicture, match="This is a JPEG file: send PNG"):
        read_header(data, PictureLimits(formats=("PNG",)))


@pytest.mark.parametrize("limits", [{"max_pixels": 100_000_000}, {"max_pixels": 0}, {"formats": ("GIF",)}])
def test_limits_that_cannot_be_kept_are_refused(limits: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"max_pixels|formats"):
        PictureLimits(**limits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 100_000,
        b"\xff\xd8\xff\xe0\x00\x00" + bytes(100),
        b"\xff\xd8\xff\xe0\x00\x04\x00\x00junk" + bytes(100),
        b"\xff\xd8\xff\xd9" + bytes(100),
        b"\xff\xd8\xff\xda\x00\x08" + bytes(100),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"RIFF\x64\x00\x00\x00WEBPVP8 " + bytes(100),
        b"RIFF\x64\x00\x00\x00WEBPNONE" + bytes(100),
    ],
)
def test_damaged_headers_are_called_damaged(data: bytes) -> None:
    with pytest.raises(DamagedPicture):
        read_header(data)


@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", b"RIFF\x10\x00\x00\x00WEBPVP8X"]),
    st.binary(max_size=200),
)
def test_any_bytes_give_a_header_or_a_picture_error(start: bytes, rest: bytes) -> None:
    try:
        header = read_header(start + rest)
    except PictureError as error:
        assert error.sentence  # noqa: PT017 - either outcome is right
    else:
        assert min(header.width, header.height) >= 16
