import dlib
import numpy as np
import pytest
from PIL import Image

from recognition.alignment import face_chip
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
