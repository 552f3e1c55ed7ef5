"""Cards and their readers. A card's number is kept as a keyed hash: who reads the database can't copy a card."""

from dataclasses import dataclass

from pymongo import ASCENDING, IndexModel

from attendance.store.collection import Collection, Document, create_indexes, delete_all, find_all, find_one, insert
from attendance.store.errors import Conflict, Missing
from attendance.store.look_up import LookUp


@dataclass(frozen=True, slots=True)
class Reader:
    """A card reader at the door of a room, or in it."""

    id: str
    room_id: str
    title: str


class Cards:
    """The collections `cards` and `readers`."""

    def __init__(self, cards: Collection, readers: Collection, look_up: LookUp) -> None:
        self._cards = cards
        self._readers = readers
        self._look_up = look_up

    async def ensure_indexes(self) -> None:
        """A student's card is found to be taken away."""
        await create_indexes(self._cards, [IndexModel([("student_id", ASCENDING)])])

    async def assign(self, number: str, student_id: str) -> None:
        """Give a student a card, in the place of the one that they had.

        Raises:
            Conflict: it is another student's.
            KeyUnusable: the look-up key's file can't be read.
        """
        key = self._look_up.card(number)
        held = await find_one(self._cards, {"_id": key})
        if held is None:
            await insert(self._cards, {"_id": key, "student_id": student_id}, "a student with this card")
        elif held["student_id"] != student_id:
            raise Conflict("the card is another student's: take it away from them first")
        await delete_all(self._cards, {"student_id": student_id, "_id": {"$ne": key}})

    async def take_away(self, student_id: str) -> None:
        """Let a student's card open nothing any more."""
        await delete_all(self._cards, {"student_id": student_id})

    async def has_card(self, student_id: str) -> bool:
        """Tell whether a student has a card."""
        return await find_one(self._cards, {"student_id": student_id}) is not None

    async def student_of(self, number: str) -> str | None:
        """Tell whose a card is."""
        document = await find_one(self._cards, {"_id": self._look_up.card(number)})
        return str(document["student_id"]) if document else None

    async def add_reader(self, reader: Reader) -> None:
        """Add a reader.

        Raises:
            Conflict: the id is taken.
        """
        document = {"_id": reader.id, "room_id": reader.room_id, "title": reader.title}
        await insert(self._readers, document, f"a reader {reader.id}")

    async def get_reader(self, reader_id: str) -> Reader:
        """Give a reader.

        Raises:
            Missing: there is none with that id.
        """
        document = await find_one(self._readers, {"_id": reader_id})
        if document is None:
            raise Missing(f"no reader {reader_id}")
        return _reader(document)

    async def has_reader(self, reader_id: str) -> bool:
        """Tell whether there is such a reader."""
        return await find_one(self._readers, {"_id": reader_id}) is not None

    async def page_of_readers(self, *, after: str | None, limit: int) -> list[Reader]:
        """Give the next readers in order of id."""
        query: Document = {"_id": {"$gt": after}} if after else {}
        return [_reader(each) for each in await find_all(self._readers, query, sort=[("_id", ASCENDING)], limit=limit)]


def _reader(document: Document) -> Reader:
    return Reader(document["_id"], document["room_id"], document["title"])
