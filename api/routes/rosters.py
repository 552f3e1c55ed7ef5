"""Who is enrolled in a class, and from when to when."""

from datetime import date
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from api.bodies import BodyIn, BodyOut
from api.cursors import CursorParameter, Limit, Page, read_key, write_key
from api.guard import GuardedRoute, VisitorHere
from api.lookups import require_class, require_student
from api.problems import not_found
from api.services import ServicesHere, StoreHere
from api.texts import ClassId, StudentId
from api.times import DateIn, now
from attendance.people import Enrollment

router = APIRouter(prefix="/v1/classes/{class_id}", tags=["classes"], route_class=GuardedRoute)


CivilDate = date  # inside a model with a field `date`, that name is the field


class EnrollmentIn(BodyIn):
    """The civil dates between which a student is enrolled."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"begin": "2026-09-01", "end": "2027-01-31"}]})

    begin: DateIn | None = Field(default=None, description="the first day; null: from ever")
    end: DateIn | None = Field(default=None, description="the last day; null: open")

    @field_validator("end")
    @classmethod
    def _not_before_begin(cls, end: date | None, info: ValidationInfo) -> date | None:
        begin = info.data.get("begin")
        if begin is not None and end is not None and end < begin:
            raise ValueError("the last day can't lie before the first")
        return end


class EnrollmentOut(BodyOut):
    """A student's place in a class."""

    class_id: str
    student_id: str
    begin: date | None
    end: date | None


class RosterStudentOut(BodyOut):
    """A student on a roster."""

    student_id: str
    given_name: str | None
    family_name: str | None


class RosterOut(BodyOut):
    """A class' roster on a civil date."""

    class_id: str
    date: CivilDate
    students: list[RosterStudentOut]

    @classmethod
    def of(cls, class_id: str, day: CivilDate, students: list[RosterStudentOut]) -> Self:
        """Show a roster, in order of name."""
        ordered = sorted(students, key=lambda each: (each.family_name or "", each.given_name or "", each.student_id))
        return cls(class_id=class_id, date=day, students=ordered)


@router.put("/enrollments/{student_id}", summary="Enrol a student in a class")
async def enroll_student(
    class_id: ClassId, student_id: StudentId, body: EnrollmentIn, store: StoreHere
) -> EnrollmentOut:
    """Enrol a student, or change the dates: a withdrawal is an enrolment with a last day."""
    await require_class(store, class_id)
    await require_student(store, student_id)
    await store.classes.enroll(Enrollment(class_id, student_id, body.begin, body.end))
    return EnrollmentOut(class_id=class_id, student_id=student_id, begin=body.begin, end=body.end)


@router.get("/enrollments", summary="List a class' enrolments")
async def list_enrollments(
    class_id: ClassId, store: StoreHere, visitor: VisitorHere, cursor: CursorParameter = None, limit: Limit = 50
) -> Page[EnrollmentOut]:
    """List who is, was or will be in a class, with the dates, in order of the student's id."""
    visitor.require("class", class_id, class_id)
    await require_class(store, class_id)
    after = read_key(cursor) or ""
    # A student who left and came back has two: they stay on one page.
    places = [each for each in await store.classes.enrollments.of_class(class_id) if each.student_id > after]
    page = places[:limit]
    page += [each for each in places[limit:] if page and each.student_id == page[-1].student_id]
    return Page(
        items=[EnrollmentOut.model_validate(each) for each in page],
        next_cursor=write_key(page[-1].student_id) if len(places) > len(page) else None,
    )


@router.delete("/enrollments/{student_id}", status_code=204, summary="Take a student out of a class")
async def remove_enrollment(class_id: ClassId, student_id: StudentId, store: StoreHere) -> None:
    """Take back an enrolment that was a mistake: the student was never expected, and records say so within seconds.

    Who leaves a class is not taken out, but gets a last day (PUT).
    """
    await require_class(store, class_id)
    if not await store.classes.enrollments.take_out(class_id, student_id):
        raise not_found("enrolment of student", student_id)


@router.get("/roster", summary="Get a class' roster")
async def get_roster(
    class_id: ClassId,
    services: ServicesHere,
    visitor: VisitorHere,
    day: Annotated[DateIn | None, Query(alias="date", description="a civil date; today, where none is given")] = None,
) -> RosterOut:
    """Get who is enrolled on a civil date."""
    visitor.require("class", class_id, class_id)
    store = services.store
    await require_class(store, class_id)
    day = day or now().astimezone(ZoneInfo(services.settings.default_zone)).date()
    ids = await store.classes.roster(class_id, day)
    known = await store.students.get_many(ids)
    students = [
        RosterStudentOut(
            student_id=each,
            given_name=known[each].given_name if each in known else None,
            family_name=known[each].family_name if each in known else None,
        )
        for each in ids
    ]
    return RosterOut.of(class_id, day, students)
