"""What somebody can do who got hold of raw files and of the master key."""

import contextlib
from collections.abc import Iterator

from attendance.keys import KeyUnusable
from attendance.sealing import MasterKeys, Purpose
from attendance.sealing.keyring import bound

# What `MasterKeys.wrap` gives of a key: the master key's name, a nonce, the key, a tag.
WRAPPED_BYTES = 8 + 12 + 32 + 16


def keys_in(raw: bytes, master: MasterKeys, purpose: Purpose, person: str) -> Iterator[bytes]:
    """Try every place of some bytes for a wrapped key of a person."""
    name = master.wrap(b"", b"")[:8]
    place = raw.find(name)
    while place >= 0:
        with contextlib.suppress(KeyUnusable):
            yield master.unwrap(raw[place : place + WRAPPED_BYTES], bound(purpose, person))
        place = raw.find(name, place + 1)
