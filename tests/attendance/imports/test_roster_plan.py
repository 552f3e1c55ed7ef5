"""From a bundle and what is there to a plan: idempotent, careful with what it removes, and true to the past."""

import copy
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.imports.findings import Findings
from attendance.imports.oneroster import read_bundle
from attendance.imports.roster_plan import RosterPlan, School, plan_roster
from attendance.school import Standing
from tests.attendance.imports.bundles import Tables, bundle, large_school, of_version_1_1, small_school

TODAY = date(2026, 10, 5)
DELTA = ("orgs", "academicSessions", "courses", "classes", "users", "roles", "enrollments")


def plan_of(
    tables: Tables, there: School, *, today: date = TODAY, version: str = "1.2", delta: tuple[str, ...] = ()
) -> tuple[RosterPlan, Findings]:
    findings = Findings()
    read = read_bundle(bundle(tables, version=version, delta=delta), findings)
    assert read is not None
    assert findings.kept == []
    return plan_roster(read, there, digest=lambda key: f"#{key}", today=today, findings=findings), findings


def carried_out(plan: RosterPlan, there: School) -> School:
    """Give what is there after a plan, as the store would keep it."""

    def after(before: Any, changes: Any, key: str) -> dict[str, Any]:
        written = [*changes.added, *changes.changed, *changes.removed]
        return {**before, **{getattr(each, key): each for each in written}}

    return School(
        orgs=after(there.orgs, plan.orgs, "sourced_id"),
        sessions=after(there.sessions, plan.sessions, "sourced_id"),
        courses=after(there.courses, plan.courses, "sourced_id"),
        classes=after(there.classes, plan.classes, "sourced_id"),
        students=after(there.students, plan.students, "sourced_id"),
        teachers=after(there.teachers, plan.teachers, "sourced_id"),
        enrollments=after(there.enrollments, plan.enrollments, "source"),
        teachings=after(there.teachings, plan.teachings, "source"),
        by_hand=there.by_hand - set(plan.replaced),
    )


def imported(tables: Tables, there: School | None = None, **how: Any) -> School:
    plan, findings = plan_of(tables, there or School(), **how)
    assert findings.kept == []
    return carried_out(plan, there or School())


def counts(plan: RosterPlan) -> dict[str, tuple[int, int, int]]:
    return {
        each.what: (len(each.added), len(each.changed), len(each.removed)) for each in plan.changes if each.to_write
    }


def without(tables: Tables, file: str, sourced_id: str) -> Tables:
    return {**tables, file: [line for line in tables[file] if line["sourcedId"] != sourced_id]}


def test_a_first_import_adds_everything_but_those_who_are_neither_students_nor_teachers() -> None:
    plan, findings = plan_of(small_school(), School())
    assert findings.kept == []
    assert counts(plan) == {
        "orgs": (1, 0, 0),
        "academic sessions": (2, 0, 0),
        "courses": (1, 0, 0),
        "classes": (2, 0, 0),
        "students": (3, 0, 0),
        "teachers": (1, 0, 0),
        "enrollments": (3, 0, 0),
        "teachings": (1, 0, 0),
    }
    assert plan.left_out == {"users who are neither students nor teachers": 1, "roles as parent": 1}
    assert plan.refusal is None
    by_name = {student.given_name: student for student in plan.students.added}
    assert by_name["=1+1"].family_name == 'O\'Neil, "Bo"'
    (algebra,) = [class_ for class_ in plan.classes.added if class_.sourced_id == "ma-2"]
    assert algebra.term_id == algebra.term_ids[0]
    assert len(algebra.term_ids) == 2


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("delta", [(), DELTA])
def test_the_same_bundle_again_changes_nothing(version: str, delta: tuple[str, ...]) -> None:
    tables = small_school() if version == "1.2" else of_version_1_1(small_school())
    there = imported(tables, version=version)
    again = copy.deepcopy(tables)
    if delta:
        again = {name: [{**line, "status": "active"} for line in lines] for name, lines in again.items()}
    plan, findings = plan_of(again, there, version=version, delta=delta)
    assert findings.kept == []
    assert counts(plan) == {}


