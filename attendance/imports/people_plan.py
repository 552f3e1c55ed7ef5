"""Who of a bundle's users is a student, who a teacher, and what that changes.

1.1 tells a role in the line of the user, 1.2 in `roles.csv`; an enrolment as student or teacher gives that role too.
All other users (parents, aides), and other roles of theirs, are counted and left out: attendance has no need of them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from attendance.ids import new_id
from attendance.imports.findings import Findings
from attendance.imports.oneroster import Bundle, Mode
from attendance.imports.oneroster_rows import STUDENT, TEACHER
from attendance.imports.plan import Changes
from attendance.imports.settling import References, note
from attendance.people import Student, Teacher
from attendance.school import Standing

Person = TypeVar("Person", bound=Student | Teacher)


@dataclass(frozen=True, slots=True)
class PeoplePlan:
    """What becomes of students and teachers. `left_out` counts the users who are neither, and what isn't used."""

    students: Changes[Student]
    teachers: Changes[Teacher]
    student_ids: References
    teacher_ids: References
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Told:
    """What names a person, from the bundle or from before, with the id that they have or get."""

    id: str
    given_name: str
    family_name: str
    email: str | None


def plan_people(
    bundle: Bundle, students: Mapping[str, Student], teachers: Mapping[str, Teacher], findings: Findings
) -> PeoplePlan:
    """Compare a bundle's users with the people that there are."""
    told = dict(_told(bundle, students, teachers))
    roles = _roles(bundle, students, teachers, told, findings)
    of_students = _settle("students", Student, STUDENT, students, told, roles)
    of_teachers = _settle("teachers", Teacher, TEACHER, teachers, told, roles)
    ids = {role: {key: told[key].id for key, each in roles.items() if role in each} for role in (STUDENT, TEACHER)}
    others = sum(1 for key in told if not roles.get(key))
    return PeoplePlan(
        of_students,
        of_teachers,
        References("student", ids[STUDENT]),
        References("teacher", ids[TEACHER]),
        {"users who are neither students nor teachers": others, **_unused(bundle)},
    )


def _unused(bundle: Bundle) -> dict[str, int]:
    """Count what is told of other roles: of users, whether in `users.csv` or in `roles.csv`, and in classes."""
    unused: Counter[str] = Counter()
    for lines, what in (
        (bundle.users.lines.values(), "roles as"),
        (bundle.roles.lines.values(), "roles as"),
        (bundle.enrollments.lines.values(), "enrollments as"),
    ):
        standing = (line for line in lines if line.standing is Standing.ACTIVE)
        unused.update(f"{what} {line.role}" for line in standing if line.role not in (None, STUDENT, TEACHER))
    return dict(sorted(unused.items()))


def _told(
    bundle: Bundle, students: Mapping[str, Student], teachers: Mapping[str, Teacher]
) -> Iterator[tuple[str, _Told]]:
    """Give everybody who is there once the bundle is taken in."""
    users = bundle.users
    before: dict[str, Student | Teacher] = {**teachers, **students}
    for key, person in before.items():
        if users.mode is not Mode.BULK and key not in users.lines and _stands(person):
            yield key, _Told(person.id, person.given_name, person.family_name, person.email)
    for key, line in users.lines.items():
        if line.standing is Standing.ACTIVE:
            person_id = before[key].id if key in before else new_id()
            yield key, _Told(person_id, line.given_name, line.family_name, line.email)


def _roles(
    bundle: Bundle,
    students: Mapping[str, Student],
    teachers: Mapping[str, Teacher],
    told: Mapping[str, _Told],
    findings: Findings,
) -> dict[str, set[str]]:
    """Give which of the two roles each of the people told of has."""
    roles: dict[str, set[str]] = {key: set() for key in told}
    if bundle.roles.mode is not Mode.BULK:
        for role, people in ((STUDENT, students), (TEACHER, teachers)):
            for key, person in people.items():
                if key in roles and person.standing is Standing.ACTIVE and not _says_role(bundle, key):
                    roles[key].add(role)
    for key, line in bundle.users.lines.items():
        if line.standing is Standing.ACTIVE and line.role in (STUDENT, TEACHER):
            roles[key].add(line.role)
    for each in bundle.roles.lines.values():
        if each.user not in roles:
            if each.standing is Standing.ACTIVE:
                detail = f"there is no user {each.user!r}, in the files or from before"
                findings.error("dangling_reference", detail, bundle.roles.file, each.line, "userSourcedId")
        elif each.role in (STUDENT, TEACHER):
            (roles[each.user].add if each.standing is Standing.ACTIVE else roles[each.user].discard)(each.role)
    for place in bundle.enrollments.lines.values():
        if place.standing is Standing.ACTIVE and place.user in roles and place.role in (STUDENT, TEACHER):
            roles[place.user].add(place.role)
    return roles


def _says_role(bundle: Bundle, key: str) -> bool:
    """Tell whether the user's own line says the role, as in 1.1: then what was so before counts no more."""
    line = bundle.users.lines.get(key)
    return line is not None and line.standing is Standing.ACTIVE and line.role is not None


def _settle(
    what: str,
    kind: type[Person],
    role: str,
    there: Mapping[str, Person],
    told: Mapping[str, _Told],
    roles: Mapping[str, set[str]],
) -> Changes[Person]:
    changes: Changes[Person] = Changes(what)
    changes.there = sum(1 for each in there.values() if _stands(each))
    for key, person in told.items():
        if role in roles[key]:
            as_told = kind(person.id, person.given_name, person.family_name, key, person.email)
            note(changes, there.get(key), _with_what_only_we_know(there.get(key), as_told))
    for key, before in there.items():
        if _stands(before) and role not in roles.get(key, set()):
            changes.removed.append(replace(before, standing=Standing.TO_BE_DELETED))
            changes.removals.append(key)
    return changes


def _with_what_only_we_know(before: Person | None, after: Person) -> Person:
    if isinstance(before, Student) and isinstance(after, Student):
        return replace(after, needs_guardian=before.needs_guardian)
    return after


def _stands(person: Student | Teacher) -> bool:
    return person.standing is Standing.ACTIVE
