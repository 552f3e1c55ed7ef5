"""`rollcall keys`: as an operator runs it, on the key store of a home."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from attendance.sealing import SealedIdentities
from attendance.settings import ConnectionSettings
from attendance.store.key_documents import key_ring
from deploy import keys_cli
from deploy.init import make_key

NAMES: dict[str, dict[str, str | None]] = {"p-1": {"given_name": "Ada"}, "p-2": {"given_name": "Grace"}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLCALL_HOME", str(tmp_path))
    monkeypatch.setattr(keys_cli, "_LATE_SECONDS", 0.1)
    make_key(ConnectionSettings().master_key_file)
    return tmp_path


async def sealed() -> dict[str, bytes]:
    keys = key_ring(ConnectionSettings())
    await keys.check()
    kept = await SealedIdentities(keys).seal(NAMES)
    keys.close()
    return kept


async def opened(kept: dict[str, bytes]) -> object:
    keys = key_ring(ConnectionSettings())
    await keys.check()
    found = await SealedIdentities(keys).open(kept)
    keys.close()
    return found


def files_with(folder: Path, text: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(keys_cli.app, list(arguments))
    return done.exit_code, " ".join((done.output + done.stderr).split())


async def test_a_rotated_file_holds_a_new_key_alone_and_everything_is_read_with_it(home: Path) -> None:
    kept = await sealed()
    path = ConnectionSettings().master_key_file
    before = path.read_text()
    code, output = await in_thread("rotate")
    assert (code, "2 of 2 keys" in output, str(path) in output) == (0, True, True)
    assert before.strip() not in path.read_text()
    assert len(path.read_text().split()) == 1
    assert path.stat().st_mode & 0o077 == 0
    assert await opened(kept) == NAMES
    assert await in_thread("check") == (0, f"2 keys, and the master key at {path} opens each of them")


async def test_a_rotation_that_was_broken_off_is_finished_by_the_next(home: Path) -> None:
    kept = await sealed()
    path = ConnectionSettings().master_key_file
    in_front = secrets.token_hex(32)
    path.write_text(f"{in_front}\n{path.read_text()}")
    code, _ = await in_thread("rotate")
    assert (code, path.read_text().strip()) == (0, in_front)
    assert await opened(kept) == NAMES


async def test_a_key_from_the_environment_is_never_written_anywhere(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = secrets.token_hex(32), secrets.token_hex(32)
    monkeypatch.setenv("ROLLCALL_MASTER_KEY", old)
    kept = await sealed()
    monkeypatch.setenv("ROLLCALL_MASTER_KEY", f"{new},{old}")
    code, output = await in_thread("rotate")
    assert (code, "behind the first" in output) == (0, True)
    monkeypatch.setenv("ROLLCALL_MASTER_KEY", new)
    assert await opened(kept) == NAMES
    assert not files_with(home, new)


async def test_with_another_master_key_both_commands_end_with_a_sentence(home: Path) -> None:
    await sealed()
    ConnectionSettings().master_key_file.write_text(secrets.token_hex(32))
    for command in ("check", "rotate"):
        code, output = await in_thread(command)
        assert (code, "put that one back" in output) == (1, True)
    assert len(ConnectionSettings().master_key_file.read_text().split()) == 1


def test_a_service_does_not_start_without_the_master_key(tmp_path: Path) -> None:
    rollcall = str(Path(sys.executable).with_name("rollcall"))
    environment = {**os.environ, "ROLLCALL_HOME": str(tmp_path), "MONGO_URL": "mongodb://127.0.0.1:1"}
    settings = ConnectionSettings(home=tmp_path)
    for path in (settings.gateway_key_file, settings.look_up_key_file, settings.audit_key_file):
        make_key(path)
    for command in ("api", "stream"):
        done = subprocess.run([rollcall, command], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "no master key" in done.stderr + done.stdout, json.dumps([done.stdout, done.stderr])


async def in_thread(*arguments: str) -> tuple[int, str]:
    return await asyncio.to_thread(run, *arguments)
