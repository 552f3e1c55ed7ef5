"""What a line of each OneRoster file says, by the names of the CSV binding of 1.1 and 1.2."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from attendance.imports.tables import LONGEST_ID, BadCell, Row
from attendance.school import SessionKind, Standing

STUDENT, TEACHER = "student", "teacher"
# The roles that a person can have; only students and teachers are taken in.
_ROLES = (
    "administrator",
    "aide",
    "counselor",
    "districtAdministrator",
    "guardian",
    "parent",
    "principal",
    "proctor",
    "relative",
    "siteAdministrator",
    STUDENT,
    "systemAdministrator",
    TEACHER,
)
# What schools write for a truth.
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Line:
    """What every line has: where it is, the school's id of what it tells, and whether that is to be deleted."""

    line: int
    id: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class OrgLine(Line):
    """A line of `orgs.csv`."""

    title: str
    kind: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class SessionLine(Line):
    """A line of `academicSessions.csv`; `end` is the last day."""

    title: str
    kind: SessionKind
    begin: date
    end: date
    parent: str | None


@dataclass(frozen=True, slots=True)
class CourseLine(Line):
    """A line of `courses.csv`."""

    title: str
    code: str | None
    org: str | None


@dataclass(frozen=True, slots=True)
class ClassLine(Line):
    """A line of `classes.csv`."""

    title: str
    code: str | None
    course: str
    org: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UserLine(Line):
    """A line of `users.csv`; `role` is told there by 1.1 only."""

    given_name: str
    family_name: str
    email: str | None
    role: str | None


@dataclass(frozen=True, slots=True)
class RoleLine(Line):
    """A line of `roles.csv`, which 1.2 has."""

    user: str
    role: str


@dataclass(frozen=True, slots=True)
class EnrollmentLine(Line):
    """A line of `enrollments.csv`; `end` is the last day."""

    class_: str
    user: str
    role: str
    primary: bool
    begin: date | None
    end: date | None


def org(row: Row, head: Line) -> OrgLine:
    """Read an org."""
    return OrgLine(head.line, head.id, head.standing, row.text("name"), row.text("type"), _id(row, "parentSourcedId"))


def session(row: Row, head: Line) -> SessionLine:
    """Read an academic session. OneRoster's `endDate` is the day after the last one."""
    begin, after = row.day("startDate"), row.day("endDate")
    kind = row.word("type", (each.value for each in SessionKind))
    if begin is None or after is None or kind is None:
        raise BadCell("missing_value", "type, startDate and endDate have to be there")
    end = max(begin, after - timedelta(days=1))
    if after < begin:
        raise BadCell("bad_date", "endDate lies before startDate")
    parent = _id(row, "parentSourcedId")
    return SessionLine(head.line, head.id, head.standing, row.text("title"), SessionKind(kind), begin, end, parent)


def course(row: Row, head: Line) -> CourseLine:
    """Read a course."""
    code, org_id = row.optional("courseCode"), _id(row, "orgSourcedId")
    return CourseLine(head.line, head.id, head.standing, row.text("title"), code, org_id)


def class_(row: Row, head: Line) -> ClassLine:
    """Read a class."""
    return ClassLine(
        head.line,
        head.id,
        head.standing,
        title=row.text("title"),
        code=row.optional("classCode"),
        course=row.text("courseSourcedId", LONGEST_ID),
        org=row.text("schoolSourcedId", LONGEST_ID),
        terms=row.ids("termSourcedIds"),
    )


def user(row: Row, head: Line) -> UserLine:
    """Read a user. One of the two names may be empty: not everybody has two."""
    names = [name for name in (row.optional("givenName"), row.optional("familyName")) if name]
    if not names:
        raise BadCell("missing_value", "givenName and familyName are empty")
    email = row.optional("email", 254)
    if email is not None and (email.count("@") != 1 or " " in email):
        raise BadCell("bad_email", "email: an address has one @ and no spaces")
    given, family = names[0], names[1] if len(names) > 1 else ""
    return UserLine(head.line, head.id, head.standing, given, family, email, _role(row))


def role(row: Row, head: Line) -> RoleLine:
    """Read a user's role."""
    told = _role(row)
    if told is None:
        raise BadCell("missing_value", "role is empty")
    return RoleLine(head.line, head.id, head.standing, row.text("userSourcedId", LONGEST_ID), told)


def enrollment(row: Row, head: Line) -> EnrollmentLine:
    """Read an enrolment. OneRoster's `endDate` is the day after the last one."""
    begin, after = row.day("beginDate"), row.day("endDate")
    if begin is not None and after is not None and after < begin:
        raise BadCell("bad_date", "endDate lies before beginDate")
    told = _role(row)
    if told is None:
        raise BadCell("missing_value", "role is empty")
    primary = row.word("primary", _TRUTHS)
    return EnrollmentLine(
        head.line,
        head.id,
        head.standing,
        class_=row.text("classSourcedId", LONGEST_ID),
        user=row.text("userSourcedId", LONGEST_ID),
        role=told,
        primary=_TRUTHS[primary] if primary else False,
        begin=begin,
        end=after - timedelta(days=1) if after else None,
    )


def _id(row: Row, column: str) -> str | None:
    return row.optional(column, LONGEST_ID)


def _role(row: Row) -> str | None:
    return row.word("role", _ROLES)


Reader = Callable[[Row, Line], Line]

# File (without `.csv`): how a line is read, and which columns it can't do without.
FILES: Mapping[str, tuple[Reader, tuple[str, ...]]] = {
    "orgs": (org, ("sourcedId", "name", "type")),
    "academicSessions": (session, ("sourcedId", "title", "type", "startDate", "endDate")),
    "courses": (course, ("sourcedId", "title")),
    "classes": (class_, ("sourcedId", "title", "courseSourcedId", "schoolSourcedId", "termSourcedIds")),
    "users": (user, ("sourcedId", "givenName", "familyName")),
    "roles": (role, ("sourcedId", "userSourcedId", "role")),
    "enrollments": (enrollment, ("sourcedId", "classSourcedId", "userSourcedId", "role")),
}
