"""What names a person, and the one place where it is put into the form in which it is kept.

Names, email and the school's own ids go through an `IdentityCodec`; the store keeps what that gives and never looks
inside. `attendance.sealing` has the one that seals under each person's key.
"""

import json
from collections.abc import Mapping
from typing import Protocol

# A person's identifying fields by name.
Fields = dict[str, str | None]

# The first byte says how the rest is kept, so that what was written before a codec was changed is still read.
_PLAIN = b"\x00"


class IdentityUnreadable(RuntimeError):
    """What is kept of a person was written by another codec, or is damaged."""


class IdentityCodec(Protocol):
    """Seals the identifying fields of people, by the people's ids, and opens them again.

    Many at once, because a codec with a key for each person has to fetch the keys.
    """

    async def seal(self, people: Mapping[str, Fields]) -> dict[str, bytes]:
        """Give what is to be kept of each."""
        ...

    async def open(self, sealed: Mapping[str, bytes]) -> dict[str, Fields]:
        """Give each person's fields. Whoever can't be read any more, because their key is gone, is left out.

        Raises:
            IdentityUnreadable: it isn't what this codec or an earlier one wrote for that person.
        """
        ...


def is_plain(kept: bytes) -> bool:
    """Tell whether it was kept before there were keys: JSON behind a byte that says so."""
    return kept[:1] == _PLAIN


def written(fields: Fields) -> bytes:
    """Write fields as JSON, as they are sealed."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def read_plain(person: str, kept: bytes) -> Fields:
    """Read what was kept plain.

    Raises:
        IdentityUnreadable: it is damaged.
    """
    return read(person, kept.removeprefix(_PLAIN))


def read(person: str, text: bytes) -> Fields:
    """Read what `written` gave.

    Raises:
        IdentityUnreadable: it is damaged.
    """
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise IdentityUnreadable(f"what is kept of {person} is damaged") from error
    if not isinstance(fields, dict):
        raise IdentityUnreadable(f"what is kept of {person} is damaged")
    return fields
