"""Classes and who is enrolled in them."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from attendance.meetings import ClassRules
from attendance.people import Class, Enrollment
from attendance.school import Standing
from attendance.store.bulk import Written, insert_many, update_many
from attendance.store.collection import (
    MOST_CONFLICTS,
    Collection,
    Document,
    Mark,
    create_indexes,
    delete_all,
    find_all,
    find_by_ids,
    find_one,
    insert,
    update_one,
)
from attendance.store.enrollments import Enrollments
from attendance.store.errors import Conflict, Missing
from attendance.store.school import UNIQUE_SOURCED_ID


class Classes:
    """The collections `classes` and `enrollments`."""

    def __init__(self, classes: Collection, enrollments: Collection) -> None:
        self._classes = classes
        self.enrollments = Enrollments(enrollments)

    async def ensure_indexes(self) -> None:
        """A school's own id names one class; those of the enrolments."""
        await create_indexes(self._classes, [UNIQUE_SOURCED_ID])
        await self.enrollments.ensure_indexes()

    async def add(self, class_: Class, rules: ClassRules) -> None:
        """Add a class.

        Raises:
            Conflict: the id is taken, or the school's own id is another class's.
        """
        document = {"_id": class_.id, **_fields(class_), "rules": rules_to_document(rules)}
        await insert(self._classes, document, f"a class {class_.id}, or one with the school's id {class_.sourced_id!r}")

    async def change(
        self, class_id: str, decide: Callable[[Class, ClassRules], tuple[Class, ClassRules]]
    ) -> tuple[Class, ClassRules]:
        """Put a decision into a class and its rules, and give them. It is taken again where somebody was quicker.

        Raises:
            Missing: there is none with that id.
            Conflict: the school's own id is another class's, or many were quicker.
        """
        for _ in range(MOST_CONFLICTS):
            document = await find_one(self._classes, {"_id": class_id})
            if document is None:
                raise Missing(f"no class {class_id}")
            before = _class(document), rules_from_document(document["rules"])
            after = decide(*before)
            if after == before:
                return after
            fields = {**_fields(after[0]), "rules": {**document["rules"], **rules_to_document(after[1])}}
            try:
                done = await update_one(self._classes, document, {"$set": fields})
            except DuplicateKeyError as error:
                raise Conflict(f"there is already a class with the school's id {after[0].sourced_id!r}") from error
            if done:
                return after
        raise Conflict(f"class {class_id} is being changed by others")

    async def delete(self, class_id: str) -> None:
        """Delete a class, of which the caller knows that nothing hangs on it."""
        await delete_all(self._classes, {"_id": class_id})

    async def get(self, class_id: str) -> tuple[Class, ClassRules]:
        """Give a class and its rules.

        Raises:
            Missing: there is none with that id.
        """
        document = await find_one(self._classes, {"_id": class_id})
        if document is None:
            raise Missing(f"no class {class_id}")
        return _class(document), rules_from_document(document["rules"])

    async def by_sourced_id(self, sourced_id: str) -> Class:
        """Give the class with this id of the school's.

        Raises:
            Missing: there is none.
        """
        document = await find_one(self._classes, {"sourced_id": sourced_id})
        if document is None:
            raise Missing(f"no class with the school's id {sourced_id!r}")
        return _class(document)

    async def get_many(self, class_ids: list[str]) -> dict[str, Class]:
        """Give those of the classes that there are, by id."""
        documents = await find_by_ids(self._classes, class_ids)
        return {document["_id"]: _class(document) for document in documents}

    async def page(
        self, *, after: str | None, limit: int, among: list[str] | None = None
    ) -> list[tuple[Class, ClassRules]]:
        """Give the next classes with their rules in order of id, of all or of those `among` the given ids."""
        query: Document = {"_id": {}}
        if after:
            query["_id"]["$gt"] = after
        if among is not None:
            query["_id"]["$in"] = among
        documents = await find_all(self._classes, query if query["_id"] else {}, sort=[("_id", ASCENDING)], limit=limit)
        return [(_class(document), rules_from_document(document["rules"])) for document in documents]

    async def enroll(self, enrollment: Enrollment) -> None:
        """Enrol a student, or change the dates of an enrolment."""
        await self.enrollments.enroll(enrollment)

    async def roster(self, class_id: str, day: date) -> list[str]:
        """Give the ids of the students enrolled on a civil date, in order of id."""
        return await self.enrollments.roster(class_id, day)

    async def classmates(self, student_id: str) -> list[str]:
        """Give the ids of the other students who are, were or will be in a class with this one."""
        return await self.enrollments.classmates(student_id)

    async def rosters_changed_since(self, moment: datetime) -> dict[str, Mark]:
        """Give the ids of the classes whose roster changed at this moment or later, with how far it did."""
        return await self.enrollments.rosters_changed_since(moment)

    async def changed_since(self, moment: datetime) -> list[str]:
        """Give the ids of the classes whose roster changed at this moment or later."""
        return await self.enrollments.changed_since(moment)

    async def all(self) -> list[Class]:
        """Give all classes, those to be deleted too."""
        return [_class(document) for document in await find_all(self._classes, {})]

    async def all_with_rules(self) -> list[tuple[Class, ClassRules]]:
        """Give all classes with their rules, those to be deleted too."""
        documents = await find_all(self._classes, {})
        return [(_class(document), rules_from_document(document["rules"])) for document in documents]

    async def add_many(self, classes: Sequence[Class], written: Written) -> None:
        """Add classes with the rules that a class has that says nothing.

        Raises:
            Conflict: an id of the school's is another class's.
        """
        rules = rules_to_document(ClassRules())
        documents = [{"_id": class_.id, **_fields(class_), "rules": rules} for class_ in classes]
        await insert_many(self._classes, documents, "classes", written)

    async def change_many(self, classes: Sequence[Class], written: Written) -> None:
        """Write classes anew; their rules stay.

        Raises:
            Conflict: an id of the school's is another class's.
        """
        updates = [({"_id": class_.id}, {"$set": _fields(class_)}) for class_ in classes]
        await update_many(self._classes, updates, "classes", written)


