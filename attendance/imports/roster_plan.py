"""From a OneRoster bundle and what is there to a plan: the same bundle twice changes nothing the second time.

A bulk file is all that there is: what it leaves out is removed, unless it is over anyway (a class whose terms ended, an
enrolment that ended). A delta file says what changed. Nothing is deleted: what is removed is marked, and an enrolment
ends the day before, so that the past stays as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from attendance.imports.findings import Findings
from attendance.imports.oneroster import Bundle
from attendance.imports.oneroster_rows import ClassLine, CourseLine, OrgLine, SessionLine
from attendance.imports.people_plan import plan_people
from attendance.imports.places_plan import Digest, plan_places
from attendance.imports.plan import Changes, refusal_of
from attendance.imports.settling import References, has_ended, references, settle
from attendance.people import Class, Enrollment, Student, Teacher, Teaching
from attendance.school import AcademicSession, Course, Org


@dataclass(frozen=True, slots=True)
class School:
    """What is there and has an id of the school's, by that id; enrolments by its hash.

    `by_hand`: class and student of each enrolment that was made by hand.
    """

    orgs: Mapping[str, Org] = field(default_factory=dict)
    sessions: Mapping[str, AcademicSession] = field(default_factory=dict)
    courses: Mapping[str, Course] = field(default_factory=dict)
    classes: Mapping[str, Class] = field(default_factory=dict)
    students: Mapping[str, Student] = field(default_factory=dict)
    teachers: Mapping[str, Teacher] = field(default_factory=dict)
    enrollments: Mapping[str, Enrollment] = field(default_factory=dict)
    teachings: Mapping[str, Teaching] = field(default_factory=dict)
    by_hand: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class RosterPlan:
    """What a bundle would change, in the order in which it is written. `left_out` counts what isn't used.

    `replaced`: class and student of each enrolment made by hand for which an imported one stands from now on.
    """

    orgs: Changes[Org]
    sessions: Changes[AcademicSession]
    courses: Changes[Course]
    classes: Changes[Class]
    students: Changes[Student]
    teachers: Changes[Teacher]
    enrollments: Changes[Enrollment]
    teachings: Changes[Teaching]
    replaced: tuple[tuple[str, str], ...]
    left_out: dict[str, int]

    @property
    def changes(self) -> tuple[Changes[Any], ...]:
        """The changes of each kind."""
        return (
            self.orgs,
            self.sessions,
            self.courses,
            self.classes,
            self.students,
            self.teachers,
            self.enrollments,
            self.teachings,
        )

    @property
    def refusal(self) -> str | None:
        """What keeps it from being carried out without being forced."""
        return refusal_of(self.changes)


def plan_roster(bundle: Bundle, there: School, *, digest: Digest, today: date, findings: Findings) -> RosterPlan:
    """Compare a bundle with what is there. A name that nothing bears is an error in the findings.

    Args:
        bundle: a bundle that was read without errors.
        there: what is in the store.
        digest: gives the keyed hash of the school's own id of an enrolment.
        today: the civil date at the campus.
        findings: where faults go.
    """
    orgs = references("org", bundle.orgs, there.orgs)
    sessions = references("academic session", bundle.sessions, there.sessions)
    courses = references("course", bundle.courses, there.courses)
    classes = references("class", bundle.classes, there.classes)
    ended = {each.id for each in there.sessions.values() if has_ended(each, today)}

    def is_over(class_: Class) -> bool:
        return bool(class_.term_ids) and ended.issuperset(class_.term_ids)

    people = plan_people(bundle, there.students, there.teachers, findings)
    enrollments, teachings = plan_places(
        bundle.enrollments,
        there.enrollments,
        there.teachings,
        digest=digest,
        classes=classes,
        students=people.student_ids,
        teachers=people.teacher_ids,
        over_classes={each.id for each in there.classes.values() if is_over(each)},
        names={each.id: key for kind in (there.classes, there.teachers, there.students) for key, each in kind.items()},
        today=today,
        findings=findings,
    )
    pairs = {(each.class_id, each.student_id) for each in (*enrollments.added, *enrollments.changed)}
    return RosterPlan(
        orgs=settle("orgs", bundle.orgs, there.orgs, lambda line: _org(line, orgs), findings),
        sessions=settle(
            "academic sessions",
            bundle.sessions,
            there.sessions,
            lambda line: _session(line, sessions),
            findings,
            is_over=lambda each: has_ended(each, today),
        ),
        courses=settle("courses", bundle.courses, there.courses, lambda line: _course(line, courses, orgs), findings),
        classes=settle(
            "classes",
            bundle.classes,
            there.classes,
            lambda line: _class(line, classes, courses, orgs, sessions),
            findings,
            is_over=is_over,
        ),
        students=people.students,
        teachers=people.teachers,
        enrollments=enrollments,
        teachings=teachings,
        replaced=tuple(sorted(pairs & there.by_hand)),
        left_out=people.left_out,
    )


def _org(line: OrgLine, orgs: References) -> Org:
    parent = orgs.of_optional(line.parent, "parentSourcedId")
    return Org(orgs.of(line.id, "sourcedId"), line.title, line.kind, parent, line.id)


def _session(line: SessionLine, sessions: References) -> AcademicSession:
    parent = sessions.of_optional(line.parent, "parentSourcedId")
    session_id = sessions.of(line.id, "sourcedId")
    return AcademicSession(session_id, line.title, line.kind, line.begin, line.end, parent, line.id)


def _course(line: CourseLine, courses: References, orgs: References) -> Course:
    org = orgs.of_optional(line.org, "orgSourcedId")
    return Course(courses.of(line.id, "sourcedId"), line.title, line.code, org, line.id)


def _class(line: ClassLine, classes: References, courses: References, orgs: References, sessions: References) -> Class:
    terms = tuple(sessions.of(term, "termSourcedIds") for term in line.terms)
    return Class(
        id=classes.of(line.id, "sourcedId"),
        title=line.title,
        course_id=courses.of(line.course, "courseSourcedId"),
        term_id=terms[0] if terms else None,
        sourced_id=line.id,
        code=line.code,
        org_id=orgs.of(line.org, "schoolSourcedId"),
        term_ids=terms,
    )
