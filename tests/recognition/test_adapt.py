from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from recognition import load_engine
from recognition.adapt import Adapted, Judged, adapted
from recognition.by_group import Rates
from recognition.calibration import TooFewPeople
from recognition.calibration.threshold import moved_threshold
from recognition.cli import adapt, calibrate
from recognition.scoring import Calibration, unit
from tests.recognition.crowds import ENCODER, SIZE, Strangers
from tests.recognition.encoders.networks import PLAIN, saved, squares
from tests.recognition.pictures import both, cat, encoded

Run = Callable[..., Result]


def shares(fnir: float, fpir: float) -> Rates:
    return Rates(1_000, round(1_000 * fnir), 1_000, round(1_000 * fpir))


@pytest.mark.parametrize(
    ("before", "after", "better"),
    [
        (shares(0.10, 0.003), shares(0.08, 0.003), True),
        (shares(0.10, 0.003), shares(0.12, 0.003), False),
        (shares(0.10, 0.003), shares(0.10, 0.003), False),
        (shares(0.10, 0.003), shares(0.05, 0.009), False),
        (shares(0.10, 0.100), shares(0.20, 0.003), True),
        (shares(0.10, 0.100), shares(0.05, 0.050), False),
        (None, shares(0.30, 0.003), True),
        (None, shares(0.05, 0.050), False),
    ],
)
def test_what_makes_things_worse_is_refused(before: Rates | None, after: Rates, *, better: bool) -> None:
    assert Judged("a way", before, after, ()).better is better


@pytest.mark.long
@pytest.mark.parametrize("names_outsiders", [True, False], ids=["names outsiders", "misses people"])
def test_a_decision_that_names_outsiders_is_mended_and_one_that_misses_people_too(
    calibration: Calibration, *, names_outsiders: bool
) -> None:
    crowd = Strangers(1).crowd(240, first=700_000)
    wrong = replace(calibration, offset=calibration.offset + (12 if names_outsiders else -6))
    mended = adapted(crowd, wrong, ENCODER, "campus", splits=1)
    assert mended.before is not None
    if names_outsiders:
        assert mended.before.fpir > 0.02
        assert mended.after.fpir < 0.01
    else:
        assert mended.after.fnir < mended.before.fnir
    assert mended.better
    # 240 people are too few for a fold to fit everything on.
    assert mended.way == "threshold moved"
    assert mended.calibration.fitted_on == "drawn people; threshold: campus"


def test_a_moved_threshold_is_all_that_changes(calibration: Calibration) -> None:
    moved = moved_threshold(calibration, Strangers(1).crowd(240, first=700_000), "campus")
    assert moved.offset != calibration.offset
    assert replace(moved, offset=calibration.offset, fitted_on=calibration.fitted_on).__dict__ == {
        name: value for name, value in calibration.__dict__.items() if name in moved.__dict__ and name != "space"
    }


NAMES = [f"person {number}" for number in range(420)]


@pytest.fixture(scope="module")
def fitted_anew() -> tuple[Adapted, list[float]]:
    """What 420 people come to where nothing is in use, and what was told of its progress: one fit takes a minute."""
    told: list[float] = []
    crowd = Strangers(1).crowd(len(NAMES), first=700_000)
    return adapted(crowd, None, ENCODER, "campus", told.append, splits=1, names=NAMES), told


@pytest.mark.long
def test_where_nothing_is_in_use_everything_is_fitted_and_judged_by_people_left_out(
    fitted_anew: tuple[Adapted, list[float]],
) -> None:
    result, told = fitted_anew
    assert (result.way, result.before) == ("fitted anew", None)
    assert result.calibration.encoder == ENCODER
    assert {each.person for each in result.outcomes} <= set(NAMES)
    assert result.after.people == len({each.person for each in result.outcomes}) > 300
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.long
def test_what_is_written_holds_no_template(tmp_path: Path, fitted_anew: tuple[Adapted, list[float]]) -> None:
    world = Strangers(1)
    crowd = world.crowd(len(NAMES), first=700_000)
    fitted_anew[0].calibration.save(tmp_path / "own.npz")
    source = np.concatenate(crowd.photos)
    others = np.concatenate(world.crowd(420, first=800_000).photos)
    with np.load(tmp_path / "own.npz") as stored:
        arrays = [stored[name].astype(np.float32) for name in stored.files if stored[name].dtype.kind == "f"]
    rows = [each for each in arrays if each.ndim == 2 and each.shape[1] == SIZE]
    rows += [each.T for each in arrays if each.ndim == 2 and each.shape[0] == SIZE]
    rows += [each[None] for each in arrays if each.shape == (SIZE,)]
    stored_vectors = unit(np.concatenate(rows))
    assert len(stored_vectors) > 600
    own = (stored_vectors @ source.T).max(axis=1)
    chance = (stored_vectors @ others.T).max(axis=1)
    assert own.max() <= chance.max() + 0.02
    assert own.mean() <= chance.mean() + 0.02
    # The test can fail: another photo of one of them would stand out.
    assert (world.looks(700_001, 1) @ source.T).max() > own.max()


