"""The agent's file is read strictly, and each fault is told in its place."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.agent.cli import app
from ingest.agent.config import BadConfig, read_config, read_key

TOKEN = "rc_0123456789ab_" + "x" * 43
SOUND = """
ingest: wss://ingest.example.org
buffer: {folder: waiting, megabytes: 50}
cameras:
  - {camera: door, source: "rtsp://user:secret@10.0.0.7:554/stream", token_file: door.token, every_s: 0.5}
  - {camera: hall, source: "folder:pictures", token_file: door.token}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "door.token").write_text(TOKEN + "\n")
    path = tmp_path / "agent.yaml"
    path.write_text(SOUND)
    return path


def test_a_sound_file_is_read_with_its_paths_beside_it(file: Path) -> None:
    config = read_config(file)
    assert config.buffer.folder == file.parent / "waiting"
    assert [camera.every_s for camera in config.cameras] == [0.5, 1.0]
    assert config.cameras[1].source == f"folder:{file.parent / 'pictures'}"
    assert config.cameras[0].longest_gap == 1.0


@pytest.mark.parametrize(
    ("sound", "wrong", "told"),
    [
        ("every_s: 0.5", "every: 0.5", "cameras.0.every: no such field"),
        ("every_s: 0.5", "every_s: 0", "cameras.0.every_s: Input should be greater than or equal to 0.04"),
        ("every_s: 0.5", "quality: 101", "cameras.0.quality: Input should be less than or equal to 100"),
        ("camera: hall", "camera: door", "cameras.1: door stands twice"),
        ("camera: hall", "camera: a/b", "cameras.1.camera: String should match pattern"),
        ("folder:pictures", "ftp://host/x", "'ftp' is none of rtsp"),
        ("folder:pictures", "usb:/dev/video0", "usb is followed by the device's number"),
        ("folder:pictures", "file:", "nothing follows the colon"),
        ("ingest: wss://ingest.example.org", "ingest: https://ingest.example.org", "ingest: String should match"),
        ("ingest: wss://ingest.example.org", "kafka: broker:9092", "cameras.0: `key_file` is missing"),
        ("ingest: wss://ingest.example.org", "", "say either `ingest` or `kafka`"),
        ("megabytes: 50", "megabytes: -1", "buffer.megabytes: Input should be greater than 0"),
        ("megabytes: 50", "megabytes: 50, megabytes: 60", "'megabytes' stands twice"),
        ("token_file: door.token, every_s", "token_file: none.token, every_s", "cameras.0: "),
        ("cameras:", "cameras: [", "agent.yaml"),
    ],
)
def test_a_fault_is_told_in_its_place(file: Path, sound: str, wrong: str, told: str) -> None:
    assert sound in SOUND
    file.write_text(SOUND.replace(sound, wrong, 1))
    with pytest.raises(BadConfig) as caught:
        read_config(file)
    assert told in str(caught.value)


def test_all_faults_are_told_at_once(file: Path) -> None:
    file.write_text(SOUND.replace("every_s: 0.5", "every_s: 0").replace("megabytes: 50", "megabytes: 0"))
    with pytest.raises(BadConfig) as caught:
        read_config(file)
    assert len(str(caught.value).splitlines()) == 2


def test_no_password_and_no_token_is_shown(file: Path) -> None:
    shown = CliRunner().invoke(app, ["check", str(file)])
    assert shown.exit_code == 0, shown.output
    assert "rtsp://10.0.0.7:554/stream" in shown.output
    assert "secret" not in shown.output
    (file.parent / "door.token").write_text("hunter2 is no token")
    refused = CliRunner().invoke(app, ["check", str(file)])
    assert refused.exit_code == 1
    assert "cameras.0: " in refused.output
    assert "hunter2" not in refused.output


@pytest.mark.parametrize("text", ["", "door", "door:", "door:zz", "door:00ff", ":" + "00" * 32])
def test_what_is_no_signing_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(BadConfig, match="no signing key"):
        read_key(tmp_path / "key")
