"""The keys as they lie in their files: the gateway's, which signs, and the one by which the school's ids are found."""

import hashlib
import hmac
import unicodedata
from functools import cached_property
from pathlib import Path

# HMAC-SHA256 gains nothing from a longer key, and a shorter one is weaker than the hash.
KEY_BYTES = 32


class KeyUnusable(RuntimeError):
    """A key file is missing, holds no key, or holds another one than the data was written with."""


def read_gateway_key(path: Path) -> bytes:
    """Read the key with which ingest signs and the stream app checks.

    Raises:
        KeyUnusable: with the sentence that says what to do.
    """
    return _read_key(path, "signing key")


def read_audit_key(path: Path) -> bytes:
    """Read the key with which the audit is sealed.

    Raises:
        KeyUnusable: with the sentence that says what to do.
    """
    return _read_key(path, "audit key")


class LookUpKey:
    """Hashes the school's own ids, so that they can be found where they are kept and not read there.

    HMAC-SHA256: without the key nobody can try out the ids that a school might have. The file is read when the key is
    first needed; most processes never need it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def require(self) -> None:
        """Read the key now rather than when it is first needed.

        Raises:
            KeyUnusable: the key's file can't be read; with the sentence that says what to do.
        """
        _ = self._key

    @cached_property
    def _key(self) -> bytes:
        return _read_key(self._path, "look-up key")

    def digest(self, kind: str, text: str) -> str:
        """Give the hash of an id, as hex digits. `kind` says whose ids they are: the same id of two kinds differs.

        Ways to write the same sign in Unicode are one.

        Raises:
            KeyUnusable: the key's file can't be read; with the sentence that says what to do.
        """
        message = f"{kind}\0{unicodedata.normalize('NFC', text)}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()


def _read_key(path: Path, what: str) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError as error:
        raise KeyUnusable(f"there is no {what} at {path}: run `rollcall init`") from error
    except (OSError, ValueError) as error:
        raise KeyUnusable(f"the {what} at {path} can't be read: {error}") from error
    if len(key) < KEY_BYTES:
        raise KeyUnusable(f"the {what} at {path} is shorter than {KEY_BYTES} bytes: remove it, run `rollcall init`")
    return key
