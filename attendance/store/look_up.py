"""Finding people by the school's own id, or by their card, which are kept sealed: by their keyed hashes."""

from attendance.keys import KeyUnusable, LookUpKey
from attendance.store.collection import Collection, find_one, update_one

_PEOPLE = "person"
_ENROLLMENT = "enrollment"
_MEETING = "meeting"
_CALENDAR = "calendar"
_PHOTO = "photo"
_CARDS = "card"
_DEVICES = "device"
_BEARERS = "bearer"
_CHECK = "check"


class LookUp:
    """The look-up key, and in the collection `keys` what tells whether it is the one that the data was written with."""

    def __init__(self, key: LookUpKey, keys: Collection) -> None:
        self._key = key
        self._keys = keys

    def person(self, sourced_id: str) -> str:
        """Give the hash by which a person is found.

        Raises:
            KeyUnusable: the key's file can't be read.
        """
        return self._key.digest(_PEOPLE, sourced_id)

    def enrollment(self, sourced_id: str) -> str:
        """Give the hash by which an enrolment is known again, of a student or a teacher.

        Raises:
            KeyUnusable: the key's file can't be read.
        """
        return self._key.digest(_ENROLLMENT, sourced_id)

    def meeting(self, source: str) -> str:
        """Give the hash by which an entry of a calendar is known again: its UID may hold a person's address.

        Raises:
            KeyUnusable: the key's file can't be read.
        """
        return self._key.digest(_MEETING, source)

    def calendar(self, name: str) -> str:
        """Give the hash by which a calendar is known again: it may be called after a person.

        Raises:
            KeyUnusable: the key's file can't be read.
        """
        return self._key.digest(_CALENDAR, name)

    def photo(self, student_id: str, hashed: str) -> str:
        """Give the hash by which a student's photo is known again, of the hash of its bytes.

        Raises:
            KeyUnusable: the key's file can't be read.
        """
        return self._key.digest(_PHOTO, f"{student_id}\0{hashed}")

    def card(self, number: str) -> str:
        """Give the hash by which a card's student is found.

        Raises:
            KeyUnusable: the key's file can't be read.
        """
        return self._key.digest(_CARDS, number)

    def device(self, meeting_id: str, device: str) -> str:
        """Give the hash of a device, which is another one in each meeting: it follows nobody from one to the next.

        Raises:
            KeyUnusable: the key's file can't be read.
        """
        return self._key.digest(_DEVICES, f"{meeting_id}/{device}")

    def bearer(self, issuer: str, subject: str) -> str:
        """Give the hash by which whom an identity provider vouches for is known: its own name for them may be an email.

        Raises:
            KeyUnusable: the key's file can't be read.
        """
        return self._key.digest(_BEARERS, f"{issuer}\0{subject}")

    async def check(self) -> None:
        """Make sure that the key is the one that this database was first written with; the first one becomes that.

        With another key nobody would be found, and the next import would add everybody a second time.

        Raises:
            KeyUnusable: it is another one, or its file can't be read.
        """
        digest = self._key.digest(_CHECK, "")
        await update_one(self._keys, {"_id": "look_up"}, {"$setOnInsert": {"check": digest}}, upsert=True)
        kept = await find_one(self._keys, {"_id": "look_up"})
        if kept is None or kept["check"] != digest:
            raise KeyUnusable("the look-up key isn't the one that this database was written with: put that one back")
