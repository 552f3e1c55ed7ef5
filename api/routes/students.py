"""Students: who they are to the school."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

from api.bodies import BodyIn, BodyOut, changed
from api.cursors import CursorParameter, Limit, Page, make_page, read_key, write_key
from api.etags import IfMatch, require_match
from api.guard import GuardedRoute, VisitorHere
from api.idempotency import NewId, made
from api.lookups import page_of_students, require_sourced, require_student
from api.problems import Problem, not_found
from api.services import StoreHere
from api.texts import Email, Name, SourcedId, StudentId
from api.times import now
from attendance.people import Student
from attendance.rights import Role
from attendance.store import Missing

router = APIRouter(prefix="/v1/students", tags=["students"], route_class=GuardedRoute)


class StudentIn(BodyIn):
    """A student to add."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"given_name": "Grace", "family_name": "Hopper", "sourced_id": "s-1906", "email": "g@example.org"}
            ]
        }
    )

    given_name: Name
    family_name: Name | Literal[""] = Field(default="", description="may be empty: not everybody has two names")
    sourced_id: Name | None = Field(default=None, description="the school's own id; one student's only")
    email: Email | None = None
    needs_guardian: bool = Field(default=False, description="under age: a guardian has to agree to a consent")


class StudentChange(BodyIn):
    """What is to change of a student; what isn't named stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"family_name": "Hopper-Murray", "email": None}]})

    given_name: Name | None = None
    family_name: Name | Literal[""] | None = None
    sourced_id: Name | None = None
    email: Email | None = None
    needs_guardian: bool | None = None


class StudentOut(BodyOut):
    """A student."""

    id: str
    given_name: str
    family_name: str
    sourced_id: str | None
    email: str | None
    needs_guardian: bool


@router.post("", status_code=201, summary="Add a student")
async def add_student(body: StudentIn, new_id: NewId, store: StoreHere, response: Response) -> StudentOut:
    """Add a student. 409 `conflict` where the school's own id is another student's."""
    student = Student(new_id, **body.model_dump())
    await made(student.id, store.students.add(student), store.students.get)
    response.headers["Location"] = f"/v1/students/{student.id}"
    return StudentOut.model_validate(student)


@router.get("", summary="List the students")
async def list_students(
    store: StoreHere,
    visitor: VisitorHere,
    sourced_id: Annotated[Name | None, Query(description="the one with this id of the school's")] = None,
    cursor: CursorParameter = None,
    limit: Limit = 50,
) -> Page[StudentOut]:
    """List all students, in order of id; an adviser's own only."""
    if sourced_id is not None:
        try:
            found = [await store.students.by_sourced_id(sourced_id)]
        except Missing:
            found = []
        found = [student for student in found if visitor.owns_one_of(student.id)]
        return make_page(found, limit, StudentOut.model_validate, lambda student: write_key(student.id))
    found = await page_of_students(store, visitor, after=read_key(cursor), limit=limit + 1)
    return make_page(found, limit, StudentOut.model_validate, lambda student: write_key(student.id))


@router.get("/{student_id}", summary="Get a student")
async def get_student(student_id: StudentId, store: StoreHere, visitor: VisitorHere) -> StudentOut:
    """Get one student; a student gets themself, an adviser their own."""
    visitor.require("student", student_id, student_id)
    return StudentOut.model_validate(await require_student(store, student_id))


@router.patch("/{student_id}", summary="Change a student")
async def change_student(
    student_id: StudentId, body: StudentChange, store: StoreHere, if_match: IfMatch = None
) -> StudentOut:
    """Change what the body names. 409 `conflict` where the school's own id is another student's."""

    def decide(student: Student) -> Student:
        require_match(if_match, StudentOut.model_validate(student))
        wanted = changed(StudentIn.model_validate(StudentOut.model_validate(student).model_dump(exclude={"id"})), body)
        return replace(student, **wanted.model_dump())

    try:
        return StudentOut.model_validate(await store.students.change(student_id, decide))
    except Missing as error:
        raise not_found("student", student_id) from error


@router.delete("/{student_id}", status_code=204, summary="Delete a student")
async def delete_student(student_id: StudentId, store: StoreHere, if_match: IfMatch = None) -> None:
    """Delete a student who was added by mistake.

    409 `conflict` where the student has consent, photos, a place in a class or a record: those are kept, or erased, by
    rules of their own.
    """
    require_match(if_match, StudentOut.model_validate(await require_student(store, student_id)))
    if await store.biometrics.consent_of(student_id):
        raise Problem("conflict", f"student {student_id} has a consent: withdraw it first")
    if await store.classes.enrollments.has_student(student_id):
        raise Problem("conflict", f"student {student_id} is or was in a class")
    if await store.records.of_student(student_id, start=None, end=None, after=None, limit=1):
        raise Problem("conflict", f"student {student_id} has records of attendance")
    await store.tokens.revoke_of(Role.STUDENT, student_id, now())
    await store.students.delete(student_id)


@router.get("/by-sourced-id/{sourced_id}", summary="Get a student by the school's id")
async def get_student_by_sourced_id(sourced_id: SourcedId, store: StoreHere, visitor: VisitorHere) -> StudentOut:
    """Get the student with this id of the school's; a student gets themself."""
    return StudentOut.model_validate(await require_sourced(store, visitor, sourced_id))