def test_1_1_and_1_2_of_the_same_school_are_the_same() -> None:
    there = imported(of_version_1_1(small_school()), version="1.1")
    assert counts(plan_of(small_school(), there)[0]) == {}


@given(st.data())
def test_whatever_a_bulk_bundle_leaves_out_one_more_import_of_it_changes_nothing(data: st.DataObject) -> None:
    there = imported(large_school(6, 3, 2))
    tables = large_school(6, 3, 2)
    for file in ("users", "classes"):
        for line in list(tables[file]):
            if data.draw(st.booleans()):
                tables = without(tables, file, line["sourcedId"])
    users, classes = ({line["sourcedId"] for line in tables[file]} for file in ("users", "classes"))
    tables["roles"] = [line for line in tables["roles"] if line["userSourcedId"] in users]
    tables["enrollments"] = [
        line
        for line in tables["enrollments"]
        if line["userSourcedId"] in users and line["classSourcedId"] in classes and data.draw(st.booleans())
    ]
    after = imported(tables, there)
    standing = [each for each in after.enrollments.values() if each.standing is Standing.ACTIVE]
    assert len(standing) == len(tables["enrollments"])
    assert counts(plan_of(tables, after)[0]) == {}
    assert set(after.students) == set(there.students)  # nobody is deleted
    back = imported(large_school(6, 3, 2), after)
    assert back == there


def test_a_change_keeps_the_ids() -> None:
    there = imported(small_school())
    tables = small_school()
    tables["users"][0]["familyName"] = "King"
    tables["classes"][0]["title"] = "Algebra, first half"
    plan, _ = plan_of(tables, there)
    assert counts(plan) == {"classes": (0, 1, 0), "students": (0, 1, 0)}
    assert plan.students.changed[0].id == there.students["s1"].id
    assert plan.classes.changed[0].id == there.classes["ma-1"].id


def test_who_is_student_and_teacher_has_one_id_as_both() -> None:
    tables = small_school()
    tables["roles"].append({"sourcedId": "r-s1b", "userSourcedId": "s1", "role": "teacher"})
    there = imported(tables)
    assert there.students["s1"].id == there.teachers["s1"].id
    later = imported(tables, imported(small_school()))
    assert later.students["s1"].id == later.teachers["s1"].id


def test_an_enrolment_gives_the_role_that_no_other_file_tells() -> None:
    tables = small_school()
    tables["roles"] = []
    plan, findings = plan_of(tables, School())
    assert findings.kept == []
    assert sorted(student.sourced_id or "" for student in plan.students.added) == ["s1", "s2", "s3"]
    assert [teacher.sourced_id for teacher in plan.teachers.added] == ["t9"]


def test_an_enrolment_that_goes_ends_yesterday_and_the_past_stays() -> None:
    there = imported(small_school())
    plan, _ = plan_of(without(small_school(), "enrollments", "ma-1-s2"), there)
    (gone,) = plan.enrollments.removed
    assert gone.end == date(2026, 10, 4)
    assert gone.holds_on(date(2026, 10, 4))
    assert not gone.holds_on(TODAY)
    assert plan.enrollments.removals == ["s2 in ma-1"]


def test_an_enrolment_that_had_not_begun_never_holds() -> None:
    tables = small_school()
    tables["enrollments"][0]["beginDate"] = "2026-11-01"
    there = imported(tables)
    plan, _ = plan_of(without(tables, "enrollments", "ma-1-s1"), there)
    (gone,) = plan.enrollments.removed
    assert not any(gone.holds_on(day) for day in (TODAY, date(2026, 10, 4), date(2026, 11, 1), date(2027, 1, 1)))


def test_what_is_over_is_left_as_it_was_when_the_next_terms_bundle_leaves_it_out() -> None:
    there = imported(small_school())
    tables = small_school()
    tables["academicSessions"] = [
        {"sourcedId": "t2", "title": "Next", "type": "term", "startDate": "2027-08-30", "endDate": "2028-02-01"}
    ]
    tables["classes"] = [{**tables["classes"][0], "sourcedId": "ma-9", "termSourcedIds": "t2"}]
    tables["enrollments"] = []
    plan, findings = plan_of(tables, there, today=date(2027, 8, 30))
    assert findings.kept == []
    assert counts(plan) == {"academic sessions": (1, 0, 0), "classes": (1, 0, 0)}
    assert plan.refusal is None


