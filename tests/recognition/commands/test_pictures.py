import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from deploy.cli import app
from tests.recognition.commands.conftest import Rollcall

COMMANDS = ("faces", "verify", "identify", "enrol-check", "video")


def test_every_face_of_every_picture_is_a_row(rollcall: Rollcall, photos: Path) -> None:
    result = rollcall("faces", photos / "both.jpg", photos / "grace.jpg")
    assert result.exit_code == 0
    assert result.stdout.count("both.jpg") == 2
    assert result.stdout.count("grace.jpg") == 1


def test_a_bad_picture_has_a_sentence_and_the_others_go_on(rollcall: Rollcall, photos: Path) -> None:
    result = rollcall("faces", photos / "bad.jpg", photos / "nonesuch.jpg", photos / "grace.jpg")
    assert result.exit_code == 2
    assert "bad.jpg: This isn't a picture" in result.stderr
    assert "There is no file" in result.stderr
    assert result.stdout.count("grace.jpg") == 1


def test_no_face_is_said_and_is_a_code_of_its_own(rollcall: Rollcall, photos: Path) -> None:
    result = rollcall("faces", photos / "cat.jpg")
    assert result.exit_code == 1
    assert "cat.jpg: no face found." in result.stdout
    assert result.stderr == ""


def test_json_tells_boxes_points_and_what_was_wrong(rollcall: Rollcall, photos: Path) -> None:
    result = rollcall("faces", "--json", photos / "grace.jpg", photos / "cat.jpg", photos / "bad.jpg")
    grace, nobody, bad = json.loads(result.stdout)
    (face,) = grace["faces"]
    assert (grace["width"], grace["height"]) == (512, 600)
    assert all(face["box"]["left"] < x < face["box"]["right"] for x, _ in face["points"])
    assert nobody["faces"] == []
    assert "isn't a picture" in bad["error"]


def test_boxes_are_drawn_where_the_faces_are_and_nowhere_else(rollcall: Rollcall, photos: Path, tmp_path: Path) -> None:
    result = rollcall("faces", photos / "grace.jpg", "--draw", tmp_path / "out.png", "--json")
    assert result.exit_code == 0
    (found,) = json.loads(result.stdout)
    box = found["faces"][0]["box"]
    with Image.open(photos / "grace.jpg") as before, Image.open(tmp_path / "out.png") as after:
        changed = np.abs(np.asarray(before).astype(int) - np.asarray(after)).sum(axis=2) > 60
    rows, columns = np.nonzero(changed)
    assert abs(columns.min() - box["left"]) <= 4
    assert abs(columns.max() - box["right"]) <= 4
    assert abs(rows.max() - box["bottom"]) <= 4
    assert not changed[: box["top"] - 40].any()


