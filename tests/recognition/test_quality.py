from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from recognition import Engine, FaceUnclear, Quality, enrolment_face, faults, load_engine
from tests.recognition.pictures import astronaut, encoded, grace_hopper

SOUND = Quality(width=120.0, sharpness=0.08, turned=0.15, brightness=125.0, contrast=35.0)


@pytest.fixture(scope="module")
def fast() -> Engine:
    return load_engine("fast")


def quality_in(engine: Engine, image: Image.Image) -> Quality:
    (face,) = engine.look(encoded(image, "PNG"), smallest_face=30).faces
    assert face.quality is not None
    return face.quality


@pytest.mark.parametrize("image", [astronaut(), grace_hopper()])
def test_a_good_photo_has_no_faults_and_is_taken(fast: Engine, image: Image.Image) -> None:
    assert faults(quality_in(fast, image)) == []
    assert enrolment_face(fast.look(encoded(image, "PNG"))).template is not None


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        (replace(SOUND, brightness=20.0), "too dark"),
        (replace(SOUND, brightness=250.0), "too bright"),
        (replace(SOUND, contrast=3.0), "hardly any contrast"),
        (replace(SOUND, turned=1.4), "turned away"),
        (replace(SOUND, sharpness=0.01), "blurred"),
    ],
)
def test_each_fault_is_told_alone_and_in_words(quality: Quality, words: str) -> None:
    assert faults(SOUND) == []
    (told,) = faults(quality)
    assert words in told
    assert told.endswith(".")


def test_a_photo_taken_in_the_dark_is_refused_for_that(fast: Engine) -> None:
    dark = ImageEnhance.Brightness(grace_hopper()).enhance(0.2)
    with pytest.raises(FaceUnclear, match="too dark: take the photo in better light"):
        enrolment_face(fast.look(encoded(dark, "PNG")))


def test_a_blurred_photo_is_refused_for_that(fast: Engine) -> None:
    with pytest.raises(FaceUnclear, match="blurred"):
        enrolment_face(fast.look(encoded(astronaut().filter(ImageFilter.GaussianBlur(6)), "PNG")))


def test_sharpness_falls_with_blur_and_not_with_size(fast: Engine) -> None:
    image = astronaut()
    plain = quality_in(fast, image)
    blurred = [quality_in(fast, image.filter(ImageFilter.GaussianBlur(radius))).sharpness for radius in (2, 4)]
    assert plain.sharpness > blurred[0] > blurred[1]
    assert quality_in(fast, image.resize((256, 256))).sharpness > blurred[0]


def test_a_mirrored_face_is_as_good(fast: Engine) -> None:
    one = quality_in(fast, grace_hopper())
    other = quality_in(fast, grace_hopper().transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert one.turned == pytest.approx(other.turned, abs=0.1)
    assert one.brightness == pytest.approx(other.brightness, abs=5)


def test_quality_needs_no_template_to_be_told_apart_but_does_not_make_faces_differ(fast: Engine) -> None:
    picture = np.asarray(grace_hopper())
    (found,) = fast.find(picture)
    assert found.quality is None
    (encoded_face,) = fast.encode(picture, [found])
    assert encoded_face == replace(encoded_face, quality=None)
