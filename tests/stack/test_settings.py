"""Which cluster, which ports, which folder: what the environment says, and what a running stack was started with."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from attendance.settings import ConnectionSettings
from attendance.topics import Topics
from deploy.local.parts import parts_of
from deploy.local.settings import IsolatedSettings, LocalSettings

NAMES = ("KAFKA_BOOTSTRAP", "MONGO_URL", "ROLLCALL_KAFKA_PORT", "ROLLCALL_MONGO_PORT", "ROLLCALL_HOME")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_without_any_setting_both_are_started_here() -> None:
    parts = parts_of(LocalSettings())
    assert {name for name, part in parts.items() if part.program} == {"kafka", "database", "ingest", "stream", "api"}
    assert parts["kafka"].address == "127.0.0.1:9092"
    assert parts["database"].address == "127.0.0.1:27017"


def test_kafka_bootstrap_puts_a_real_cluster_in_kafkas_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "broker-1:9092,broker-2:9092")
    settings = LocalSettings()
    parts = parts_of(settings)
    assert parts["kafka"].program is None
    assert not parts["kafka"].ports
    assert parts["database"].program is not None
    assert settings.child_environment()["KAFKA_BOOTSTRAP"] == "broker-1:9092,broker-2:9092"


def test_mongo_url_puts_a_real_database_in_its_place_and_its_password_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MONGO_URL", "mongodb://rollcall:se@cret@db-1:27017,db-2:27017/?replicaSet=rs")
    parts = parts_of(LocalSettings())
    assert parts["database"].program is None
    assert parts["database"].address == "db-1:27017,db-2:27017"
    assert parts["kafka"].program is not None


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "")
    assert LocalSettings().kafka_is_local


def test_a_port_that_is_set_is_where_everyone_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_KAFKA_PORT", "19092")
    monkeypatch.setenv("ROLLCALL_MONGO_PORT", "37017")
    assert LocalSettings().kafka_is_local
    assert ConnectionSettings().kafka_bootstrap == "127.0.0.1:19092"
    assert ConnectionSettings().mongo_url == "mongodb://127.0.0.1:37017"


def test_keys_live_in_the_home_whatever_folder_a_process_runs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_HOME", "data")
    settings = ConnectionSettings()
    assert settings.home == Path.cwd() / "data"
    assert settings.gateway_key_file == Path.cwd() / "data" / "keys" / "gateway.key"
    assert settings.look_up_key_file == Path.cwd() / "data" / "keys" / "look-up.key"


def test_a_running_stack_is_asked_by_what_it_was_started_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "run" / "stack.json"
    IsolatedSettings(home=tmp_path, kafka_port=20001).keep(kept)
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "elsewhere:9092")
    monkeypatch.setenv("ROLLCALL_API_PORT", "20009")
    settings = LocalSettings.kept(kept)
    assert settings is not None
    assert settings.kafka_is_local
    assert (settings.kafka_port, settings.api_port, settings.home) == (20001, 8000, tmp_path)
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "{", '{"kafka_port": 0}', "[]"])
def test_what_a_crash_left_of_that_file_counts_as_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "stack.json").write_text(content)
    assert LocalSettings.kept(tmp_path / "stack.json") is None
    assert LocalSettings.kept(tmp_path / "missing.json") is None


def test_a_port_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_KAFKA_PORT", "70000")
    with pytest.raises(ValidationError, match="kafka_port"):
        LocalSettings()


def test_a_prefix_stands_before_every_topic_and_must_be_one_that_kafka_takes() -> None:
    topics = Topics("autumn.")
    names = [topics.frames, topics.frames_dead, topics.attendance_events, topics.sightings, topics.cameras]
    assert all(name.startswith("autumn.") for name in names)
    assert len(set(names)) == len(names)
    with pytest.raises(ValidationError):
        ConnectionSettings(topic_prefix="two words")
