"""The gateway's signing key, as it lies in its file."""

from pathlib import Path

# HMAC-SHA256 gains nothing from a longer key, and a shorter one is weaker than the hash.
KEY_BYTES = 32


class KeyUnusable(RuntimeError):
    """A key file is missing or holds no key."""


def read_gateway_key(path: Path) -> bytes:
    """Read the key with which ingest signs and the stream app checks.

    Raises:
        KeyUnusable: with the sentence that says what to do.
    """
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError as error:
        raise KeyUnusable(f"there is no signing key at {path}: run `rollcall init`") from error
    except (OSError, ValueError) as error:
        raise KeyUnusable(f"the signing key at {path} can't be read: {error}") from error
    if len(key) < KEY_BYTES:
        raise KeyUnusable(
            f"the signing key at {path} is shorter than {KEY_BYTES} bytes: remove it, run `rollcall init`"
        )
    return key
