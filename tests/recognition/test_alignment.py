import dlib
import numpy as np
import pytest
from PIL import Image

from recognition.alignment import arcface_chip, face_chip
from recognition.models.packages import dlib_model
from tests.recognition.pictures import astronaut, grace_hopper

FACES = {"astronaut": (astronaut(), (172, 64, 276, 168)), "grace": (grace_hopper(), (175, 130, 360, 315))}


@pytest.mark.parametrize("name", FACES)
@pytest.mark.parametrize("zoom", [0.4, 1.0, 1.7, 3.3, 7.0])
@pytest.mark.parametrize("turn", [0, 25])
def test_it_is_the_chip_that_dlib_gives(name: str, zoom: float, turn: float) -> None:
    image, (left, top, right, bottom) = FACES[name]
    image = image.rotate(turn, center=((left + right) / 2, (top + bottom) / 2))
    picture = np.asarray(image.resize((round(image.width * zoom), round(image.height * zoom))))
    predictor = dlib.shape_predictor(str(dlib_model("shape_predictor_5_face_landmarks.dat")))
    shape = predictor(picture, dlib.rectangle(*(round(side * zoom) for side in (left, top, right, bottom))))
    expected = dlib.get_face_chip(picture, shape, size=150, padding=0.25)
    chip = face_chip(picture, np.array([(part.x, part.y) for part in shape.parts()], np.float32))
    difference = chip.astype(float) - expected
    # dlib cuts off what is behind the point, at each halving and at the end: half a grey level darker each time.
    assert 0.3 < difference.mean() < 2.5
    assert np.abs(difference - difference.mean()).mean() < 1.5
    assert np.quantile(np.abs(difference), 0.999) <= 12


def test_any_points_give_a_chip() -> None:
    picture = np.asarray(astronaut())
    rng = np.random.default_rng(6)
    for _ in range(200):
        points = rng.uniform(-2000, 4000, (5, 2)).astype(np.float32)
        assert face_chip(picture, points).shape == (150, 150, 3)
    assert face_chip(picture, np.full((5, 2), 200, np.float32)).shape == (150, 150, 3)


def test_what_lies_beyond_the_picture_is_black() -> None:
    picture = np.asarray(Image.new("RGB", (400, 400), "white"))
    points = np.array([(40, 20), (20, 20), (-40, 20), (-20, 20), (0, 60)], np.float32)
    chip = face_chip(picture, points)
    assert (chip[:, :30] == 0).all()
    assert (chip[75:, 120:] == 255).all()


@pytest.mark.parametrize(("side", "padding"), [(112, 0.25), (160, 0.4), (96, 0.0)])
def test_other_sizes_and_paddings_are_dlibs_too(side: int, padding: float) -> None:
    image, box = FACES["grace"]
    picture = np.asarray(image)
    predictor = dlib.shape_predictor(str(dlib_model("shape_predictor_5_face_landmarks.dat")))
    shape = predictor(picture, dlib.rectangle(*box))
    expected = dlib.get_face_chip(picture, shape, size=side, padding=padding)
    chip = face_chip(picture, np.array([(part.x, part.y) for part in shape.parts()], np.float32), side, padding)
    difference = chip.astype(float) - expected
    assert chip.shape == expected.shape
    assert np.abs(difference - difference.mean()).mean() < 1.5


# Where dlib's points are in a face that is aligned for ArcFace already.
ALIGNED = np.array([(79.32, 52.89), (65.77, 53.32), (31.40, 53.30), (44.98, 53.50), (55.61, 79.35)])


def test_a_face_that_is_aligned_for_arcface_stays_as_it_is() -> None:
    picture = np.asarray(astronaut().crop((170, 60, 282, 172)))
    assert np.array_equal(arcface_chip(picture, ALIGNED.astype(np.float32)), picture)


@pytest.mark.parametrize("zoom", [0.7, 1.6, 3.4])
@pytest.mark.parametrize("degrees", [0, 20])
def test_arcfaces_chip_is_the_same_from_a_larger_or_turned_picture(zoom: float, degrees: float) -> None:
    part = astronaut().crop((100, 0, 356, 256))
    points = np.add(ALIGNED, (70, 60))
    expected = arcface_chip(np.asarray(part), points.astype(np.float32)).astype(float)
    turned = part.rotate(degrees, Image.Resampling.BICUBIC, center=(126, 120))
    larger = turned.resize((round(256 * zoom), round(256 * zoom)), Image.Resampling.BICUBIC)
    away = (points - (126, 120)) @ (1, 1j) * np.exp(-1j * np.deg2rad(degrees))
    moved = np.add(np.stack([away.real, away.imag], axis=1), (126, 120)) * larger.width / 256
    chip = arcface_chip(np.asarray(larger), moved.astype(np.float32)).astype(float)
    assert np.abs(chip - expected).mean() < 6
    shifted = np.roll(expected, 4, axis=1)
    assert np.abs(chip - expected).mean() < np.abs(chip - shifted).mean() / 2


def test_arcfaces_side_scales_the_chip() -> None:
    picture = np.asarray(astronaut())
    points = np.add(ALIGNED, (170, 60)).astype(np.float32)
    large = Image.fromarray(arcface_chip(picture, points, 224)).resize((112, 112), Image.Resampling.BOX)
    assert np.abs(np.asarray(large).astype(float) - arcface_chip(picture, points)).mean() < 4
