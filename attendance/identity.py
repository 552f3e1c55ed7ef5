"""What names a person, and the one place where it is put into the form in which it is kept.

Names, email and the school's own ids go through an `IdentityCodec`; the store keeps what that gives and never looks
inside. So a key for each person can come between without anything else knowing.
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


class PlainCodec:
    """Keeps the fields as they are: JSON behind a byte that says so."""

    async def seal(self, people: Mapping[str, Fields]) -> dict[str, bytes]:
        """Write each as JSON."""
        return {person: _PLAIN + _written(fields) for person, fields in people.items()}

    async def open(self, sealed: Mapping[str, bytes]) -> dict[str, Fields]:
        """Read each."""
        return {person: _read(person, kept) for person, kept in sealed.items()}


def _written(fields: Fields) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _read(person: str, kept: bytes) -> Fields:
    if kept[:1] != _PLAIN:
        raise IdentityUnreadable(f"what is kept of {person} isn't plain")
    try:
        fields = json.loads(kept[1:])
    except ValueError as error:
        raise IdentityUnreadable(f"what is kept of {person} is damaged") from error
    if not isinstance(fields, dict):
        raise IdentityUnreadable(f"what is kept of {person} is damaged")
    return fields
