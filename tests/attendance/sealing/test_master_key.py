"""Without the one right master key nothing starts and nothing is read, and the sentence says what to do."""

import secrets
from pathlib import Path

import pytest

from attendance.keys import KeyUnusable
from attendance.sealing import KeyRing, MasterKeys, SqliteKeyStore
from attendance.settings import ConnectionSettings
from tests.attendance.sealing.conftest import OpenKeys


def a_key() -> str:
    return secrets.token_hex(32)


def of(tmp_path: Path, **settings: str) -> MasterKeys:
    return MasterKeys.of(ConnectionSettings(home=tmp_path, **settings))  # type: ignore[arg-type]


async def test_the_master_key_that_the_key_store_was_begun_with_is_accepted(open_keys: OpenKeys) -> None:
    assert await open_keys().check() == await open_keys().check()


async def test_another_master_key_is_refused(open_keys: OpenKeys, settings: ConnectionSettings) -> None:
    await open_keys().check()
    settings.master_key_file.write_text(a_key())
    with pytest.raises(KeyUnusable, match="put that one back"):
        await open_keys().check()


async def test_a_missing_master_key_is_refused(open_keys: OpenKeys, settings: ConnectionSettings) -> None:
    settings.master_key_file.unlink()
    with pytest.raises(KeyUnusable, match="rollcall init"):
        await open_keys().check()


@pytest.mark.parametrize("text", ["", "\n", "abc", "g" * 64, "0" * 63, "0" * 62, f"{'0' * 64} 12"])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(text)
    with pytest.raises(KeyUnusable, match="64 hex digits"):
        of(tmp_path, master_key_file=str(path)).wrap(b"", b"")


def test_a_refusal_never_repeats_what_it_read(tmp_path: Path) -> None:
    nearly = a_key()[:-1]
    for settings in ({"master_key": nearly}, {"master_key_command": f"echo {nearly}"}):
        with pytest.raises(KeyUnusable) as refused:
            of(tmp_path, **settings).wrap(b"", b"")
        assert nearly not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_the_environment_goes_before_the_file_and_a_command_before_both(tmp_path: Path) -> None:
    printed, said = a_key(), a_key()
    by_command = of(tmp_path, master_key=said, master_key_command=f"echo {printed}").wrap(b"secret", b"for")
    assert of(tmp_path, master_key=printed).unwrap(by_command, b"for") == b"secret"
    with pytest.raises(KeyUnusable, match="ROLLCALL_MASTER_KEY "):
        of(tmp_path, master_key=said).unwrap(by_command, b"for")


@pytest.mark.parametrize("command", ["false", "no-such-command-anywhere", "'"])
def test_a_command_that_fails_is_named(tmp_path: Path, command: str) -> None:
    with pytest.raises(KeyUnusable, match="ROLLCALL_MASTER_KEY_COMMAND"):
        of(tmp_path, master_key_command=command).wrap(b"", b"")


def test_the_first_of_several_keys_wraps_and_each_of_them_opens(tmp_path: Path) -> None:
    old, new = a_key(), a_key()
    wrapped = of(tmp_path, master_key=old).wrap(b"secret", b"for")
    both = of(tmp_path, master_key=f"{new}\n{old}")
    assert both.unwrap(wrapped, b"for") == b"secret"
    assert not both.is_first(wrapped)
    assert of(tmp_path, master_key=new).unwrap(both.wrap(b"secret", b"for"), b"for") == b"secret"


def test_a_wrapped_key_opens_for_nobody_else(tmp_path: Path) -> None:
    keys = of(tmp_path, master_key=a_key())
    with pytest.raises(KeyUnusable, match="damaged"):
        keys.unwrap(keys.wrap(b"secret", b"p-1"), b"p-2")


async def test_a_file_that_changed_is_read_again(
    open_keys: OpenKeys, settings: ConnectionSettings, tmp_path: Path
) -> None:
    keys = open_keys()
    await keys.check()
    path, old = settings.master_key_file, settings.master_key_file.read_text()
    beside = tmp_path / "beside"
    beside.write_text(f"{a_key()}\n{old}")
    beside.replace(path)
    new = KeyRing(MasterKeys.of(settings), SqliteKeyStore(settings.key_store_file))
    assert keys.master.unwrap(new.master.wrap(b"secret", b"for"), b"for") == b"secret"
