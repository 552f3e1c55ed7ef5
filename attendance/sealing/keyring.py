"""People's keys at hand: fetched, unwrapped, made where there are none, destroyed."""

import os
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

from attendance.keys import KeyUnusable
from attendance.sealing.box import KEY_BYTES
from attendance.sealing.key_store import Ending, KeyStore, Purpose
from attendance.sealing.master import MasterKeys

# How long a key that another process destroyed may still be used for reading here: the lease of the galleries.
LEASE_SECONDS = 10.0
# Keys at hand at most, of some 200 bytes each; more are fetched again.
_MOST_AT_HAND = 20_000

# A key may be destroyed by somebody else as soon as it is made; whoever gets none so often was erased.
_MOST_DESTROYED = 10

_PAGE = 1_000

# Under this name the key store keeps what opens only for the master key that it is used with.
CHECK = "check"


class KeyRing:
    """The keys of people, under the master key."""

    def __init__(self, master: MasterKeys, store: KeyStore) -> None:
        self.master = master
        self.store = store
        self._at_hand: dict[tuple[Purpose, str], tuple[bytes, float]] = {}

    async def check(self) -> str:
        """Make sure that the master key is the one that the key store was begun with; give the key store's own name.

        Raises:
            KeyUnusable: it is another one, there is none, or the key store can't be used.
        """
        name = (await self.store.fact("name", secrets.token_hex(16).encode())).decode()
        self.master.unwrap(await self.store.fact(CHECK, self.master.wrap(b"", CHECK.encode())), CHECK.encode())
        return name

    async def to_read(self, purpose: Purpose, people: Iterable[str], *, at_hand: bool = True) -> dict[str, bytes]:
        """Give the keys of those who have one; without `at_hand` as they are at this moment.

        Raises:
            KeyUnusable: they can't be unwrapped.
        """
        now, found, missing = time.monotonic(), dict[str, bytes](), list[str]()
        for person in people:
            key, until = self._at_hand.get((purpose, person), (b"", 0.0))
            if at_hand and until > now:
                found[person] = key
            else:
                missing.append(person)
        if missing:
            fetched = await self.store.get(purpose, missing)
            found |= self._unwrapped(purpose, fetched)
        return found

    async def to_write(self, purpose: Purpose, people: Sequence[str]) -> dict[str, bytes]:
        """Give everybody's key, made where there is none.

        Never from those at hand: what is sealed under a key that was destroyed meanwhile is lost.

        Raises:
            KeyUnusable: they can't be unwrapped, or one of the people was erased.
        """
        there = await self.store.get(purpose, people)
        for _ in range(_MOST_DESTROYED):
            new = {
                person: self.master.wrap(os.urandom(KEY_BYTES), bound(purpose, person))
                for person in people
                if person not in there
            }
            if not new:
                return self._unwrapped(purpose, there)
            there |= await self.store.add(purpose, new)
        raise KeyUnusable("somebody who was erased gets no key again: a person who comes back gets another id")

    async def still(self, purpose: Purpose, person: str, key: bytes) -> bool:
        """Tell whether a person's key is this one, at this moment."""
        kept = (await self.store.get(purpose, [person])).get(person)
        return kept is not None and self.master.unwrap(kept, bound(purpose, person)) == key

    async def withdraw(self, person: str, now: datetime) -> None:
        """Destroy the key of a person's templates; what was sealed under it can't be read any more."""
        await self.store.note_ending(Ending.WITHDRAWN, person, now)
        await self._destroy(person, Purpose.FACE)

    async def erase(self, person: str, now: datetime, *purposes: Purpose) -> None:
        """Destroy keys of a person for good: nobody gets another one under this id."""
        await self.store.note_ending(Ending.ERASED, person, now)
        await self._destroy(person, *purposes)

    async def endings(self, ending: Ending) -> AsyncIterator[tuple[str, datetime]]:
        """Give everybody who was erased, or withdrew, and when."""
        after: str | None = None
        while page := await self.store.endings(ending, after, _PAGE):
            for each in page:
                yield each
            after = page[-1][0]

    async def _destroy(self, person: str, *purposes: Purpose) -> None:
        await self.store.delete(person, purposes)
        for purpose in purposes:
            self._at_hand.pop((purpose, person), None)

    def close(self) -> None:
        """Forget all keys and let go of the key store."""
        self._at_hand.clear()
        self.store.close()

    def _unwrapped(self, purpose: Purpose, wrapped: dict[str, bytes]) -> dict[str, bytes]:
        keys = {person: self.master.unwrap(key, bound(purpose, person)) for person, key in wrapped.items()}
        if len(self._at_hand) + len(keys) > _MOST_AT_HAND:
            self._at_hand.clear()
        until = time.monotonic() + LEASE_SECONDS
        self._at_hand |= {(purpose, person): (key, until) for person, key in keys.items()}
        return keys


def bound(purpose: Purpose, person: str) -> bytes:
    """Give what a person's wrapped key is bound to: put in another's place it doesn't open."""
    return f"key\0{purpose}\0{person}".encode()
