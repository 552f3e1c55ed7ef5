"""Students. What names them is kept sealed; by the school's own id they are found through its keyed hash."""

from pymongo import ASCENDING, IndexModel

from attendance.identity import Fields, IdentityCodec
from attendance.people import Student
from attendance.store.collection import Collection, Document, create_indexes, find_all, find_by_ids, find_one, insert
from attendance.store.errors import Missing
from attendance.store.look_up import LookUp


class Students:
    """The collection `students`."""

    def __init__(self, collection: Collection, codec: IdentityCodec, look_up: LookUp) -> None:
        self._collection = collection
        self._codec = codec
        self._look_up = look_up

    async def ensure_indexes(self) -> None:
        """A school's own id names one student."""
        unique = IndexModel(
            [("sourced_hash", ASCENDING)], unique=True, partialFilterExpression={"sourced_hash": {"$type": "string"}}
        )
        await create_indexes(self._collection, [unique])

    async def add(self, student: Student) -> None:
        """Add a student.

        Raises:
            Conflict: the school's own id is another student's.
            KeyUnusable: the student has an id of the school's, and there is no key to hash it with.
        """
        sealed = await self._codec.seal({student.id: _identity(student)})
        document = {
            "_id": student.id,
            "identity": sealed[student.id],
            "sourced_hash": self._look_up.person(student.sourced_id) if student.sourced_id is not None else None,
        }
        await insert(self._collection, document, f"a student with the school's id {student.sourced_id!r}")

    async def get(self, student_id: str) -> Student:
        """Give a student.

        Raises:
            Missing: there is none with that id.
        """
        return await self._only({"_id": student_id}, f"no student {student_id}")

    async def by_sourced_id(self, sourced_id: str) -> Student:
        """Give the student with this id of the school's.

        Raises:
            Missing: there is none.
            KeyUnusable: there is no key to find them by.
        """
        hashed = self._look_up.person(sourced_id)
        return await self._only({"sourced_hash": hashed}, f"no student with the school's id {sourced_id!r}")

    async def get_many(self, student_ids: list[str]) -> dict[str, Student]:
        """Give those of the students that there are, by id."""
        found = await self._opened(await find_by_ids(self._collection, student_ids))
        return {student.id: student for student in found}

    async def page(self, *, after: str | None, limit: int) -> list[Student]:
        """Give the next students in order of id: `limit` of them, unless these are the last ones."""
        page: list[Student] = []
        while wanted := limit - len(page):
            query: Document = {"_id": {"$gt": after}} if after else {}
            documents = await find_all(self._collection, query, sort=[("_id", ASCENDING)], limit=wanted)
            page += await self._opened(documents)
            if len(documents) < wanted:
                break
            after = documents[-1]["_id"]
        return page

    async def _only(self, query: Document, missing: str) -> Student:
        document = await find_one(self._collection, query)
        found = await self._opened([document] if document else [])
        if not found:
            raise Missing(missing)
        return found[0]

    async def _opened(self, documents: list[Document]) -> list[Student]:
        opened = await self._codec.open({document["_id"]: document["identity"] for document in documents})
        return [
            _student(document["_id"], opened[document["_id"]]) for document in documents if document["_id"] in opened
        ]


def _identity(student: Student) -> Fields:
    return {
        "given_name": student.given_name,
        "family_name": student.family_name,
        "sourced_id": student.sourced_id,
        "email": student.email,
    }


def _student(student_id: str, identity: Fields) -> Student:
    return Student(
        id=student_id,
        given_name=identity["given_name"] or "",
        family_name=identity["family_name"] or "",
        sourced_id=identity.get("sourced_id"),
        email=identity.get("email"),
    )
