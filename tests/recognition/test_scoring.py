import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recognition import BadTemplate, Box, EncoderMismatch, Face, Gallery, Template
from recognition.scoring import BadCalibration, CalibratedMatcher, Calibration, Evidence, People, fuse, nearest, unit
from recognition.scoring.evidence import PAIR
from tests.recognition.crowds import ENCODER, Strangers

Array = NDArray[np.float32]


def template(vector: Array) -> Template:
    return Template(ENCODER, vector)


def face(vector: Array) -> Face:
    return Face(Box(0, 0, 100, 100), 1.0, template=template(vector))


def gallery_of(strangers: Strangers, people: int, photos: int = 1) -> Gallery:
    return Gallery.of(
        ENCODER,
        [(str(person), template(look)) for person in range(people) for look in strangers.looks(person, photos)],
    )


@pytest.fixture
def matcher(calibration: Calibration) -> CalibratedMatcher:
    return CalibratedMatcher(calibration)


@pytest.mark.parametrize("roster", [1, 2, 5, 6, 30, 200])
def test_people_are_named_and_outsiders_are_not_whatever_the_roster(
    matcher: CalibratedMatcher, strangers: Strangers, roster: int
) -> None:
    gallery = gallery_of(strangers, roster)
    mates = matcher.scores(gallery, np.concatenate([strangers.looks(person, 2) for person in range(roster)]))
    own = np.repeat(np.arange(roster), 2)
    found = (mates.argmax(axis=1) == own) & (mates.max(axis=1) >= matcher.threshold)
    outsiders = matcher.scores(gallery, np.concatenate([strangers.looks(1_000 + each, 1) for each in range(300)]))
    assert found.mean() > 0.8
    assert (outsiders.max(axis=1) >= matcher.threshold).mean() <= 0.02


def test_the_order_of_people_and_probes_does_not_matter(matcher: CalibratedMatcher, strangers: Strangers) -> None:
    probes = np.concatenate([strangers.looks(person, 1) for person in range(12)])
    gallery = gallery_of(strangers, 10)
    turned = Gallery(ENCODER)
    for person in reversed(range(10)):
        turned.add(str(person), template(gallery.matrix[person]))
    plain = matcher.scores(gallery, probes)
    assert np.allclose(plain, matcher.scores(turned, probes[::-1])[::-1, ::-1], atol=1e-3)
    assert np.array_equal(plain, CalibratedMatcher(matcher.calibration).scores(gallery, probes))


def test_rivals_are_all_the_others(matcher: CalibratedMatcher, strangers: Strangers) -> None:
    space = matcher.calibration.space
    probes = np.concatenate([strangers.looks(person, 1) for person in range(4)])
    for count in (7, 20):
        people = People(space, np.concatenate([strangers.looks(person, 1) for person in range(count)]))
        pair = Evidence.of(space, people, probes).pair
        cosines = probes @ people.templates.T
        for person in range(count):
            others = np.sort(np.delete(cosines, person, axis=1), axis=1)
            assert np.allclose(pair[:, person, PAIR.index("cosine_rival_1")], others[:, -1], atol=1e-5)
            assert np.allclose(pair[:, person, PAIR.index("cosine_rival_5")], others[:, -5:].mean(axis=1), atol=1e-5)


def test_more_independent_looks_make_surer(matcher: CalibratedMatcher, strangers: Strangers) -> None:
    gallery = gallery_of(strangers, 30)
    one = np.concatenate([strangers.looks(person, 1) for person in range(30)])
    three = np.stack([fuse([template(v) for v in strangers.looks(person, 3)]).vector for person in range(30)])
    own = np.arange(30)
    assert matcher.scores(gallery, three)[own, own].mean() > matcher.scores(gallery, one)[own, own].mean()


def test_the_same_look_many_times_is_worth_one(matcher: CalibratedMatcher, strangers: Strangers) -> None:
    gallery = gallery_of(strangers, 30)
    look = strangers.looks(3, 1)[0]
    repeated = fuse([template(look)] * 20, weights=list(range(1, 21)))
    assert np.allclose(matcher.scores(gallery, repeated.vector[None]), matcher.scores(gallery, look[None]), atol=1e-2)