def test_one_drawing_takes_one_picture(rollcall: Rollcall, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    result = rollcall("faces", photos / "grace.jpg", photos / "cat.jpg", "--draw", out)
    assert result.exit_code == 2
    assert "one picture at a time" in result.stderr
    assert not out.exists()


def test_a_drawing_of_no_known_format_is_refused(rollcall: Rollcall, photos: Path, tmp_path: Path) -> None:
    result = rollcall("faces", photos / "grace.jpg", "--draw", tmp_path / "out.nonesuch")
    assert result.exit_code == 2
    assert "ends in .jpg or .png" in result.stderr


def test_smaller_faces_are_found_where_they_are_asked_for(rollcall: Rollcall, photos: Path) -> None:
    assert rollcall("faces", photos / "grace-small.jpg", "--smallest-face", 200).exit_code == 1
    assert rollcall("faces", photos / "grace-small.jpg", "--smallest-face", 30).exit_code == 0


def test_the_other_engine_can_be_chosen(rollcall: Rollcall, photos: Path) -> None:
    result = rollcall("faces", photos / "grace-small.jpg", "--engine", "face_recognition", "--json")
    assert result.exit_code == 0
    assert result.stdout.count('"box"') == 1


def test_two_photos_of_one_person_are_the_same_person(rollcall: Rollcall, photos: Path) -> None:
    result = rollcall("verify", photos / "grace.jpg", photos / "grace-again.jpg")
    assert result.exit_code == 0
    assert result.stdout.startswith("The same person")


def test_photos_of_two_people_are_not(rollcall: Rollcall, photos: Path) -> None:
    result = rollcall("verify", photos / "grace.jpg", photos / "astronaut.jpg", "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["same"] is False
    assert answer["score"] < answer["threshold"]


@pytest.mark.parametrize(
    ("other", "sentence"),
    [("cat.jpg", "No face was found"), ("both.jpg", "Two faces were found"), ("bad.jpg", "isn't a picture")],
)
def test_what_cannot_be_verified_is_no_answer(rollcall: Rollcall, photos: Path, other: str, sentence: str) -> None:
    result = rollcall("verify", photos / "grace.jpg", photos / other)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert other in result.stderr
    assert result.stdout == ""


def test_those_of_the_gallery_are_named_and_others_unknown(rollcall: Rollcall, photos: Path, people: Path) -> None:
    result = rollcall("identify", photos / "both.jpg", "--gallery", people, "--json")
    assert result.exit_code == 0
    answers = sorted(json.loads(result.stdout)["faces"], key=lambda face: face["box"]["left"])
    assert [each["person"] for each in answers] == [None, "grace"]


def test_who_has_no_photo_that_can_be_enrolled_is_told(rollcall: Rollcall, photos: Path, people: Path) -> None:
    result = rollcall("identify", photos / "astronaut.jpg", "--gallery", people)
    assert result.exit_code == 1
    assert "unknown" in result.stdout
    assert "tom can't be named" in result.stderr


def test_a_picture_without_faces_names_nobody(rollcall: Rollcall, photos: Path, people: Path) -> None:
    result = rollcall("identify", photos / "cat.jpg", "--gallery", people)
    assert result.exit_code == 1
    assert "no face found" in result.stdout


def test_a_gallery_without_people_is_refused(rollcall: Rollcall, photos: Path, tmp_path: Path) -> None:
    empty = rollcall("identify", photos / "grace.jpg", "--gallery", tmp_path)
    missing = rollcall("identify", photos / "grace.jpg", "--gallery", tmp_path / "nonesuch")
    assert empty.exit_code == missing.exit_code == 2
    assert "one sub-folder a person" in empty.stderr
    assert "There is no" in missing.stderr


def test_each_photo_is_told_whether_it_can_be_enrolled(rollcall: Rollcall, photos: Path) -> None:
    names = ("grace", "both", "cat", "grace-small")
    result = rollcall("enrol-check", *(photos / f"{name}.jpg" for name in names), "--json")
    assert result.exit_code == 1
    assert [each["code"] for each in json.loads(result.stdout)] == [None, "several_faces", "no_face", "face_too_small"]
    assert rollcall("enrol-check", photos / "grace.jpg").exit_code == 0
    bad = rollcall("enrol-check", photos / "grace.jpg", photos / "bad.jpg")
    assert bad.exit_code == 2
    assert "grace.jpg" in bad.stdout


def test_a_bar_is_shown_on_a_terminal_and_never_with_json(photos: Path) -> None:
    terminal = CliRunner(env={"TTY_COMPATIBLE": "1", "TERM": "xterm"})
    shown = terminal.invoke(app, ["faces", str(photos / "cat.jpg")])
    assert "Looking" in shown.stderr
    assert "Looking" not in shown.stdout
    assert terminal.invoke(app, ["faces", "--json", str(photos / "cat.jpg")]).stderr == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_tells_the_exit_codes(rollcall: Rollcall, command: str) -> None:
    result = rollcall(command, "--help")
    assert result.exit_code == 0
    assert "Exit codes: 0 " in result.stdout


@pytest.mark.parametrize("words", [("faces", "x.jpg"), ("verify", "x.jpg", "y.jpg"), ("enrol-check", "x.jpg")])
def test_an_unknown_engine_is_refused_with_those_there_are(rollcall: Rollcall, words: tuple[str, ...]) -> None:
    result = rollcall(*words, "--engine", "nonesuch")
    assert result.exit_code == 2
    assert "choose face_recognition or fast" in result.stderr
