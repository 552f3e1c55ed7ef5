from collections.abc import Callable

import pytest

from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id


async def test_a_class_has_the_campus_rules_where_it_says_none(administrator: Caller) -> None:
    added = await administrator.post("/v1/classes", {"title": "Compilers"})
    class_ = body_of(added, 201)
    assert class_["rules"] == {
        "arrival_opens_s": 600,
        "late_after_s": 600,
        "coverage_floor": 0.8,
        "left_early_before_s": None,
        "minimum_stay_s": None,
    }
    assert body_of(await administrator.get(added.headers["location"])) == class_


async def test_a_class_keeps_its_own_rules(administrator: Caller) -> None:
    own = {"late_after_s": 60, "coverage_floor": 0.5, "left_early_before_s": 300, "minimum_stay_s": 900}
    rules = body_of(await administrator.post("/v1/classes", {"title": "Lab", "rules": own}), 201)["rules"]
    assert rules == {"arrival_opens_s": 600, **own}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": "C", "course_id": "CS-204"}, "course_id"),
        ({"title": "C", "rules": {"coverage_floor": 1.1}}, "rules.coverage_floor"),
        ({"title": "C", "rules": {"late_after_s": -1}}, "rules.late_after_s"),
        ({"title": "C", "rules": []}, "rules"),
    ],
)
async def test_a_wrong_class_is_refused_by_its_field(administrator: Caller, body: object, field: str) -> None:
    assert fields_of(await administrator.post("/v1/classes", body)) == {field}


async def test_the_roster_of_a_day_holds_who_is_enrolled_on_it_both_ends_included(
    administrator: Caller, school: School
) -> None:
    always, autumn, left = [await school.student(family_name=name) for name in ("A", "B", "C")]
    class_id = await school.class_(always)
    await school.enroll(class_id, autumn, begin="2026-09-01", end="2026-12-31")
    await school.enroll(class_id, left, end="2026-09-14")

    async def roster(day: str) -> list[str]:
        body = body_of(await administrator.get(f"/v1/classes/{class_id}/roster?date={day}"))
        assert body["date"] == day
        return [student["student_id"] for student in body["students"]]

    assert await roster("2026-08-31") == [always, left]
    assert await roster("2026-09-01") == [always, autumn, left]
    assert await roster("2026-09-14") == [always, autumn, left]
    assert await roster("2026-09-15") == [always, autumn]
    assert await roster("2026-12-31") == [always, autumn]
    assert await roster("2027-01-01") == [always]


async def test_enrolling_again_changes_the_dates(administrator: Caller, school: School) -> None:
    student = await school.student()
    class_id = await school.class_(student)
    await school.enroll(class_id, student, end="2026-09-14")
    today = body_of(await administrator.get(f"/v1/classes/{class_id}/roster?date=2026-09-15"))
    assert today["students"] == []


async def test_without_a_date_the_roster_is_todays(administrator: Caller, school: School) -> None:
    student = await school.student()
    class_id = await school.class_(student)
    assert len(body_of(await administrator.get(f"/v1/classes/{class_id}/roster"))["students"]) == 1


async def test_only_who_exists_is_enrolled_in_what_exists(administrator: Caller, school: School) -> None:
    student, class_id = await school.student(), await school.class_()
    problem_of(await administrator.put(f"/v1/classes/{class_id}/enrollments/{an_id()}", {}), 404, "not_found")
    problem_of(await administrator.put(f"/v1/classes/{an_id()}/enrollments/{student}", {}), 404, "not_found")
    problem_of(await administrator.get(f"/v1/classes/{an_id()}/roster"), 404, "not_found")


@pytest.mark.parametrize(
    ("dates", "field"),
    [
        ({"begin": "2026-09-02", "end": "2026-09-01"}, "end"),
        ({"begin": "01.09.2026"}, "begin"),
        ({"begin": "2026-02-30"}, "begin"),
        ({"begin": "0001-01-01"}, "begin"),
        ({"end": 20260901}, "end"),
        ({"end": "2026-09-01T00:00:00Z"}, "end"),
    ],
)
async def test_enrolment_dates_are_civil_dates_in_order(
    administrator: Caller, school: School, dates: dict[str, object], field: str
) -> None:
    path = f"/v1/classes/{await school.class_()}/enrollments/{await school.student()}"
    assert fields_of(await administrator.put(path, dates)) == {field}


@pytest.mark.parametrize("day", ["today", "2026-13-01", "2026-9-1", "", "9999-12-31", "２０２６-09-01"])
async def test_a_roster_of_no_date_is_refused(administrator: Caller, school: School, day: str) -> None:
    assert fields_of(await administrator.get(f"/v1/classes/{await school.class_()}/roster", params={"date": day})) == {
        "date"
    }


async def test_a_teacher_lists_their_own_classes_page_by_page(
    school: School, calling: Callable[[str | None], Caller]
) -> None:
    own = sorted([await school.class_() for _ in range(3)])
    await school.class_()
    teacher = calling(await school.token("teacher", *own))
    first = body_of(await teacher.get("/v1/classes?limit=2"))
    rest = body_of(await teacher.get(f"/v1/classes?limit=2&cursor={first['next_cursor']}"))
    assert [class_["id"] for class_ in first["items"] + rest["items"]] == own
    assert rest["next_cursor"] is None
