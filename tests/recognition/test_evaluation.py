import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recognition import Engine
from recognition.by_group import Outcome
from recognition.evaluation import Answer, TrialLists, answer, outcomes, write_answers
from recognition.face_recognition_engine import FaceRecognitionEngine
from recognition.picture_templates import PictureTemplates
from recognition.scoring import BadCalibration, CalibratedMatcher, Calibration, chosen_matcher, shipped_calibration
from tests.recognition.crowds import ENCODER, Strangers
from tests.recognition.pictures import astronaut, encoded


def lists_at(folder: Path) -> TrialLists:
    people = {f"p{i}": [f"p{i}/1.jpg"] for i in range(6)}
    trials = [
        {"trial": "mate", "gallery": "g", "fold": "A", "probe": ["p3/2.jpg"], "mate": "p3"},
        {"trial": "outsider", "gallery": "g", "fold": "A", "probe": ["x/1.jpg", "x/2.jpg"], "mate": None},
        {"trial": "no face", "gallery": "g", "fold": "A", "probe": ["none.jpg"], "mate": "p1"},
        {"trial": "other fold", "gallery": "h", "fold": "B", "probe": ["p1/2.jpg"], "mate": "p1"},
    ]
    with gzip.open(folder / "trials.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in trials)
    galleries = [{"gallery": "g", "people": people}, {"gallery": "h", "people": {}}]
    (folder / "galleries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in galleries))
    return TrialLists.read(folder / "trials.jsonl.gz", folder / "galleries.jsonl", "A")


def test_each_trial_is_answered_from_its_gallery_and_probe(
    calibration: Calibration, strangers: Strangers, tmp_path: Path
) -> None:
    lists = lists_at(tmp_path)
    templates: dict[str, NDArray[np.float32] | None] = {"none.jpg": None}
    for i in range(6):
        templates[f"p{i}/1.jpg"], templates[f"p{i}/2.jpg"] = strangers.looks(i, 2)
    templates["x/1.jpg"], templates["x/2.jpg"] = strangers.looks(70, 2)
    answers = {each.trial: each for each in answer(lists, templates, templates, CalibratedMatcher(calibration))}
    assert (answers["mate"].best, answers["mate"].decision) == ("p3", "p3")
    assert answers["outsider"].best is not None
    assert answers["outsider"].decision is None
    assert answers["no face"] == Answer("no face", None, None, None)
    assert set(answers) == {"mate", "outsider", "no face"}
    assert set(lists.pictures()) == {*(f"p{i}/1.jpg" for i in range(6)), "p3/2.jpg", "x/1.jpg", "x/2.jpg", "none.jpg"}


def test_answers_are_written_with_nothing_for_none(tmp_path: Path) -> None:
    write_answers(tmp_path / "s.csv", [Answer("a", "ada", 0.5, None), Answer("b", None, None, None)])
    assert (tmp_path / "s.csv").read_text().split() == ["trial,best,score,decision", "a,ada,0.5,", "b,,,"]


def test_templates_of_pictures_are_kept_and_not_made_twice(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada/1.png").write_bytes(encoded(astronaut(), "PNG"))
    (tmp_path / "ada/2.png").write_bytes(b"no picture")
    kept = tmp_path / "t.npz"
    first = PictureTemplates(engine, kept, smallest_face=80)
    first.encode([tmp_path], ["ada/1.png", "ada/2.png"])
    (tmp_path / "ada/1.png").unlink()
    again = PictureTemplates(engine, kept, smallest_face=80)
    again.encode([tmp_path], ["ada/1.png", "ada/2.png"])
    assert first["ada/1.png"] is not None
    assert np.array_equal(np.asarray(again["ada/1.png"]), np.asarray(first["ada/1.png"]))
    assert again["ada/2.png"] is None
    assert again.notes == first.notes == {"ada/2.png": "not_a_picture"}
    with pytest.raises(FileNotFoundError, match="is in none of"):
        again.encode([tmp_path], ["ada/3.png"])


class Changed(FaceRecognitionEngine):
    """The same engine in a later state."""

    @property
    def made_by(self) -> str:
        return f"{super().made_by}, changed"


def test_kept_templates_that_were_made_otherwise_are_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"no picture")
    kept = tmp_path / "t.npz"
    PictureTemplates(FaceRecognitionEngine(), kept).encode([tmp_path], ["1.png"])
    assert PictureTemplates(FaceRecognitionEngine(), kept)["1.png"] is None
    for other in (
        PictureTemplates(Changed(), kept),
        PictureTemplates(FaceRecognitionEngine(), kept, smallest_face=80),
        PictureTemplates(FaceRecognitionEngine(), kept, thorough=True),
    ):
        with pytest.raises(KeyError):
            _ = other["1.png"]


def test_photos_of_a_gallery_have_templates_of_their_own(
    calibration: Calibration, strangers: Strangers, tmp_path: Path
) -> None:
    lists = lists_at(tmp_path)
    probes: dict[str, NDArray[np.float32] | None] = dict.fromkeys(lists.pictures())
    (probes["p3/2.jpg"],) = strangers.looks(3, 1)
    enrolled = {f"p{i}/1.jpg": strangers.looks(i, 1)[0] for i in range(6)}
    answers = {each.trial: each for each in answer(lists, enrolled, probes, CalibratedMatcher(calibration))}
    assert answers["mate"].decision == "p3"


def test_what_answers_came_to_is_told_by_the_person_whose_face_it_was(tmp_path: Path) -> None:
    lists_at(tmp_path)
    answers = [
        Answer("mate", "p3", 1.0, "p3"),
        Answer("outsider", "p3", 1.0, "p3"),
        Answer("no face", None, None, None),
    ]
    assert outcomes(tmp_path / "trials.jsonl.gz", answers) == [
        Outcome("p3", enrolled=True, wrong=False),
        Outcome("x", enrolled=False, wrong=True),
        Outcome("none.jpg", enrolled=True, wrong=True),
    ]


def test_what_ships_is_small_and_says_what_it_was_fitted_on() -> None:
    shipped = shipped_calibration()
    assert shipped.encoder == "dlib-resnet-29-mirrored-v1"
    assert "Labeled Faces in the Wild" in shipped.fitted_on
    assert shipped.fpir == 0.003


def test_a_campus_chooses_its_calibration_by_setting(
    calibration: Calibration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibration.save(tmp_path / "own.npz")
    monkeypatch.setenv("ROLLCALL_CALIBRATION", str(tmp_path / "own.npz"))
    assert chosen_matcher(ENCODER).calibration.fitted_on == "drawn people"
    with pytest.raises(BadCalibration, match="fit one with"):
        chosen_matcher("another")
