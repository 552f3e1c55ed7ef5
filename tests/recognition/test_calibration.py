import numpy as np
import pytest

from recognition.calibration import LEAST_PEOPLE, Crowd, TooFewPeople, fit_calibration
from recognition.calibration.decision import Practice, fit_weights
from recognition.calibration.trials import dense_groups, kinds_for, trials_of
from recognition.scoring import Calibration, unit
from tests.recognition.crowds import ENCODER, SIZE, Strangers


def test_no_member_of_the_cohort_is_nearer_to_a_source_template_than_chance(calibration: Calibration) -> None:
    world = Strangers(1)
    source = np.concatenate(world.crowd(400).photos)
    # Chance is how near drawn people come to people they have nothing to do with.
    others = np.concatenate(world.crowd(400, first=500_000).photos)
    own = (unit(calibration.cohort) @ source.T).max(axis=1)
    chance = (unit(calibration.cohort) @ others.T).max(axis=1)
    assert own.max() <= chance.max() + 0.02
    assert own.mean() <= chance.mean() + 0.02
    # The test can fail: a real photo of one of them would stand out.
    assert (world.looks(100_001, 1) @ source.T).max() > own.max()


def test_the_same_crowd_and_seed_give_the_same_calibration_and_progress_goes_to_the_end() -> None:
    told: list[float] = []
    first, second = (
        fit_calibration(Strangers(2).crowd(220), ENCODER, "drawn people", seed=3, splits=1, progress=progress)
        for progress in (told.append, lambda _: None)
    )
    assert np.array_equal(first.cohort, second.cohort)
    assert np.array_equal(first.pair, second.pair)
    assert first.offset == second.offset
    assert told == sorted(told)
    assert told[-1] == 1


def test_too_few_people_are_refused_in_words() -> None:
    with pytest.raises(TooFewPeople, match=f"{LEAST_PEOPLE} are needed"):
        fit_calibration(Strangers(2).crowd(LEAST_PEOPLE - 1), ENCODER, "drawn people")
    single = Crowd(tuple(photos[:1] for photos in Strangers(2).crowd(300).photos))
    with pytest.raises(TooFewPeople, match="0 with two photos"):
        fit_calibration(single, ENCODER, "drawn people")


def test_pictures_without_a_face_are_left_out() -> None:
    templates = np.stack([np.ones(4), np.full(4, np.nan), np.arange(4)]).astype(np.float32)
    crowd = Crowd.of(templates, ["ada", "ada", "bob"])
    assert [len(photos) for photos in crowd.photos] == [1, 1]


def test_no_probe_of_a_trial_is_an_enrolled_photo_and_no_outsider_is_enrolled() -> None:
    crowd = Strangers(2).crowd(220)
    kind = next(kind for kind in kinds_for(crowd) if kind.name == "30_1_1")
    whose = {photo.tobytes(): person for person, photos in enumerate(crowd.photos) for photo in photos}
    for trials in trials_of(crowd, kind, np.random.default_rng(1)):
        roster = [whose[row.tobytes()] for row in trials.people]
        probes = [whose[row.tobytes()] for row in trials.probes]
        assert not {row.tobytes() for row in trials.people} & {row.tobytes() for row in trials.probes}
        for probe, mate in zip(probes, trials.mates, strict=True):
            assert probe == roster[mate] if mate >= 0 else probe not in roster


def test_dense_groups_are_closer_together_than_the_crowd() -> None:
    crowd = Strangers(2).crowd(300)
    groups = dense_groups(crowd, 45, 2, np.random.default_rng(1))

    def closeness(some: Crowd) -> float:
        rows = np.stack([photos[0] for photos in some.photos])
        return float((rows @ rows.T).mean())

    assert [len(group) for group in groups] == [45] * len(groups)
    assert all(closeness(group) > closeness(crowd) for group in groups)


def test_each_kind_keeps_its_share_of_outsiders_under_one_threshold() -> None:
    generator = np.random.default_rng(1)

    def practice(level: float) -> Practice:
        mates = np.arange(4_000) < 500
        likeness = generator.normal(level + 4 * mates, 1)
        return Practice(np.stack([likeness, np.full(4_000, level)], axis=1).astype(np.float32), mates)

    kinds = {"easy": practice(0), "crowded": practice(2), "harder": practice(5)}
    weights, offset = fit_weights(kinds, {"easy": 0.01, "crowded": 0.01, "harder": 0.05})
    named = {kind: (each.numbers[~each.mates] @ weights + offset > 0).mean() for kind, each in kinds.items()}
    assert named["easy"] == pytest.approx(0.01, abs=0.004)
    assert named["crowded"] == pytest.approx(0.01, abs=0.004)
    assert named["harder"] == pytest.approx(0.05, abs=0.03)


def test_the_crowd_of_the_tests_is_one_that_can_be_told_apart() -> None:
    looks = Strangers(1).looks(0, 2)
    assert looks.shape == (2, SIZE)
    assert np.allclose(np.linalg.norm(looks, axis=1), 1, atol=1e-5)