def test_too_few_people_or_photos_are_refused(calibration: Calibration) -> None:
    with pytest.raises(TooFewPeople, match="200 are needed"):
        adapted(Strangers(1).crowd(199), calibration, ENCODER, "campus")
    with pytest.raises(TooFewPeople, match="no calibration to start from, and 240 people are too few"):
        adapted(Strangers(1).crowd(240), None, ENCODER, "campus")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with an encoder whose templates have the drawn people's size."""
    (tmp_path / "encoder").mkdir()
    monkeypatch.setenv("ROLLCALL_ENCODER", str(saved(tmp_path / "encoder", squares(150), **PLAIN)))
    monkeypatch.delenv("ROLLCALL_CALIBRATION", raising=False)

    def invoke(command: Callable[..., None], *arguments: object) -> Result:
        app = typer.Typer()
        app.command()(command)
        return CliRunner().invoke(app, [str(each) for each in arguments])

    return invoke


def campus(folder: Path, people: int) -> tuple[Path, Path]:
    """A folder of pictures whose templates are known already, and those templates."""
    templates, pictures = [], []
    crowd = Strangers(1).crowd(people, first=700_000)
    for person, photos in enumerate(crowd.photos):
        (folder / "campus" / f"{person:04}").mkdir(parents=True)
        for photo, template in enumerate(photos):
            pictures.append(f"{person:04}/{photo}.jpg")
            (folder / "campus" / pictures[-1]).touch()
            templates.append(template)
    kept = folder / "templates.npz"
    made_by = f"{load_engine('fast').made_by}, from 20 pixels"
    np.savez(kept, pictures=pictures, templates=templates, notes=[""] * len(pictures), made_by=made_by)
    return folder / "campus", kept


def test_the_command_writes_a_file_that_the_setting_takes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, templates = campus(tmp_path, 420)
    (tmp_path / "groups.csv").write_text("person,group\n" + "".join(f"{i:04},{i % 3 == 0}\n" for i in range(420)))
    out = tmp_path / "own.npz"
    done = run(
        adapt, folder, "--out", out, "--templates", templates, "--groups", tmp_path / "groups.csv", "--splits", 1
    )
    assert done.exit_code == 0, done.output
    assert "420 people, judged on those that weren't fitted on; fitted anew:" in done.output
    assert "% of outsiders named" in done.output
    assert "  True, 140 people: " in done.output
    monkeypatch.setenv("ROLLCALL_CALIBRATION", str(out))
    assert load_engine("fast").matcher.encoder == load_engine("fast").encoder


def test_the_command_writes_nothing_that_is_not_better(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    folder, templates = campus(tmp_path, 6)
    worse = Adapted("fitted anew", shares(0.1, 0.003), shares(0.2, 0.003), (), calibration)
    monkeypatch.setattr("recognition.cli.adapted", lambda *_, **__: worse)
    done = run(adapt, folder, "--out", tmp_path / "own.npz", "--templates", templates)
    assert done.exit_code == 1
    assert "before: 10.0 % of people not named" in done.output
    assert "nothing is written, keep what you have" in done.output
    assert not (tmp_path / "own.npz").exists()


def test_a_calibration_of_another_encoder_is_nothing_to_compare_with(
    run: Run, tmp_path: Path, calibration: Calibration
) -> None:
    folder, templates = campus(tmp_path, 6)
    calibration.save(tmp_path / "other.npz")
    done = run(adapt, folder, "--templates", templates, "--against", tmp_path / "other.npz")
    assert done.exit_code == 2
    assert "is for templates of 'made-up'" in done.output


@pytest.mark.parametrize("command", [adapt, calibrate])
def test_a_folder_that_cannot_be_used_is_refused_in_words(
    run: Run, tmp_path: Path, command: Callable[..., None]
) -> None:
    def refused(folder: Path) -> str:
        given = ["--images", folder] if command is calibrate else [folder]
        done = run(command, *given, "--out", tmp_path / "own.npz")
        assert done.exit_code == 2, done.output
        assert not (tmp_path / "own.npz").exists()
        return done.output

    assert "is no folder" in refused(tmp_path / "none")
    campus_folder = tmp_path / "campus"
    (campus_folder / "ada").mkdir(parents=True)
    assert "has no pictures in 1 sub-folders" in refused(campus_folder)
    (campus_folder / "ada/1.jpg").write_bytes(b"no picture")
    (campus_folder / "ada/2.png").write_bytes(encoded(cat(), "PNG"))
    words = refused(campus_folder)
    assert "1 of 2 pictures can't be used (not a picture) and are left out (ada/1.jpg)." in words
    assert "1 of 2 pictures show no face and are left out (ada/2.png)." in words
    assert "In none of 2 pictures a face was found" in words
    (campus_folder / "ada/3.png").write_bytes(encoded(both(), "PNG"))
    words = refused(campus_folder)
    assert "1 of 3 pictures show several faces: the one nearest the middle is taken (ada/3.png)." in words
    assert "There are 1 people" in words
