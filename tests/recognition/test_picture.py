import numpy as np
import pytest
from PIL import Image, ImageOps

from recognition import DamagedPicture, decode
from tests.recognition.pictures import ORIENTATION, astronaut, cat, difference, encoded, rotated_by_exif
from tests.recognition.test_header import WAYS, png_of

FORMATS = ("JPEG", "PNG", "WEBP")


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_write_a_picture_decodes_to_rgb(way: str) -> None:
    picture = decode(WAYS[way])
    assert picture.shape == (48, 64, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    assert difference(picture, np.asarray(astronaut().resize((64, 48)))) < 12


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_turned_by_exif_comes_out_upright(file_format: str, orientation: int) -> None:
    stored = cat()  # neither square nor symmetric
    picture = decode(rotated_by_exif(stored, file_format, orientation))
    expected = stored.copy()
    expected.getexif()[ORIENTATION] = orientation
    assert difference(picture, np.asarray(ImageOps.exif_transpose(expected))) < 8


@pytest.mark.parametrize("file_format", FORMATS)
def test_grey_becomes_rgb(file_format: str) -> None:
    picture = decode(encoded(cat().convert("L"), file_format))
    assert difference(picture, np.asarray(cat().convert("L").convert("RGB"))) < 4


def test_16_bit_grey_keeps_its_brightness() -> None:
    grey = np.asarray(cat().convert("L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    assert difference(decode(encoded(deep, "PNG")), np.repeat(grey[:, :, None], 3, axis=2)) == 0


def test_one_bit_pictures_decode() -> None:
    image = cat().convert("1")
    assert difference(decode(encoded(image, "PNG")), np.asarray(image.convert("RGB"))) == 0


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_what_is_transparent_lies_on_white(file_format: str) -> None:
    image = cat().convert("RGBA")
    image.paste((255, 0, 0, 0), (0, 0, 451, 100))
    picture = decode(encoded(image, file_format, lossless=True))
    assert (picture[:100] == 255).all()
    assert difference(picture[100:], np.asarray(cat())[100:]) == 0


def test_a_transparent_colour_of_a_palette_lies_on_white() -> None:
    image = Image.new("P", (40, 40), 0)
    image.putpalette([10, 20, 30, 200, 100, 0])
    image.paste(1, (0, 0, 20, 40))
    picture = decode(encoded(image, "PNG", transparency=0))
    assert (picture[:, :20] == (200, 100, 0)).all()
    assert (picture[:, 20:] == 255).all()


def test_cmyk_becomes_rgb() -> None:
    assert difference(decode(encoded(cat().convert("CMYK"), "JPEG", quality=95)), np.asarray(cat())) < 6


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_counts(file_format: str) -> None:
    second = Image.new("RGB", cat().size, "blue")
    data = encoded(cat(), file_format, save_all=True, append_images=[second], lossless=True)
    assert difference(decode(data), np.asarray(cat())) == 0


def test_a_picture_whose_pixels_are_missing_is_damaged() -> None:
    with pytest.raises(DamagedPicture, match="send it again"):
        decode(png_of(640, 480))


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_a_picture_spoilt_in_the_middle_is_damaged(file_format: str) -> None:
    data = encoded(cat(), file_format, lossless=True)
    with pytest.raises(DamagedPicture):
        decode(data[:100] + bytes(len(data) - 200) + data[-100:])


def test_a_jpeg_of_an_undecodable_kind_is_damaged() -> None:
    data = encoded(cat(), "JPEG")
    lossless = data.replace(b"\xff\xc0", b"\xff\xc3", 1)
    with pytest.raises(DamagedPicture):
        decode(lossless)