def test_more_than_a_tenth_of_a_kind_is_not_removed_without_being_forced() -> None:
    there = imported(large_school(20, 4, 2))
    tables = large_school(20, 4, 2)
    tables["enrollments"] = tables["enrollments"][:-4]
    assert plan_of(tables, there)[0].refusal is None  # 4 of 40 are a tenth, not more
    tables["enrollments"] = tables["enrollments"][:-1]
    assert "5 of 40 enrollments" in (plan_of(tables, there)[0].refusal or "")


def test_a_delta_touches_what_it_names_and_nothing_else() -> None:
    there = imported(large_school(20, 4, 2))
    tables: Tables = {
        "users": [
            {"sourcedId": "s-000003", "status": "active", "givenName": "New", "familyName": "Name"},
            {"sourcedId": "s-000004", "status": "tobedeleted"},
            {"sourcedId": "s-x", "status": "active", "givenName": "One", "familyName": "More"},
        ],
        "roles": [{"sourcedId": "r-x", "status": "active", "userSourcedId": "s-x", "role": "student"}],
        "enrollments": [
            {"sourcedId": "e-s-000005-0", "status": "tobedeleted"},
            {"sourcedId": "e-x", "status": "active", "classSourcedId": "c1", "userSourcedId": "s-x", "role": "student"},
        ],
    }
    plan, findings = plan_of(tables, there, delta=("users", "roles", "enrollments"))
    assert findings.kept == []
    # With the student who goes, their two enrolments end.
    assert counts(plan) == {"students": (1, 1, 1), "enrollments": (1, 0, 3)}
    after = carried_out(plan, there)
    assert counts(plan_of(tables, after, delta=("users", "roles", "enrollments"))[0]) == {}
    assert after.students["s-000003"].given_name == "New"


def test_a_role_that_a_delta_takes_away_goes_and_the_other_stays() -> None:
    tables = small_school()
    tables["roles"].append({"sourcedId": "r-s3b", "userSourcedId": "s3", "role": "teacher"})
    there = imported(tables)
    delta: Tables = {
        "roles": [{"sourcedId": "r-s3b", "status": "tobedeleted", "userSourcedId": "s3", "role": "teacher"}]
    }
    plan, _ = plan_of(delta, there, delta=("roles",))
    assert counts(plan) == {"teachers": (0, 0, 1)}


def test_an_enrolment_that_becomes_a_teachers_is_no_students_any_more() -> None:
    tables = small_school()
    there = imported(tables)
    tables["enrollments"][1]["role"] = "teacher"
    plan, _ = plan_of(tables, there)
    assert counts(plan)["enrollments"] == (0, 0, 1)
    assert counts(plan)["teachings"] == (1, 0, 0)


@pytest.mark.parametrize(
    ("file", "column", "place"),
    [
        ("academicSessions", "parentSourcedId", 3),
        ("courses", "orgSourcedId", 2),
        ("classes", "courseSourcedId", 2),
        ("classes", "schoolSourcedId", 2),
        ("classes", "termSourcedIds", 2),
        ("roles", "userSourcedId", 2),
        ("enrollments", "classSourcedId", 2),
        ("enrollments", "userSourcedId", 2),
    ],
)
def test_a_name_that_nothing_bears_is_an_error_with_its_line(file: str, column: str, place: int) -> None:
    tables = small_school()
    tables[file][place - 2][column] = "nobody"
    _, findings = plan_of(tables, School())
    assert [(each.code, each.file, each.line, each.column) for each in findings.kept] == [
        ("dangling_reference", f"{file}.csv", place, column)
    ]


def test_an_imported_enrolment_stands_in_the_place_of_one_made_by_hand() -> None:
    first = imported(small_school())
    by_hand = frozenset({(first.classes["ma-1"].id, first.students["s1"].id), ("another", "one")})
    there = School(
        first.orgs, first.sessions, first.courses, first.classes, first.students, first.teachers, by_hand=by_hand
    )
    plan, _ = plan_of(small_school(), there)
    assert plan.replaced == ((first.classes["ma-1"].id, first.students["s1"].id),)
