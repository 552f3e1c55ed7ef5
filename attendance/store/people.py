"""People of one kind. What names them is kept sealed; by the school's own id they are found through its keyed hash."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from attendance.identity import Fields, IdentityCodec, is_plain
from attendance.people import Student, Teacher
from attendance.school import Standing
from attendance.store.bulk import Written, insert_many, update_many
from attendance.store.collection import (
    IDS_AT_ONCE,
    MOST_CONFLICTS,
    Collection,
    Document,
    create_indexes,
    delete_all,
    find_all,
    find_by_ids,
    find_one,
    insert,
    update_one,
)
from attendance.store.errors import Conflict, Missing
from attendance.store.look_up import LookUp

Person = TypeVar("Person", bound=Student | Teacher)

# Which form new documents have; `migrations.py` brings earlier ones to it.
PERSON_SCHEMA = 3
# What documents from before the codec hold for everybody to read.
CLEAR = ("given_name", "family_name", "sourced_id", "email")
_WITHOUT_CLEAR = {"$unset": dict.fromkeys(CLEAR, "")}


class People(Generic[Person]):
    """A collection of people; `Students` and `Teachers` name the two that there are."""

    def __init__(
        self, kind: type[Person], word: str, collection: Collection, codec: IdentityCodec, look_up: LookUp
    ) -> None:
        self._kind = kind
        self._word = word
        self._collection = collection
        self._codec = codec
        self._look_up = look_up

    async def ensure_indexes(self) -> None:
        """A school's own id names one person of a kind."""
        unique = IndexModel(
            [("sourced_hash", ASCENDING)], unique=True, partialFilterExpression={"sourced_hash": {"$type": "string"}}
        )
        await create_indexes(self._collection, [unique])

    async def add(self, person: Person) -> None:
        """Add a person.

        Raises:
            Conflict: the school's own id is another's.
            KeyUnusable: the person has an id of the school's, and there is no key to hash it with.
        """
        (document,) = await self._documents([person])
        await insert(self._collection, document, f"a {self._word} with the school's id {person.sourced_id!r}")

    async def change(self, person_id: str, decide: Callable[[Person], Person]) -> Person:
        """Put a decision into what is kept of a person, and give it. It is taken again where somebody was quicker.

        Raises:
            Missing: there is none with that id.
            Conflict: the school's own id is another's, or many were quicker.
            KeyUnusable: the person has an id of the school's, and there is no key to hash it with.
        """
        for _ in range(MOST_CONFLICTS):
            document = await find_one(self._collection, {"_id": person_id})
            opened = await self._opened([document] if document else [])
            if document is None or not opened:
                raise Missing(f"no {self._word} {person_id}")
            after = decide(opened[0])
            if after == opened[0]:
                return after
            (fields,) = await self._documents([after])
            as_read = {field: document.get(field) for field in ("_id", "identity", "sourced_hash", "standing")}
            try:
                done = await update_one(self._collection, as_read, {"$set": fields, **_WITHOUT_CLEAR})
            except DuplicateKeyError as error:
                raise Conflict(f"there is already a {self._word} with the school's id {after.sourced_id!r}") from error
            if done:
                return after
        raise Conflict(f"{self._word} {person_id} is being changed by others")

    async def delete(self, person_id: str) -> None:
        """Delete a person, of whom the caller knows that nothing hangs on them."""
        await delete_all(self._collection, {"_id": person_id})

    async def get(self, person_id: str) -> Person:
        """Give a person.

        Raises:
            Missing: there is none with that id.
        """
        return await self._only({"_id": person_id}, f"no {self._word} {person_id}")

    async def by_sourced_id(self, sourced_id: str) -> Person:
        """Give the person with this id of the school's.

        Raises:
            Missing: there is none.
            KeyUnusable: there is no key to find them by.
        """
        hashed = self._look_up.person(sourced_id)
        return await self._only({"sourced_hash": hashed}, f"no {self._word} with the school's id {sourced_id!r}")

    async def get_many(self, person_ids: list[str]) -> dict[str, Person]:
        """Give those of the people that there are, by id."""
        found = await self._opened(await find_by_ids(self._collection, person_ids))
        return {person.id: person for person in found}

    async def page(self, *, after: str | None, limit: int) -> list[Person]:
        """Give the next people in order of id: `limit` of them, unless these are the last ones."""
        page: list[Person] = []
        while wanted := limit - len(page):
            query: Document = {"_id": {"$gt": after}} if after else {}
            documents = await find_all(self._collection, query, sort=[("_id", ASCENDING)], limit=wanted)
            page += await self._opened(documents)
            if len(documents) < wanted:
                break
            after = documents[-1]["_id"]
        return page

    async def with_sourced_ids(self) -> list[Person]:
        """Give everybody who has an id of the school's."""
        found = await self._opened(await find_all(self._collection, {}))
        return [person for person in found if person.sourced_id is not None]

    async def add_many(self, people: Sequence[Person], written: Written) -> None:
        """Add people who have ids of the school's.

        Raises:
            Conflict: one of these ids is another's.
            KeyUnusable: there is no key to hash them with.
        """
        await insert_many(self._collection, await self._documents(people), f"{self._word}s", written)

    async def change_many(self, people: Sequence[Person], written: Written) -> None:
        """Write what is known of people anew.

        Raises:
            Conflict: an id of the school's is another's.
            KeyUnusable: there is no key to hash it with.
        """
        documents = await self._documents(people)
        updates = [({"_id": document.pop("_id")}, {"$set": document, **_WITHOUT_CLEAR}) for document in documents]
        await update_many(self._collection, updates, f"{self._word}s", written)

    async def sealing(self, documents: list[Document]) -> list[Document]:
        """Give the updates that bring documents from before the codec, before keys or before versions to today's form.

        Where somebody else got the same id of the school's meanwhile, it goes on naming them: the person of the
        earlier document keeps it, sealed, and isn't found by it.

        Raises:
            KeyUnusable: one of them has an id of the school's, and the key is missing or not this database's.
        """
        old = [document for document in documents if "identity" not in document or is_plain(document["identity"])]
        if any(document.get("sourced_id") is not None for document in old):
            await self._look_up.check()
        sealed = {document["_id"]: document for document in await self._documents(await self._opened(old))}
        found_by_it = {document["_id"] for document in documents if document.get("sourced_hash") is not None}
        taken = await self._taken([each for each in sealed.values() if each["_id"] not in found_by_it])
        updates: list[Document] = []
        for document in documents:
            fields = sealed.get(document["_id"], {})
            if fields.get("sourced_hash") in taken:
                fields["sourced_hash"] = None
            fields.pop("_id", None)
            updates.append({"$set": fields, **_WITHOUT_CLEAR})
        return updates

    async def _taken(self, documents: list[Document]) -> set[str]:
        """Give those of the documents' keyed hashes that are somebody's."""
        hashes = [document["sourced_hash"] for document in documents if document["sourced_hash"] is not None]
        taken: set[str] = set()
        for begin in range(0, len(hashes), IDS_AT_ONCE):
            query = {"sourced_hash": {"$in": hashes[begin : begin + IDS_AT_ONCE]}}
            taken.update(each["sourced_hash"] for each in await find_all(self._collection, query))
        return taken

    async def _only(self, query: Document, missing: str) -> Person:
        document = await find_one(self._collection, query)
        found = await self._opened([document] if document else [])
        if not found:
            raise Missing(missing)
        return found[0]

    async def _documents(self, people: Sequence[Person]) -> list[Document]:
        sealed = await self._codec.seal({person.id: _identity(person) for person in people})
        return [
            {
                "_id": person.id,
                "identity": sealed[person.id],
                "sourced_hash": self._look_up.person(person.sourced_id) if person.sourced_id is not None else None,
                "standing": person.standing.value,
                "schema": PERSON_SCHEMA,
            }
            for person in people
        ]

    async def _opened(self, documents: list[Document]) -> list[Person]:
        sealed = {document["_id"]: document["identity"] for document in documents if "identity" in document}
        opened = await self._codec.open(sealed)
        opened |= {
            document["_id"]: {field: document.get(field) for field in CLEAR}
            for document in documents
            if "identity" not in document
        }
        return [self._person(document, opened[document["_id"]]) for document in documents if document["_id"] in opened]

    def _person(self, document: Document, identity: Fields) -> Person:
        only = {"needs_guardian": identity.get("needs_guardian") is not None} if self._kind is Student else {}
        return self._kind(
            id=document["_id"],
            given_name=identity["given_name"] or "",
            family_name=identity["family_name"] or "",
            sourced_id=identity.get("sourced_id"),
            email=identity.get("email"),
            standing=Standing(document.get("standing", Standing.ACTIVE)),
            **only,
        )


class Students(People[Student]):
    """The collection `students`."""

    def __init__(self, collection: Collection, codec: IdentityCodec, look_up: LookUp) -> None:
        super().__init__(Student, "student", collection, codec, look_up)


class Teachers(People[Teacher]):
    """The collection `teachers`."""

    def __init__(self, collection: Collection, codec: IdentityCodec, look_up: LookUp) -> None:
        super().__init__(Teacher, "teacher", collection, codec, look_up)


def _identity(person: Student | Teacher) -> Fields:
    fields: Fields = {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "sourced_id": person.sourced_id,
        "email": person.email,
    }
    if isinstance(person, Student) and person.needs_guardian:
        fields["needs_guardian"] = "yes"
    return fields
