"""Classes and the rules they are held by."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from api.bodies import BodyIn, BodyOut, changed
from api.cursors import CursorParameter, Limit, Page, make_page, read_key, write_key
from api.etags import IfMatch, require_match
from api.guard import GuardedRoute, VisitorHere
from api.idempotency import NewId, made
from api.lookups import require_class
from api.problems import Problem, not_found
from api.services import StoreHere
from api.texts import ClassId, Id, Name
from attendance.meetings import ClassRules
from attendance.people import Class
from attendance.store import Missing

router = APIRouter(prefix="/v1/classes", tags=["classes"], route_class=GuardedRoute)

_DEFAULT = ClassRules()
_SIX_HOURS = 21_600

WindowSeconds = Annotated[int, Field(ge=0, le=_SIX_HOURS)]


class RulesBody(BodyIn):
    """What a class asks of its students and of the machine."""

    arrival_opens_s: WindowSeconds = Field(
        default=int(_DEFAULT.arrival_opens.total_seconds()),
        description="how long before the start a student counts as there",
    )
    late_after_s: WindowSeconds = Field(
        default=int(_DEFAULT.late_after.total_seconds()),
        description="how long after the start a student still is on time",
    )
    coverage_floor: float = Field(
        default=_DEFAULT.coverage_floor,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="the share of time that must have been looked at before the machine says late or absent",
    )
    left_early_before_s: WindowSeconds | None = Field(
        default=None,
        description="who was last seen longer than this before the end left early; null: nobody is said to have",
    )
    minimum_stay_s: WindowSeconds | None = Field(
        default=None, description="who was there for less than this is absent; null: any time will do"
    )

    @classmethod
    def of(cls, rules: ClassRules) -> Self:
        """Show the rules."""
        return cls(
            arrival_opens_s=int(rules.arrival_opens.total_seconds()),
            late_after_s=int(rules.late_after.total_seconds()),
            coverage_floor=rules.coverage_floor,
            left_early_before_s=_seconds(rules.left_early_before),
            minimum_stay_s=_seconds(rules.minimum_stay),
        )

    def rules(self) -> ClassRules:
        """Give the rules."""
        return ClassRules(
            arrival_opens=timedelta(seconds=self.arrival_opens_s),
            late_after=timedelta(seconds=self.late_after_s),
            coverage_floor=self.coverage_floor,
            left_early_before=_span(self.left_early_before_s),
            minimum_stay=_span(self.minimum_stay_s),
        )


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())


def _span(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


class ClassIn(BodyIn):
    """A class to add."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Compilers", "sourced_id": "CS-204", "rules": {"late_after_s": 600}}]}
    )

    title: Name
    course_id: Id | None = Field(
        default=None, description="a UUID: it goes into events, which hold no id of the school"
    )
    term_id: Id | None = Field(default=None, description="a UUID: it goes into events, which hold no id of the school")
    sourced_id: Name | None = Field(default=None, description="the school's own id")
    rules: RulesBody = RulesBody()


class RulesChange(BodyIn):
    """What is to change of a class' rules; what isn't named stays."""

    arrival_opens_s: WindowSeconds | None = None
    late_after_s: WindowSeconds | None = None
    coverage_floor: float | None = Field(default=None, allow_inf_nan=False)
    left_early_before_s: WindowSeconds | None = None
    minimum_stay_s: WindowSeconds | None = None


class ClassChange(BodyIn):
    """What is to change of a class; what isn't named stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Compilers II", "rules": {"late_after_s": 300}}]}
    )

    title: Name | None = None
    course_id: Id | None = None
    term_id: Id | None = None
    sourced_id: Name | None = None
    rules: RulesChange | None = None


class ClassOut(BodyOut):
    """A class."""

    id: str
    title: str
    course_id: str | None
    term_id: str | None
    sourced_id: str | None
    rules: RulesBody

    @classmethod
    def of(cls, class_: Class, rules: ClassRules) -> Self:
        """Show a class."""
        return cls(
            id=class_.id,
            title=class_.title,
            course_id=class_.course_id,
            term_id=class_.term_id,
            sourced_id=class_.sourced_id,
            rules=RulesBody.of(rules),
        )


@router.post("", status_code=201, summary="Add a class")
async def add_class(body: ClassIn, new_id: NewId, store: StoreHere, response: Response) -> ClassOut:
    """Add a class. Its rules are copied into each meeting that is made of it."""
    class_ = Class(new_id, body.title, body.course_id, body.term_id, body.sourced_id)
    rules = body.rules.rules()
    await made(class_.id, store.classes.add(class_, rules), store.classes.get)
    response.headers["Location"] = f"/v1/classes/{class_.id}"
    return ClassOut.of(class_, rules)


@router.get("", summary="List the classes")
async def list_classes(
    store: StoreHere, visitor: VisitorHere, cursor: CursorParameter = None, limit: Limit = 50
) -> Page[ClassOut]:
    """List the classes, in order of id; a teacher's own only."""
    found = await store.classes.page(after=read_key(cursor), limit=limit + 1, among=visitor.own)
    return make_page(found, limit, lambda row: ClassOut.of(*row), lambda row: write_key(row[0].id))


@router.get("/{class_id}", summary="Get a class")
async def get_class(class_id: ClassId, store: StoreHere, visitor: VisitorHere) -> ClassOut:
    """Get one class."""
    visitor.require("class", class_id, class_id)
    return ClassOut.of(*await require_class(store, class_id))


@router.patch("/{class_id}", summary="Change a class")
async def change_class(class_id: ClassId, body: ClassChange, store: StoreHere, if_match: IfMatch = None) -> ClassOut:
    """Change what the body names. Meetings that there are keep the rules, the course and the term that they have."""

    def decide(class_: Class, rules: ClassRules) -> tuple[Class, ClassRules]:
        shown = ClassOut.of(class_, rules)
        require_match(if_match, shown)
        wanted = changed(ClassIn.model_validate(shown.model_dump(exclude={"id"})), body)
        if wanted.term_id != class_.term_id:
            class_ = replace(class_, term_id=wanted.term_id, term_ids=(wanted.term_id,) if wanted.term_id else ())
        after = replace(class_, title=wanted.title, course_id=wanted.course_id, sourced_id=wanted.sourced_id)
        return after, wanted.rules.rules()

    try:
        return ClassOut.of(*await store.classes.change(class_id, decide))
    except Missing as error:
        raise not_found("class", class_id) from error


@router.delete("/{class_id}", status_code=204, summary="Delete a class")
async def delete_class(class_id: ClassId, store: StoreHere, if_match: IfMatch = None) -> None:
    """Delete a class that was added by mistake. 409 `conflict` where it has meetings or students, of any time."""
    require_match(if_match, ClassOut.of(*await require_class(store, class_id)))
    if await store.classes.enrollments.of_class(class_id):
        raise Problem("conflict", f"students are or were in class {class_id}: take them out first")
    if await store.meetings.of_class(class_id, after=None, limit=1):
        raise Problem("conflict", f"class {class_id} has meetings: it stays")
    await store.classes.delete(class_id)
