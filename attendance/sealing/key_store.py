"""Where people's keys are kept, wrapped: apart from the data, a copy of the one is nothing without the other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class Purpose(StrEnum):
    """What a person's key is for."""

    IDENTITY = "identity"
    FACE = "face"


class Ending(StrEnum):
    """Why a person's keys were destroyed. It is noted beside the keys, so that no backup of the data brings it back."""

    ERASED = "erased"
    WITHDRAWN = "withdrawn"


class Wrapped(NamedTuple):
    """A person's key as it is kept."""

    person: str
    purpose: Purpose
    wrapped: bytes


class KeyStore(Protocol):
    """Keeps wrapped keys. A deleted one has to leave no bytes behind.

    Every method may raise `KeyUnusable` where the store can't be read, or `StoreUnavailable` where it is away.
    """

    @property
    def place(self) -> str:
        """Where it is, for a sentence."""
        ...

    async def get(self, purpose: Purpose, people: Sequence[str]) -> dict[str, bytes]:
        """Give the keys that there are, by person."""
        ...

    async def add(self, purpose: Purpose, wrapped: Mapping[str, bytes]) -> dict[str, bytes]:
        """Keep the keys of people who have none yet; give what is kept of each now. The erased get none."""
        ...

    async def delete(self, person: str, purposes: Sequence[Purpose]) -> None:
        """Destroy a person's keys."""
        ...

    async def page(self, after: Wrapped | None, limit: int) -> list[Wrapped]:
        """Give the next keys in order of person and purpose."""
        ...

    async def count(self) -> int:
        """Give how many keys there are."""
        ...

    async def replace(self, before: Wrapped, wrapped: bytes) -> bool:
        """Wrap a key otherwise, unless it was changed or destroyed meanwhile; tell whether it was done."""
        ...

    async def note_ending(self, ending: Ending, person: str, at: datetime) -> None:
        """Note that a person was erased, or withdrew, at a moment; a later one takes the place of an earlier one."""
        ...

    async def endings(self, ending: Ending, after: str | None, limit: int) -> list[tuple[str, datetime]]:
        """Give who was erased, or withdrew, and when, in order of their ids."""
        ...

    async def fact(self, name: str, otherwise: bytes) -> bytes:
        """Give what is noted under a name; note `otherwise` where nothing is."""
        ...

    async def note(self, name: str, value: bytes) -> None:
        """Note a fact in the place of what was noted."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
