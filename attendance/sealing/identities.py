"""The identity codec of the store: what names a person, sealed under their own key."""

from collections.abc import Mapping

from attendance.identity import Fields, IdentityUnreadable, is_plain, read, read_plain, written
from attendance.sealing.box import SealBroken, seal, unseal
from attendance.sealing.key_store import Purpose
from attendance.sealing.keyring import KeyRing

_SEALED = b"\x01"


class SealedIdentities:
    """An `IdentityCodec` that seals under each person's key, and reads what was kept plain before."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def seal(self, people: Mapping[str, Fields]) -> dict[str, bytes]:
        """Seal each person's fields, under a key that is made where there is none.

        Raises:
            KeyUnusable: the keys can't be had.
        """
        keys = await self._keys.to_write(Purpose.IDENTITY, list(people))
        return {
            person: _SEALED + seal(keys[person], written(fields), _bound(person)) for person, fields in people.items()
        }

    async def open(self, sealed: Mapping[str, bytes]) -> dict[str, Fields]:
        """Give each person's fields. Whoever's key is gone is left out.

        Raises:
            IdentityUnreadable: it isn't what was written for that person.
            KeyUnusable: the keys can't be had.
        """
        found = {person: read_plain(person, kept) for person, kept in sealed.items() if is_plain(kept)}
        under_keys = [person for person in sealed if person not in found]
        keys = await self._keys.to_read(Purpose.IDENTITY, under_keys) if under_keys else {}
        for person, key in keys.items():
            try:
                fields = unseal(key, sealed[person].removeprefix(_SEALED), _bound(person))
            except SealBroken as error:
                raise IdentityUnreadable(f"what is kept of {person} is damaged, or another's") from error
            found[person] = read(person, fields)
        return found


def _bound(person: str) -> bytes:
    return f"identity\0{person}".encode()
