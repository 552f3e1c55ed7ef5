"""Who is in which class, as student or as teacher, and what that changes."""

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

from attendance.imports.findings import Findings
from attendance.imports.oneroster import Mode, Part
from attendance.imports.oneroster_rows import STUDENT, TEACHER, EnrollmentLine
from attendance.imports.plan import Changes
from attendance.imports.settling import Dangling, References
from attendance.people import Enrollment, Teaching
from attendance.school import Standing

Place = TypeVar("Place", bound=Enrollment | Teaching)

# Gives the keyed hash of the school's own id of an enrolment.
Digest = Callable[[str], str]


def plan_places(
    part: Part[EnrollmentLine],
    enrollments: Mapping[str, Enrollment],
    teachings: Mapping[str, Teaching],
    *,
    digest: Digest,
    classes: References,
    students: References,
    teachers: References,
    over_classes: Container[str],
    names: Mapping[str, str],
    today: date,
    findings: Findings,
) -> tuple[Changes[Enrollment], Changes[Teaching]]:
    """Compare the lines of a bundle with the imported enrolments that there are, by the hash of the school's id.

    `over_classes`: our ids of the classes that are over; their enrolments are left as they are.
    `names`: the school's ids of classes and people by ours, to tell what is removed.
    """
    lines = {digest(key): line for key, line in part.lines.items()}

    def enrollment(source: str, line: EnrollmentLine) -> Enrollment:
        class_id, student_id = classes.of(line.class_, "classSourcedId"), students.of(line.user, "userSourcedId")
        return Enrollment(class_id, student_id, line.begin, line.end, source)

    def teaching(source: str, line: EnrollmentLine) -> Teaching:
        class_id, teacher_id = classes.of(line.class_, "classSourcedId"), teachers.of(line.user, "userSourcedId")
        return Teaching(class_id, teacher_id, line.primary, line.begin, line.end, source)

    settling = _Settling(part, lines, set(classes.ids.values()), over_classes, names, today, findings)
    student_ids, teacher_ids = set(students.ids.values()), set(teachers.ids.values())
    return (
        settling.settle("enrollments", STUDENT, enrollments, enrollment, lambda each: each.student_id in student_ids),
        settling.settle("teachings", TEACHER, teachings, teaching, lambda each: each.teacher_id in teacher_ids),
    )


class _Settling:
    def __init__(
        self,
        part: Part[EnrollmentLine],
        lines: Mapping[str, EnrollmentLine],
        classes: Container[str],
        over_classes: Container[str],
        names: Mapping[str, str],
        today: date,
        findings: Findings,
    ) -> None:
        self._part = part
        self._lines = lines
        self._names = names
        self._classes = classes
        self._over_classes = over_classes
        self._today = today
        self._findings = findings

    def settle(
        self,
        what: str,
        role: str,
        there: Mapping[str, Place],
        build: Callable[[str, EnrollmentLine], Place],
        is_known: Callable[[Place], bool],
    ) -> Changes[Place]:
        changes: Changes[Place] = Changes(what)
        changes.there = sum(1 for each in there.values() if self._stands(each))
        for source, line in self._lines.items():
            if line.standing is Standing.TO_BE_DELETED or line.role != role:
                continue
            try:
                after = build(source, line)
            except Dangling as error:
                self._findings.error("dangling_reference", str(error), self._part.file, line.line, error.column)
                continue
            before = there.get(source)
            if before is None:
                changes.added.append(after)
            elif before != after:
                changes.changed.append(after)
            else:
                changes.unchanged += 1
        for source, before in there.items():
            if self._stands(before) and self._goes(source, before, role, is_known):
                changes.removed.append(self._ended(before))
                changes.removals.append(self._told(before))
        return changes

    def _goes(self, source: str, before: Place, role: str, is_known: Callable[[Place], bool]) -> bool:
        line = self._lines.get(source)
        if line is not None:
            return line.standing is Standing.TO_BE_DELETED or line.role != role
        # With the class or the person goes the place, in a delta that doesn't speak of it too.
        return self._part.mode is Mode.BULK or before.class_id not in self._classes or not is_known(before)

    def _stands(self, place: Enrollment | Teaching) -> bool:
        is_over = (place.end is not None and place.end < self._today) or place.class_id in self._over_classes
        return place.standing is Standing.ACTIVE and not is_over

    def _told(self, place: Enrollment | Teaching) -> str:
        person = place.student_id if isinstance(place, Enrollment) else place.teacher_id
        return f"{self._names.get(person, person)} in {self._names.get(place.class_id, place.class_id)}"

    def _ended(self, place: Place) -> Place:
        last = self._today - timedelta(days=1)
        end = last if place.end is None else min(place.end, last)
        return replace(place, end=end, standing=Standing.TO_BE_DELETED)
