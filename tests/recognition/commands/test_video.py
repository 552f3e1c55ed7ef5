import json
from pathlib import Path

import cv2
import pytest

from tests.recognition.commands.conftest import Rollcall


@pytest.mark.parametrize("known", ["woman", "man"])
def test_who_is_in_the_gallery_is_named_throughout_and_the_other_unknown(
    rollcall: Rollcall, clip: Path, tmp_path: Path, known: str
) -> None:
    out = tmp_path / "out.mp4"
    result = rollcall("video", clip, "--gallery", clip.parent / known, "--draw", out, "--json")
    assert result.exit_code == 0, result.stderr
    tracks = json.loads(result.stdout)["tracks"]
    assert {track["person"] for track in tracks} == {known, None}
    assert len(tracks) == 2
    drawn = cv2.VideoCapture(str(out))
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == 12
    assert drawn.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)
    assert [each.name for each in tmp_path.iterdir()] == ["out.mp4"]


def test_a_clip_is_a_table_of_tracks(rollcall: Rollcall, clip: Path) -> None:
    result = rollcall("video", clip, "--gallery", clip.parent / "man")
    assert result.exit_code == 0
    header, *rows = result.stdout.splitlines()
    assert header.startswith("person")
    assert sorted(row.split()[0] for row in rows) == ["man", "unknown"]
    assert result.stderr == ""


def test_a_clip_without_faces_says_so(rollcall: Rollcall, people: Path, tmp_path: Path) -> None:
    path = tmp_path / "dark.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (160, 120))
    for _ in range(3):
        writer.write(cv2.UMat(120, 160, cv2.CV_8UC3, (9, 9, 9)).get())
    writer.release()
    result = rollcall("video", path, "--gallery", people)
    assert result.exit_code == 1
    assert "no face found" in result.stdout


def test_what_is_no_clip_is_refused_and_leaves_nothing(
    rollcall: Rollcall, photos: Path, people: Path, tmp_path: Path
) -> None:
    for given in (photos / "bad.jpg", tmp_path / "nonesuch.mp4"):
        result = rollcall("video", given, "--gallery", people, "--draw", tmp_path / "out.mp4")
        assert result.exit_code == 2
        assert given.name in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_drawing_that_is_no_mp4_is_refused(rollcall: Rollcall, clip: Path, tmp_path: Path) -> None:
    result = rollcall("video", clip, "--gallery", clip.parent / "man", "--draw", tmp_path / "out.avi")
    assert result.exit_code == 2
    assert "ends in .mp4" in result.stderr