def _fields(class_: Class) -> Document:
    return {
        "title": class_.title,
        "course_id": class_.course_id,
        "term_id": class_.term_id,
        "sourced_id": class_.sourced_id,
        "code": class_.code,
        "org_id": class_.org_id,
        "term_ids": list(class_.term_ids),
        "standing": class_.standing.value,
    }


def _class(document: Document) -> Class:
    return Class(
        id=document["_id"],
        title=document["title"],
        course_id=document["course_id"],
        term_id=document["term_id"],
        sourced_id=document["sourced_id"],
        code=document.get("code"),
        org_id=document.get("org_id"),
        term_ids=tuple(document.get("term_ids", ())),
        standing=Standing(document.get("standing", Standing.ACTIVE)),
    )


def rules_to_document(rules: ClassRules) -> Document:
    """Write the rules of a class; a meeting keeps a copy, so that a later change doesn't touch the past."""
    return {
        "arrival_opens_s": rules.arrival_opens.total_seconds(),
        "late_after_s": rules.late_after.total_seconds(),
        "coverage_floor": rules.coverage_floor,
        "left_early_before_s": _seconds(rules.left_early_before),
        "minimum_stay_s": _seconds(rules.minimum_stay),
    }


def rules_from_document(document: dict[str, Any]) -> ClassRules:
    """Read the rules of a class."""
    return ClassRules(
        arrival_opens=timedelta(seconds=document["arrival_opens_s"]),
        late_after=timedelta(seconds=document["late_after_s"]),
        coverage_floor=document["coverage_floor"],
        left_early_before=_span(document.get("left_early_before_s")),
        minimum_stay=_span(document.get("minimum_stay_s")),
    )


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