def test_a_changed_gallery_is_seen(matcher: CalibratedMatcher, strangers: Strangers) -> None:
    gallery = gallery_of(strangers, 10)
    probe = strangers.looks(10, 1)[0]
    assert matcher.identify([face(probe)], gallery)[0].person is None
    gallery.add("10", template(strangers.looks(10, 1)[0]))
    assert matcher.identify([face(probe)], gallery)[0].person == "10"
    gallery.remove("10")
    assert matcher.identify([face(probe)], gallery)[0].person is None


def test_length_of_a_template_from_an_encoder_does_not_matter(matcher: CalibratedMatcher, strangers: Strangers) -> None:
    gallery = gallery_of(strangers, 10)
    probe = strangers.looks(3, 1)
    assert np.allclose(matcher.scores(gallery, probe), matcher.scores(gallery, probe * 7), atol=1e-3)


def test_two_templates_are_verified(matcher: CalibratedMatcher, strangers: Strangers) -> None:
    same = [matcher.verify(*map(template, strangers.looks(person, 2))) for person in range(40)]
    other = [
        matcher.verify(template(strangers.looks(person, 1)[0]), template(strangers.looks(person + 50, 1)[0]))
        for person in range(40)
    ]
    assert np.mean(np.array(same) >= matcher.threshold) > 0.8
    assert not np.any(np.array(other) >= matcher.threshold)


def test_templates_of_another_encoder_or_length_are_refused(matcher: CalibratedMatcher, strangers: Strangers) -> None:
    one = template(strangers.looks(0, 1)[0])
    with pytest.raises(EncoderMismatch):
        matcher.verify(one, Template("another", one.vector))
    with pytest.raises(BadTemplate):
        matcher.verify(Template(ENCODER, one.vector[:-1]), Template(ENCODER, one.vector[:-1]))


def test_a_matcher_survives_pickling(matcher: CalibratedMatcher, strangers: Strangers) -> None:
    gallery = gallery_of(strangers, 5)
    probes = strangers.looks(0, 1)
    copy = pickle.loads(pickle.dumps(matcher))  # noqa: S301 (our own bytes)
    assert np.array_equal(copy.scores(gallery, probes), matcher.scores(gallery, probes))


def test_fusing_refuses_what_it_cannot_average() -> None:
    with pytest.raises(ValueError, match="nothing"):
        fuse([])
    with pytest.raises(ValueError, match="Weights"):
        fuse([Template("a", np.ones(2, np.float32))], [0.0])
    with pytest.raises(EncoderMismatch):
        fuse([Template("a", np.ones(2, np.float32)), Template("b", np.ones(2, np.float32))])
    with pytest.raises(BadTemplate):
        fuse([Template("a", np.ones(2, np.float32)), Template("a", np.ones(3, np.float32))])


def test_a_calibration_comes_back_as_it_was_saved(
    calibration: Calibration, tmp_path: Path, strangers: Strangers
) -> None:
    calibration.save(tmp_path / "one.npz")
    calibration.save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    loaded = Calibration.load(tmp_path / "one.npz")
    gallery, probes = gallery_of(strangers, 8), strangers.looks(3, 4)
    before = CalibratedMatcher(calibration).scores(gallery, probes)
    assert np.allclose(CalibratedMatcher(loaded).scores(gallery, probes), before, atol=0.05)
    assert (loaded.encoder, loaded.fpir, loaded.fitted_on) == (calibration.encoder, calibration.fpir, "drawn people")


@pytest.mark.parametrize("spoil", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"no archive"])
def test_a_damaged_calibration_is_refused(calibration: Calibration, tmp_path: Path, spoil: object) -> None:
    path = tmp_path / "calibration.npz"
    calibration.save(path)
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(BadCalibration, match="fit it again"):
        Calibration.load(path)
    with pytest.raises(BadCalibration):
        Calibration.load(tmp_path / "missing.npz")


def test_the_nearest_template_is_found_among_many() -> None:
    generator = np.random.default_rng(1)
    rows = unit(generator.standard_normal((40_000, 8)).astype(np.float32))
    gallery = Gallery.of("e", [(str(i // 5), Template("e", row)) for i, row in enumerate(rows)])
    probes = unit(generator.standard_normal((3, 8)).astype(np.float32))
    people, similarities = nearest(gallery, probes)
    assert people.tolist() == [int((rows @ probe).argmax()) // 5 for probe in probes]
    assert np.allclose(similarities, (rows @ probes.T).max(axis=0))
    with pytest.raises(ValueError, match="no template"):
        nearest(Gallery("e"), probes)
