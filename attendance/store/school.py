"""Orgs, academic sessions and courses: what classes refer to. One collection each, all kept in one way."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Generic, TypeVar

from pymongo import ASCENDING, IndexModel

from attendance.school import AcademicSession, Course, Org, SessionKind, Standing
from attendance.store.bulk import Written, insert_many, update_many
from attendance.store.collection import Collection, Document, create_indexes, find_all, find_one
from attendance.store.errors import Missing

Thing = TypeVar("Thing", bound=Org | AcademicSession | Course)

# A school's own id names one thing of a kind.
UNIQUE_SOURCED_ID = IndexModel(
    [("sourced_id", ASCENDING)], unique=True, partialFilterExpression={"sourced_id": {"$type": "string"}}
)


class Things(Generic[Thing]):
    """A collection of things of one kind."""

    def __init__(
        self,
        word: str,
        collection: Collection,
        write: Callable[[Thing], Document],
        read: Callable[[Document], Thing],
    ) -> None:
        self._word = word
        self._collection = collection
        self._write = write
        self._read = read

    async def ensure_indexes(self) -> None:
        """A school's own id names one thing."""
        await create_indexes(self._collection, [UNIQUE_SOURCED_ID])

    async def get(self, thing_id: str) -> Thing:
        """Give one.

        Raises:
            Missing: there is none with that id.
        """
        return await self._only({"_id": thing_id}, f"no {self._word} {thing_id}")

    async def by_sourced_id(self, sourced_id: str) -> Thing:
        """Give the one with this id of the school's.

        Raises:
            Missing: there is none.
        """
        return await self._only({"sourced_id": sourced_id}, f"no {self._word} with the school's id {sourced_id!r}")

    async def all(self) -> list[Thing]:
        """Give all of them, those to be deleted too, in order of id."""
        return [self._read(document) for document in await find_all(self._collection, {}, sort=[("_id", ASCENDING)])]

    async def add_many(self, things: Sequence[Thing], written: Written) -> None:
        """Add some.

        Raises:
            Conflict: an id of the school's is another's.
        """
        documents = [self._write(thing) for thing in things]
        await insert_many(self._collection, documents, f"{self._word}s", written)

    async def change_many(self, things: Sequence[Thing], written: Written) -> None:
        """Write some anew.

        Raises:
            Conflict: an id of the school's is another's.
        """
        documents = [self._write(thing) for thing in things]
        updates = [({"_id": document.pop("_id")}, {"$set": document}) for document in documents]
        await update_many(self._collection, updates, f"{self._word}s", written)

    async def _only(self, query: Document, missing: str) -> Thing:
        document = await find_one(self._collection, query)
        if document is None:
            raise Missing(missing)
        return self._read(document)


def orgs(collection: Collection) -> Things[Org]:
    """Keep orgs in this collection."""
    return Things("org", collection, _org_document, _org)


def academic_sessions(collection: Collection) -> Things[AcademicSession]:
    """Keep academic sessions in this collection."""
    return Things("academic session", collection, _session_document, _session)


def courses(collection: Collection) -> Things[Course]:
    """Keep courses in this collection."""
    return Things("course", collection, _course_document, _course)


def _org_document(org: Org) -> Document:
    return {
        "_id": org.id,
        "title": org.title,
        "kind": org.kind,
        "parent_id": org.parent_id,
        "sourced_id": org.sourced_id,
        "standing": org.standing.value,
    }


def _org(document: Document) -> Org:
    return Org(
        id=document["_id"],
        title=document["title"],
        kind=document["kind"],
        parent_id=document["parent_id"],
        sourced_id=document["sourced_id"],
        standing=Standing(document["standing"]),
    )


def _session_document(session: AcademicSession) -> Document:
    return {
        "_id": session.id,
        "title": session.title,
        "kind": session.kind.value,
        "begin": session.begin.isoformat(),
        "end": session.end.isoformat(),
        "parent_id": session.parent_id,
        "sourced_id": session.sourced_id,
        "standing": session.standing.value,
    }


def _session(document: Document) -> AcademicSession:
    return AcademicSession(
        id=document["_id"],
        title=document["title"],
        kind=SessionKind(document["kind"]),
        begin=date.fromisoformat(document["begin"]),
        end=date.fromisoformat(document["end"]),
        parent_id=document["parent_id"],
        sourced_id=document["sourced_id"],
        standing=Standing(document["standing"]),
    )


def _course_document(course: Course) -> Document:
    return {
        "_id": course.id,
        "title": course.title,
        "code": course.code,
        "org_id": course.org_id,
        "sourced_id": course.sourced_id,
        "standing": course.standing.value,
    }


def _course(document: Document) -> Course:
    return Course(
        id=document["_id"],
        title=document["title"],
        code=document["code"],
        org_id=document["org_id"],
        sourced_id=document["sourced_id"],
        standing=Standing(document["standing"]),
    )
