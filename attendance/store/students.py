"""Students."""

from pymongo import ASCENDING, IndexModel

from attendance.people import Student
from attendance.store.collection import Collection, Document, create_indexes, find_all, find_by_ids, find_one, insert
from attendance.store.errors import Missing


class Students:
    """The collection `students`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def ensure_indexes(self) -> None:
        """A school's own id names one student."""
        unique = IndexModel(
            [("sourced_id", ASCENDING)], unique=True, partialFilterExpression={"sourced_id": {"$type": "string"}}
        )
        await create_indexes(self._collection, [unique])

    async def add(self, student: Student) -> None:
        """Add a student.

        Raises:
            Conflict: the school's own id is another student's.
        """
        await insert(self._collection, _to_document(student), f"a student with the school's id {student.sourced_id!r}")

    async def get(self, student_id: str) -> Student:
        """Give a student.

        Raises:
            Missing: there is none with that id.
        """
        document = await find_one(self._collection, {"_id": student_id})
        if document is None:
            raise Missing(f"no student {student_id}")
        return _from_document(document)

    async def get_many(self, student_ids: list[str]) -> dict[str, Student]:
        """Give those of the students that there are, by id."""
        documents = await find_by_ids(self._collection, student_ids)
        return {document["_id"]: _from_document(document) for document in documents}

    async def page(self, *, after: str | None, limit: int) -> list[Student]:
        """Give the next students in order of id."""
        query: Document = {"_id": {"$gt": after}} if after else {}
        documents = await find_all(self._collection, query, sort=[("_id", ASCENDING)], limit=limit)
        return [_from_document(document) for document in documents]


def _to_document(student: Student) -> Document:
    return {
        "_id": student.id,
        "given_name": student.given_name,
        "family_name": student.family_name,
        "sourced_id": student.sourced_id,
        "email": student.email,
    }


def _from_document(document: Document) -> Student:
    return Student(
        id=document["_id"],
        given_name=document["given_name"],
        family_name=document["family_name"],
        sourced_id=document.get("sourced_id"),
        email=document.get("email"),
    )
