"""What a school is made of beside its people and classes, by OneRoster's names: orgs, academic sessions, courses."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Standing(StrEnum):
    """Whether the school still has it (OneRoster `status`). What is to be deleted stays for the sake of the past."""

    ACTIVE = "active"
    TO_BE_DELETED = "tobedeleted"


class SessionKind(StrEnum):
    """What a span of the school's calendar is (OneRoster `type`)."""

    SCHOOL_YEAR = "schoolYear"
    SEMESTER = "semester"
    TERM = "term"
    GRADING_PERIOD = "gradingPeriod"


@dataclass(frozen=True, slots=True)
class Org:
    """A school, a department, a district. `kind` is OneRoster's `type`, which schools extend."""

    id: str
    title: str
    kind: str
    parent_id: str | None = None
    sourced_id: str | None = None
    standing: Standing = Standing.ACTIVE


@dataclass(frozen=True, slots=True)
class AcademicSession:
    """A term, or another span of the calendar, from one civil date to another, both inclusive."""

    id: str
    title: str
    kind: SessionKind
    begin: date
    end: date
    parent_id: str | None = None
    sourced_id: str | None = None
    standing: Standing = Standing.ACTIVE


@dataclass(frozen=True, slots=True)
class Course:
    """What is taught, again and again; a class is one time that it is taught."""

    id: str
    title: str
    code: str | None = None
    org_id: str | None = None
    sourced_id: str | None = None
    standing: Standing = Standing.ACTIVE
