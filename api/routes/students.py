"""Students: who they are to the school."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

from api.bodies import BodyIn, BodyOut
from api.cursors import CursorParameter, Limit, Page, make_page, read_key, write_key
from api.guard import GuardedRoute, VisitorHere
from api.idempotency import NewId, made
from api.lookups import require_sourced, require_student
from api.services import StoreHere
from api.texts import Email, Name, SourcedId, StudentId
from attendance.people import Student
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


class StudentOut(BodyOut):
    """A student."""

    id: str
    given_name: str
    family_name: str
    sourced_id: str | None
    email: str | None


@router.post("", status_code=201, summary="Add a student")
async def add_student(body: StudentIn, new_id: NewId, store: StoreHere, response: Response) -> StudentOut:
    """Add a student. 409 `conflict` where the school's own id is another student's."""
    student = Student(new_id, body.given_name, body.family_name, body.sourced_id, body.email)
    await made(student.id, store.students.add(student), store.students.get)
    response.headers["Location"] = f"/v1/students/{student.id}"
    return StudentOut.model_validate(student)


@router.get("", summary="List the students")
async def list_students(
    store: StoreHere,
    sourced_id: Annotated[Name | None, Query(description="the one with this id of the school's")] = None,
    cursor: CursorParameter = None,
    limit: Limit = 50,
) -> Page[StudentOut]:
    """List all students, in order of id."""
    if sourced_id is not None:
        try:
            found = [await store.students.by_sourced_id(sourced_id)]
        except Missing:
            found = []
        return make_page(found, limit, StudentOut.model_validate, lambda student: write_key(student.id))
    found = await store.students.page(after=read_key(cursor), limit=limit + 1)
    return make_page(found, limit, StudentOut.model_validate, lambda student: write_key(student.id))


@router.get("/{student_id}", summary="Get a student")
async def get_student(student_id: StudentId, store: StoreHere, visitor: VisitorHere) -> StudentOut:
    """Get one student; a student gets themself."""
    visitor.require("student", student_id, student_id)
    return StudentOut.model_validate(await require_student(store, student_id))


@router.get("/by-sourced-id/{sourced_id}", summary="Get a student by the school's id")
async def get_student_by_sourced_id(sourced_id: SourcedId, store: StoreHere, visitor: VisitorHere) -> StudentOut:
    """Get the student with this id of the school's; a student gets themself."""
    return StudentOut.model_validate(await require_sourced(store, visitor, sourced_id))
