"""Students, their consent, and the classes they are enrolled in."""

from dataclasses import dataclass
from datetime import date, datetime

from recognition import Template


@dataclass(frozen=True, slots=True)
class Student:
    """A student. `sourced_id` is the school's own id (OneRoster sourcedId); it never leaves in an event."""

    id: str
    given_name: str
    family_name: str
    sourced_id: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A recorded basis for keeping templates: which notice, said by whom, when; a guardian where under age."""

    student_id: str
    basis: str
    notice_version: str
    given_by: str
    given_at: datetime
    guardian: str | None = None


@dataclass(frozen=True, slots=True)
class Class:
    """A class (OneRoster): a course taught to a roster in a term. Rules in `meetings.ClassRules`."""

    id: str
    title: str
    course_id: str | None = None
    term_id: str | None = None
    sourced_id: str | None = None


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A student's place in a class, from one civil date to another, both inclusive; None is open."""

    class_id: str
    student_id: str
    begin: date | None = None
    end: date | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether the student is expected on this civil date."""
        return (self.begin is None or self.begin <= day) and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """One photo's template; the picture itself is not kept."""

    id: str
    student_id: str
    template: Template
    created_at: datetime
