"""Classes and who is enrolled in them."""

from datetime import date, datetime, timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel

from attendance.meetings import ClassRules
from attendance.people import Class, Enrollment
from attendance.store.collection import (
    BY_CHANGE,
    Collection,
    Document,
    Mark,
    create_indexes,
    find_all,
    find_by_ids,
    find_marks,
    find_one,
    find_values,
    insert,
    present,
    since,
    update_one,
)
from attendance.store.errors import Missing


class Classes:
    """The collections `classes` and `enrollments`."""

    def __init__(self, classes: Collection, enrollments: Collection) -> None:
        self._classes = classes
        self._enrollments = enrollments

    async def ensure_indexes(self) -> None:
        """A roster is read by class, a student's classes by student; workers ask which rosters changed."""
        by_class, by_student = IndexModel([("class_id", ASCENDING)]), IndexModel([("student_id", ASCENDING)])
        await create_indexes(self._enrollments, [by_class, by_student, BY_CHANGE])

    async def add(self, class_: Class, rules: ClassRules) -> None:
        """Add a class.

        Raises:
            Conflict: the id is taken.
        """
        document = {
            "_id": class_.id,
            "title": class_.title,
            "course_id": class_.course_id,
            "term_id": class_.term_id,
            "sourced_id": class_.sourced_id,
            "rules": rules_to_document(rules),
        }
        await insert(self._classes, document, f"a class {class_.id}")

    async def get(self, class_id: str) -> tuple[Class, ClassRules]:
        """Give a class and its rules.

        Raises:
            Missing: there is none with that id.
        """
        document = await find_one(self._classes, {"_id": class_id})
        if document is None:
            raise Missing(f"no class {class_id}")
        return _class(document), rules_from_document(document["rules"])

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
        key = f"{enrollment.class_id}:{enrollment.student_id}"
        fields = {
            "class_id": enrollment.class_id,
            "student_id": enrollment.student_id,
            "begin": enrollment.begin.isoformat() if enrollment.begin else None,
            "end": enrollment.end.isoformat() if enrollment.end else None,
            "updated_at": present(),
        }
        await update_one(self._enrollments, {"_id": key}, {"$set": fields}, upsert=True)

    async def roster(self, class_id: str, day: date) -> list[str]:
        """Give the ids of the students enrolled on a civil date, in order of id."""
        documents = await find_all(self._enrollments, {"class_id": class_id})
        enrollments = [_enrollment(document) for document in documents]
        return sorted(enrollment.student_id for enrollment in enrollments if enrollment.holds_on(day))

    async def rosters_changed_since(self, moment: datetime) -> dict[str, Mark]:
        """Give the ids of the classes whose roster changed at this moment or later, with how far it did."""
        query = since(moment)
        return await find_marks(self._enrollments, query, by="class_id", time="updated_at", counter="version")

    async def changed_since(self, moment: datetime) -> list[str]:
        """Give the ids of the classes whose roster changed at this moment or later."""
        return await find_values(self._enrollments, "class_id", since(moment))


def _class(document: Document) -> Class:
    return Class(
        id=document["_id"],
        title=document["title"],
        course_id=document["course_id"],
        term_id=document["term_id"],
        sourced_id=document["sourced_id"],
    )


def _enrollment(document: Document) -> Enrollment:
    return Enrollment(
        class_id=document["class_id"],
        student_id=document["student_id"],
        begin=date.fromisoformat(document["begin"]) if document["begin"] else None,
        end=date.fromisoformat(document["end"]) if document["end"] else None,
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
