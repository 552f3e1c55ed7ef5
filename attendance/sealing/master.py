"""The master key, which wraps the people's keys: from a command (a key service's), the environment, or a file.

Each of the three gives one or more keys of 64 hex digits, apart by spaces, lines or commas: the first wraps, the others
still open what they wrapped before a rotation.
"""

import hashlib
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from attendance.keys import KeyUnusable
from attendance.sealing.box import KEY_BYTES, SealBroken, seal, unseal

# Names the key that wrapped, so that it isn't found out by trying.
_ID_BYTES = 8
# A key service answers in much less; without a bound a start would hang for good.
_COMMAND_SECONDS = 30.0


class MasterKeySettings(Protocol):
    """Where the master key is."""

    @property
    def master_key_command(self) -> str:
        """What prints it; empty for none."""
        ...

    @property
    def master_key(self) -> SecretStr:
        """The key itself; empty for none."""
        ...

    @property
    def master_key_file(self) -> Path:
        """The file that holds it, where the other two are empty."""
        ...


class MasterKeys:
    """The master keys as they are now; the file is read again when it changed."""

    def __init__(self, read: Callable[[], str], place: str, changed: Callable[[], object] | None = None) -> None:
        """`read` gives the text, `place` is a word for where it is, `changed` gives another value when it changed."""
        self._read = read
        self._changed = changed or (lambda: None)
        self.is_file = changed is not None
        self._state: object = None
        self._keys: list[bytes] = []
        self.place = place

    @classmethod
    def of(cls, settings: MasterKeySettings) -> "MasterKeys":
        """Take the command's where there is one, else the environment's, else the file's."""
        if settings.master_key_command:
            command = settings.master_key_command
            return cls(lambda: _printed(command), "what ROLLCALL_MASTER_KEY_COMMAND prints")
        if settings.master_key.get_secret_value():
            return cls(settings.master_key.get_secret_value, "ROLLCALL_MASTER_KEY")
        path = settings.master_key_file
        return cls(lambda: _text_of(path), f"the master key at {path}", lambda: _state_of(path))

    def wrap(self, key: bytes, bound_to: bytes) -> bytes:
        """Seal a person's key under the first of the master keys.

        Raises:
            KeyUnusable: there is none.
        """
        first = self._now()[0]
        return _id(first) + seal(first, key, bound_to)

    def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """Open what `wrap` gave.

        Raises:
            KeyUnusable: none of the master keys wrapped it, or it is damaged.
        """
        name = wrapped[:_ID_BYTES]
        for key in (*self._now(), *self._again(name)):
            if _id(key) == name:
                try:
                    return unseal(key, wrapped[_ID_BYTES:], bound_to)
                except SealBroken as error:
                    raise KeyUnusable("a person's key is damaged: restore the key store from its backup") from error
        raise KeyUnusable(f"{self.place} isn't the master key that people's keys were wrapped with: put that one back")

    def is_first(self, wrapped: bytes) -> bool:
        """Tell whether the first of the master keys wrapped it."""
        return wrapped[:_ID_BYTES] == _id(self._now()[0])

    def _now(self) -> list[bytes]:
        state = self._changed()
        if not self._keys or state != self._state:
            self._keys, self._state = _parsed(self._read(), self.place), state
        return self._keys

    def _again(self, name: bytes) -> list[bytes]:
        """Give the keys read anew, where none of those at hand has this name: another process may have rotated them."""
        if any(_id(key) == name for key in self._keys):
            return []
        self._keys = []
        return self._now()


def _parsed(text: str, place: str) -> list[bytes]:
    try:
        keys = [bytes.fromhex(part) for part in re.split(r"[\s,]+", text.strip()) if part]
    except ValueError as error:
        raise KeyUnusable(f"{place} is no key: {2 * KEY_BYTES} hex digits are needed") from error
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise KeyUnusable(f"{place} is no key: {2 * KEY_BYTES} hex digits are needed")
    return keys


def _printed(command: str) -> str:
    # The sentence must not repeat what it printed: that may be part of a key.
    try:
        done = subprocess.run(  # noqa: S603  # the operator's own setting
            shlex.split(command), capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise KeyUnusable(f"ROLLCALL_MASTER_KEY_COMMAND can't be run: {type(error).__name__}") from error
    if done.returncode:
        raise KeyUnusable(f"ROLLCALL_MASTER_KEY_COMMAND ended with {done.returncode}")
    return done.stdout


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError as error:
        raise KeyUnusable(
            f"there is no master key at {path}: run `rollcall init`, or put back what was there"
        ) from error
    except (OSError, ValueError) as error:
        raise KeyUnusable(f"the master key at {path} can't be read: {type(error).__name__}") from error


def _state_of(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def _id(key: bytes) -> bytes:
    return hashlib.sha256(b"rollcall master key\0" + key).digest()[:_ID_BYTES]
