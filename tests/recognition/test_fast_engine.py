from dataclasses import replace

import dlib
import numpy as np
import pytest

from recognition import BadTemplate, Gallery, Look, engines, load_engine
from recognition.detectors import detectors
from recognition.fast_engine import FastEngine
from recognition.models.packages import dlib_model
from tests.recognition.pictures import astronaut, both, cat, encoded, grace_hopper


@pytest.fixture(scope="module")
def fast() -> FastEngine:
    engine = load_engine("fast")
    assert isinstance(engine, FastEngine)
    return engine


@pytest.fixture(scope="module")
def looks(fast: FastEngine) -> dict[str, Look]:
    return {"eileen": fast.look(encoded(astronaut(), "PNG")), "grace": fast.look(encoded(grace_hopper(), "PNG"))}


def test_templates_are_what_dlib_makes_of_the_face_and_its_mirror_image(
    fast: FastEngine, looks: dict[str, Look]
) -> None:
    encoder = dlib.face_recognition_model_v1(str(dlib_model("dlib_face_recognition_resnet_model_v1.dat")))
    (face,) = looks["grace"].faces
    assert face.points is not None
    assert face.template is not None
    parts = [dlib.point(round(float(x)), round(float(y))) for x, y in face.points]
    shape = dlib.full_object_detection(dlib.rectangle(0, 0, 1, 1), parts)
    chip = dlib.get_face_chip(np.asarray(grace_hopper()), shape, size=150, padding=0.25)
    pair = [np.array(encoder.compute_face_descriptor(np.ascontiguousarray(each))) for each in (chip, chip[:, ::-1])]
    expected = sum(pair) / np.linalg.norm(sum(pair))
    assert face.template.encoder == "dlib-resnet-29-mirrored-v1"
    assert np.linalg.norm(face.template.vector) == pytest.approx(1, abs=1e-6)
    assert float(face.template.vector @ expected) > 0.999


def test_one_astronaut_is_one_face(looks: dict[str, Look]) -> None:
    assert {name: len(look.faces) for name, look in looks.items()} == {"eileen": 1, "grace": 1}


def test_two_people_in_one_picture_are_told_apart(fast: FastEngine, looks: dict[str, Look]) -> None:
    gallery = Gallery(fast.encoder)
    for name, look in looks.items():
        assert look.faces[0].template is not None
        gallery.add(name, look.faces[0].template)
    look = fast.look(encoded(both(), "JPEG", quality=85))
    answers = fast.matcher.identify(look.faces, gallery)
    named = {answer.person: face.box.left < 512 for answer, face in zip(answers, look.faces, strict=True)}
    assert named == {"eileen": True, "grace": False}


def test_who_is_not_enrolled_is_unknown(fast: FastEngine, looks: dict[str, Look]) -> None:
    assert looks["eileen"].faces[0].template is not None
    gallery = Gallery.of(fast.encoder, [("eileen", looks["eileen"].faces[0].template)])
    (answer,) = fast.matcher.identify(looks["grace"].faces, gallery)
    assert answer.person is None
    assert answer.score is not None


def test_faces_encoded_together_are_those_encoded_alone(fast: FastEngine) -> None:
    picture = np.asarray(both())
    found = fast.find(picture)
    for face, together in zip(found, fast.encode(picture, found), strict=True):
        (alone,) = fast.encode(picture, [face])
        assert together.template is not None
        assert alone.template is not None
        assert np.abs(together.template.vector - alone.template.vector).max() < 1e-4


def test_without_a_face_there_is_nothing_to_encode(fast: FastEngine) -> None:
    assert fast.look(encoded(cat(), "JPEG")).faces == ()
    assert fast.encode(np.asarray(cat()), []) == []


def test_a_face_without_points_is_refused_in_words(fast: FastEngine, looks: dict[str, Look]) -> None:
    with pytest.raises(BadTemplate, match="without its five points"):
        fast.encode(np.asarray(grace_hopper()), [replace(looks["grace"].faces[0], points=None)])


@pytest.mark.parametrize("detector", detectors)
def test_the_detector_is_that_of_the_setting(detector: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_DETECTOR", detector)
    engine = FastEngine()
    assert engine.scale == detectors[detector].scale
    (face,) = engine.look(encoded(grace_hopper(), "PNG")).faces
    assert face.template is not None
    assert FastEngine(detector="fast").scale == detectors["fast"].scale


def test_detectors_agree_on_who_it_is(looks: dict[str, Look]) -> None:
    assert looks["grace"].faces[0].template is not None
    for detector in detectors:
        (face,) = FastEngine(detector=detector).look(encoded(grace_hopper(), "PNG")).faces
        assert face.template is not None
        assert float(face.template.vector @ looks["grace"].faces[0].template.vector) > 0.97, detector


@pytest.mark.parametrize("name", engines)
def test_every_engine_finds_a_face_again_around_its_box(name: str) -> None:
    engine, picture = load_engine(name), np.asarray(both())
    grace = max(engine.find(picture, 80), key=lambda face: face.box.left)
    (again,) = engine.find(picture, near=[grace.box])
    assert abs(again.box.left - grace.box.left) < 0.25 * grace.box.width
    assert engine.find(picture, near=[]) == []
