"""A student's templates, sealed under their own key and bound to them and to the encoder that made them."""

from collections.abc import Iterable
from datetime import datetime

from attendance.sealing.box import seal, unseal
from attendance.sealing.key_store import Purpose
from attendance.sealing.keyring import KeyRing
from recognition import Template


class SealedTemplates:
    """Seals templates and opens them; both by the student's id."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def key_for(self, student_id: str) -> bytes:
        """Give the key to seal with, made where there is none.

        Raises:
            KeyUnusable: it can't be had.
        """
        return (await self._keys.to_write(Purpose.FACE, [student_id]))[student_id]

    async def still(self, student_id: str, key: bytes) -> bool:
        """Tell whether the key is still the student's: what was sealed under a destroyed one is nothing."""
        return await self._keys.still(Purpose.FACE, student_id, key)

    async def keys_of(self, student_ids: Iterable[str], *, at_hand: bool = True) -> dict[str, bytes]:
        """Give the keys to open with, of those who have one; without `at_hand` as they are at this moment.

        Raises:
            KeyUnusable: they can't be had.
        """
        return await self._keys.to_read(Purpose.FACE, student_ids, at_hand=at_hand)

    async def withdraw(self, student_id: str, now: datetime) -> None:
        """Destroy a student's key: no copy of a template of theirs can be read any more."""
        await self._keys.withdraw(student_id, now)


def seal_template(key: bytes, student_id: str, template: Template) -> bytes:
    """Seal a template's values."""
    return seal(key, template.to_bytes(), _bound(student_id, template.encoder))


def open_template(key: bytes, student_id: str, encoder: str, sealed: bytes) -> Template:
    """Open what `seal_template` gave.

    Raises:
        SealBroken: it is another student's or another encoder's, sealed under another key, or damaged.
    """
    return Template.from_bytes(encoder, unseal(key, sealed, _bound(student_id, encoder)))


def _bound(student_id: str, encoder: str) -> bytes:
    return f"template\0{student_id}\0{encoder}".encode()
