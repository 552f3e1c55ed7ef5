"""Wrapping all people's keys under a new master key, while everything runs."""

from collections.abc import Callable
from dataclasses import dataclass

from attendance.sealing.key_store import Wrapped
from attendance.sealing.keyring import CHECK, KeyRing, bound

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What one pass over the key store did."""

    seen: int
    changed: int


async def open_all(keys: KeyRing) -> int:
    """Open every key, and give how many there are.

    Raises:
        KeyUnusable: one can't be opened by any of the master keys.
    """
    count, after = 0, None
    while page := await keys.store.page(after, _AT_ONCE):
        for each in page:
            keys.master.unwrap(each.wrapped, bound(each.purpose, each.person))
        count, after = count + len(page), page[-1]
    return count


async def rewrap(keys: KeyRing, told: Callable[[int], None] = lambda _: None) -> Rewrapped:
    """Wrap every key under the first of the master keys that another one wrapped; broken off, it is done again.

    A key that was destroyed or wrapped otherwise meanwhile stays as that left it.

    Raises:
        KeyUnusable: a key can't be unwrapped by any of the master keys.
    """
    seen = changed = 0
    after: Wrapped | None = None
    while page := await keys.store.page(after, _AT_ONCE):
        for each in page:
            if not keys.master.is_first(each.wrapped):
                binding = bound(each.purpose, each.person)
                anew = keys.master.wrap(keys.master.unwrap(each.wrapped, binding), binding)
                changed += await keys.store.replace(each, anew)
        seen += len(page)
        told(len(page))
        after = page[-1]
    check = await keys.store.fact(CHECK, b"")
    if check and not keys.master.is_first(check):
        await keys.store.note(CHECK, keys.master.wrap(keys.master.unwrap(check, CHECK.encode()), CHECK.encode()))
    return Rewrapped(seen, changed)
