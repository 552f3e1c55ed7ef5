"""Students, their consent, teachers, and the classes that both are in."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from attendance.school import Standing
from recognition import Template

# One photo knows one haircut and one light.
PHOTOS_ASKED_FOR = 2


def photos_wanted(kept: int) -> int:
    """Give how many more photos are asked for of a student of whom so many are kept."""
    return max(0, PHOTOS_ASKED_FOR - kept)


@dataclass(frozen=True, slots=True)
class Student:
    """A student. `sourced_id` is the school's own id (OneRoster sourcedId); it never leaves in an event.

    `needs_guardian`: under age; a guardian has to agree with them.
    """

    id: str
    given_name: str
    family_name: str
    sourced_id: str | None = None
    email: str | None = None
    standing: Standing = Standing.ACTIVE
    needs_guardian: bool = False


@dataclass(frozen=True, slots=True)
class Teacher:
    """A teacher. Whoever is a student as well has the same id as both."""

    id: str
    given_name: str
    family_name: str
    sourced_id: str | None = None
    email: str | None = None
    standing: Standing = Standing.ACTIVE


@dataclass(frozen=True, slots=True)
class Consent:
    """A recorded basis for keeping templates: which notice, said by whom, when; a guardian where under age.

    `given_at` is what was said, `recorded_at` when it was recorded, by the token `recorded_by`.
    """

    student_id: str
    basis: str
    notice_version: str
    given_by: str
    given_at: datetime
    guardian: str | None = None
    recorded_by: str = field(default="", compare=False)
    recorded_at: datetime | None = field(default=None, compare=False)


class ConsentStep(StrEnum):
    """What may become of a consent."""

    GIVEN = "given"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One entry of a student's history of consents: what was done, when, by whose token, and which notice they had."""

    step: ConsentStep
    at: datetime
    by: str
    notice_version: str | None = None
    basis: str | None = None
    given_by: str | None = None
    guardian: str | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawal did: how many templates are gone with their key."""

    at: datetime
    templates: int


@dataclass(frozen=True, slots=True)
class Class:
    """A class (OneRoster): a course taught to a roster in a term. Rules in `meetings.ClassRules`.

    `term_ids` are the academic sessions it is taught in; `term_id`, the first of them, is the one that events tell.
    """

    id: str
    title: str
    course_id: str | None = None
    term_id: str | None = None
    sourced_id: str | None = None
    code: str | None = None
    org_id: str | None = None
    term_ids: tuple[str, ...] = ()
    standing: Standing = Standing.ACTIVE


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A student's place in a class, from one civil date to another, both inclusive; None is open.

    A student who left and came back has two. `source` is the keyed hash of the school's own id of it: schools make
    that id out of the student's.
    """

    class_id: str
    student_id: str
    begin: date | None = None
    end: date | None = None
    source: str | None = None
    standing: Standing = Standing.ACTIVE

    def holds_on(self, day: date) -> bool:
        """Tell whether the student is expected on this civil date."""
        return (self.begin is None or self.begin <= day) and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class Teaching:
    """A teacher's part in a class, from one civil date to another, both inclusive; None is open."""

    class_id: str
    teacher_id: str
    primary: bool = False
    begin: date | None = None
    end: date | None = None
    source: str | None = None
    standing: Standing = Standing.ACTIVE

    def holds_on(self, day: date) -> bool:
        """Tell whether the teacher has the class on this civil date."""
        is_in = (self.begin is None or self.begin <= day) and (self.end is None or day <= self.end)
        return is_in and self.standing is Standing.ACTIVE


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """One photo's template; the picture itself is not kept."""

    id: str
    student_id: str
    template: Template
    created_at: datetime
