"""Who is in a class, and from when to when: students in `enrollments`, teachers in `teachings`."""

from collections.abc import Sequence
from datetime import date, datetime

from pymongo import ASCENDING, IndexModel

from attendance.people import Enrollment, Teaching
from attendance.school import Standing
from attendance.store.bulk import Written, insert_many, update_many
from attendance.store.collection import (
    BY_CHANGE,
    IDS_AT_ONCE,
    Collection,
    Document,
    Mark,
    create_indexes,
    delete_all,
    find_all,
    find_marks,
    find_values,
    present,
    since,
    update_one,
)

# The last day of whoever was taken out of a class: before every day that is asked about.
NEVER = date(1, 1, 1)


class Enrollments:
    """The collection `enrollments`. One that was imported has the hash of the school's own id of it as its key."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def ensure_indexes(self) -> None:
        """A roster is read by class, a student's classes by student; workers ask which rosters changed."""
        by_class, by_student = IndexModel([("class_id", ASCENDING)]), IndexModel([("student_id", ASCENDING)])
        await create_indexes(self._collection, [by_class, by_student, BY_CHANGE])

    async def enroll(self, enrollment: Enrollment) -> None:
        """Enrol a student, or change the dates of an enrolment: of several in the class this one is left."""
        dates = {"begin": _written(enrollment.begin), "end": _written(enrollment.end)}
        change = {**dates, "standing": Standing.ACTIVE.value, "updated_at": present()}
        pair = {"class_id": enrollment.class_id, "student_id": enrollment.student_id}
        there = await find_all(self._collection, pair, sort=[("_id", ASCENDING)])
        key = there[0]["_id"] if there else f"{enrollment.class_id}:{enrollment.student_id}"
        await update_one(self._collection, {"_id": key}, {"$set": {**pair, **change}}, upsert=True)
        if len(there) > 1:
            await delete_all(self._collection, {**pair, "_id": {"$ne": key}})

    async def take_out(self, class_id: str, student_id: str) -> bool:
        """Take a student out of a class as if they had never been in it; tell whether they were.

        The document stays, so that workers, who ask what changed, learn of it.
        """
        if not any(each.student_id == student_id for each in await self.of_class(class_id)):
            return False
        await self.enroll(Enrollment(class_id, student_id, end=NEVER))  # of several, one is left
        return True

    async def of_class(self, class_id: str) -> list[Enrollment]:
        """Give who is, was or will be in a class, in order of student id; those taken out aren't among them."""
        found = [_enrollment(document) for document in await find_all(self._collection, {"class_id": class_id})]
        return sorted(
            (each for each in found if each.end != NEVER), key=lambda each: (each.student_id, each.begin or NEVER)
        )

    async def of_student(self, student_id: str) -> list[Enrollment]:
        """Give all of a student's places in classes, whenever they are or were."""
        documents = await find_all(self._collection, {"student_id": student_id}, sort=[("_id", ASCENDING)])
        return [_enrollment(document) for document in documents]

    async def has_student(self, student_id: str) -> bool:
        """Tell whether a student is, was or will be in any class, or was taken out of one."""
        return bool(await find_all(self._collection, {"student_id": student_id}, limit=1))

    async def roster(self, class_id: str, day: date) -> list[str]:
        """Give the ids of the students enrolled on a civil date, in order of id."""
        found = [_enrollment(document) for document in await find_all(self._collection, {"class_id": class_id})]
        return sorted({enrollment.student_id for enrollment in found if enrollment.holds_on(day)})

    async def classmates(self, student_id: str) -> list[str]:
        """Give the ids of the other students who are, were or will be in a class with this one."""
        own = await find_all(self._collection, {"student_id": student_id})
        found: set[str] = set()
        for class_id in {document["class_id"] for document in own}:
            documents = await find_all(self._collection, {"class_id": class_id})
            found |= {document["student_id"] for document in documents}
        return sorted(found - {student_id})

    async def rosters_changed_since(self, moment: datetime) -> dict[str, Mark]:
        """Give the ids of the classes whose roster changed at this moment or later, with how far it did."""
        return await find_marks(self._collection, since(moment), by="class_id", time="updated_at", counter="version")

    async def changed_since(self, moment: datetime) -> list[str]:
        """Give the ids of the classes whose roster changed at this moment or later."""
        return await find_values(self._collection, "class_id", since(moment))

    async def all(self) -> list[Enrollment]:
        """Give all of them, those that ended too."""
        return [_enrollment(document) for document in await find_all(self._collection, {})]

    async def add_many(self, enrollments: Sequence[Enrollment], written: Written) -> None:
        """Add imported ones.

        Raises:
            Conflict: another import added one of them meanwhile.
        """
        now = present()
        documents = [{"_id": each.source, **_fields(each), "updated_at": now} for each in enrollments]
        await insert_many(self._collection, documents, "enrollments", written)

    async def change_many(self, enrollments: Sequence[Enrollment], written: Written) -> None:
        """Write imported ones anew."""
        now = present()
        updates = [({"_id": each.source}, {"$set": {**_fields(each), "updated_at": now}}) for each in enrollments]
        await update_many(self._collection, updates, "enrollments", written)

    async def drop_made_by_hand(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Delete the enrolments that were made by hand of these classes and students: imported ones stand for them."""
        keys = [f"{class_id}:{student_id}" for class_id, student_id in pairs]
        for begin in range(0, len(keys), IDS_AT_ONCE):
            await delete_all(self._collection, {"_id": {"$in": keys[begin : begin + IDS_AT_ONCE]}})


class Teachings:
    """The collection `teachings`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def ensure_indexes(self) -> None:
        """Teachers are read by class, a teacher's classes by teacher."""
        by_class, by_teacher = IndexModel([("class_id", ASCENDING)]), IndexModel([("teacher_id", ASCENDING)])
        await create_indexes(self._collection, [by_class, by_teacher])

    async def of_class(self, class_id: str) -> list[Teaching]:
        """Give who teaches a class, or taught it."""
        return [_teaching(document) for document in await find_all(self._collection, {"class_id": class_id})]

    async def of_teacher(self, teacher_id: str) -> list[Teaching]:
        """Give what a teacher teaches, or taught."""
        return [_teaching(document) for document in await find_all(self._collection, {"teacher_id": teacher_id})]

    async def all(self) -> list[Teaching]:
        """Give all of them, those that ended too."""
        return [_teaching(document) for document in await find_all(self._collection, {})]

    async def add_many(self, teachings: Sequence[Teaching], written: Written) -> None:
        """Add imported ones.

        Raises:
            Conflict: another import added one of them meanwhile.
        """
        documents = [{"_id": each.source, **_teaching_fields(each)} for each in teachings]
        await insert_many(self._collection, documents, "teachings", written)

    async def change_many(self, teachings: Sequence[Teaching], written: Written) -> None:
        """Write imported ones anew."""
        updates = [({"_id": each.source}, {"$set": _teaching_fields(each)}) for each in teachings]
        await update_many(self._collection, updates, "teachings", written)


def _written(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _read(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _fields(enrollment: Enrollment) -> Document:
    return {
        "class_id": enrollment.class_id,
        "student_id": enrollment.student_id,
        "begin": _written(enrollment.begin),
        "end": _written(enrollment.end),
        "source": enrollment.source,
        "standing": enrollment.standing.value,
    }


def _enrollment(document: Document) -> Enrollment:
    return Enrollment(
        class_id=document["class_id"],
        student_id=document["student_id"],
        begin=_read(document["begin"]),
        end=_read(document["end"]),
        source=document.get("source"),
        standing=Standing(document.get("standing", Standing.ACTIVE)),
    )


def _teaching_fields(teaching: Teaching) -> Document:
    return {
        "class_id": teaching.class_id,
        "teacher_id": teaching.teacher_id,
        "primary": teaching.primary,
        "begin": _written(teaching.begin),
        "end": _written(teaching.end),
        "source": teaching.source,
        "standing": teaching.standing.value,
    }


def _teaching(document: Document) -> Teaching:
    return Teaching(
        class_id=document["class_id"],
        teacher_id=document["teacher_id"],
        primary=document["primary"],
        begin=_read(document["begin"]),
        end=_read(document["end"]),
        source=document["source"],
        standing=Standing(document["standing"]),
    )
