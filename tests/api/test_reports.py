"""Reports over the API: rates with their denominator, who is at risk, and for whom."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api import ApiSettings
from attendance.meetings import Meeting
from attendance.records import MACHINE, Record, Revision
from attendance.reports import Treatment
from attendance.settings import ConnectionSettings
from attendance.status import Cause, Method, Status
from attendance.store import Store
from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.conftest import running
from tests.api.school import School, an_id

MARCH = "from=2026-03-01&to=2026-03-31"


@dataclass
class Term:
    """Two classes of three students over two weeks; `marks[student][day]` is what was said of the first class."""

    class_id: str
    other_class: str
    students: dict[str, str]
    meetings: list[str]


# A Monday, a Wednesday, and the Monday after. The word in capitals is the machine's, and nobody confirmed it.
MARKS = {
    "Ada": ("present", "present", "late"),
    "Bob": ("present", "absent", "absent"),
    "Eve": ("ABSENT", "LATE", "ABSENT"),
}
DAYS = ("2026-03-02", "2026-03-04", "2026-03-09")


@pytest.fixture(scope="module")
async def term(school: School, store: Store) -> Term:
    students = {name: await school.student(name, f"of {name}") for name in MARKS}
    class_id, other = await school.class_(*students.values()), await school.class_(title="=1+1")
    meetings = [await school.meeting(class_id, f"{day}T10:00:00Z", f"{day}T10:50:00Z") for day in DAYS]
    for name, marks in MARKS.items():
        for meeting, mark in zip(meetings, marks, strict=True):
            if mark.isupper():
                await machine_says(store, meeting, students[name], Status(mark.lower()))
            else:
                await school.mark(meeting, students[name], mark)
    elsewhere = await school.meeting(other, "2026-03-03T10:00:00Z", "2026-03-03T10:50:00Z")
    await school.enroll(other, students["Bob"])
    await school.mark(elsewhere, students["Bob"], "present")
    return Term(class_id, other, students, meetings)


async def machine_says(store: Store, meeting_id: str, student_id: str, status: Status) -> None:
    """Write a provisional record as the stream app does."""
    meeting = await store.meetings.get(meeting_id)

    def decide(_: Record | None) -> Record:
        return provisional(meeting, student_id, status)

    await store.records.change(meeting, student_id, decide, now=meeting.end)


def provisional(meeting: Meeting, student_id: str, status: Status) -> Record:
    revision = Revision(
        number=1,
        at=meeting.end,
        by=MACHINE,
        cause=Cause.CLOSE,
        status=status,
        previous_status=None,
        provisional=True,
        method=Method.FACE,
        reason=None,
        first_seen=None,
        last_seen=None,
    )
    return Record(
        meeting.id, student_id, status, provisional=True, method=Method.FACE, reason=None, history=(revision,)
    )


async def test_a_class_is_reported_in_all_and_by_week(administrator: Caller, term: Term) -> None:
    found = body_of(await administrator.get(f"/v1/reports/classes/{term.class_id}?{MARCH}"))
    (reported,) = found["classes"]
    assert (reported["class_title"], reported["meetings"], reported["unconfirmed"]) == ("Compilers", 3, 3)
    assert reported["rate"] == {"value": 0.5556, "numerator": 5, "denominator": 9}
    assert [(week["week"], week["monday"]) for week in reported["weeks"]] == [
        ("2026-W10", "2026-03-02"),
        ("2026-W11", "2026-03-09"),
    ]
    assert [week["rate"]["denominator"] for week in reported["weeks"]] == [6, 3]
    assert reported["weeks"][0]["totals"]["absent"] == 2
    assert found["counting"] | {"denominator": "", "numerator": ""} == {
        "numerator": "",
        "denominator": "",
        "provisional_counted": True,
        "purpose": "overview",
        "late_weight": 1.0,
        "left_early": "left_out",
        "excused": "left_out",
    }
    assert found["counting"]["denominator"] == "present + late + absent"


async def test_what_nobody_confirmed_is_counted_or_not_as_asked_and_never_for_a_sanction(
    administrator: Caller, term: Term
) -> None:
    path = f"/v1/reports/classes/{term.class_id}?{MARCH}"
    for asked in ("provisional=false", "purpose=sanction", "purpose=sanction&provisional=false"):
        found = body_of(await administrator.get(f"{path}&{asked}"))
        assert found["counting"]["provisional_counted"] is False
        # Eve's two absences are left out, and she was there when the machine calls her late.
        assert found["classes"][0]["rate"] == {"value": 0.7143, "numerator": 5, "denominator": 7}
    assert fields_of(await administrator.get(f"{path}&purpose=sanction&provisional=true")) == {"provisional"}


async def test_a_span_leaves_out_what_is_before_and_after(administrator: Caller, term: Term) -> None:
    found = body_of(await administrator.get(f"/v1/reports/classes/{term.class_id}?from=2026-03-04&to=2026-03-04"))
    assert found["classes"][0]["meetings"] == 1
    nothing = body_of(await administrator.get(f"/v1/reports/classes/{term.class_id}?from=2027-01-01"))
    assert nothing["classes"][0]["rate"] == {"value": None, "numerator": 0, "denominator": 0}
    assert nothing["classes"][0]["weeks"] == []


async def test_the_classes_come_page_by_page_each_once(administrator: Caller, term: Term) -> None:
    titles: dict[str, str] = {}
    cursor = ""
    while True:
        page = body_of(await administrator.get(f"/v1/reports/classes?limit=1&{MARCH}{cursor}"))
        assert len(page["classes"]) == 1
        assert page["classes"][0]["class_id"] not in titles
        titles[page["classes"][0]["class_id"]] = page["classes"][0]["class_title"]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert titles.keys() >= {term.class_id, term.other_class}
    named = body_of(
        await administrator.get(f"/v1/reports/classes?class_id={term.class_id}&class_id={term.other_class}")
    )
    assert {each["class_id"] for each in named["classes"]} == {term.class_id, term.other_class}


async def test_students_of_a_class_come_the_lowest_rate_first(administrator: Caller, term: Term) -> None:
    path = f"/v1/reports/classes/{term.class_id}/students?{MARCH}"
    found = body_of(await administrator.get(path))["items"]
    assert [(each["given_name"], each["rate"]["numerator"], each["missed_in_a_row"]) for each in sorted_by(found)] == [
        ("Ada", 3, 0),
        ("Bob", 1, 2),
        ("Eve", 1, 1),
    ]
    assert [each["rate"]["value"] for each in found] == sorted(each["rate"]["value"] for each in found)
    bob = next(each for each in found if each["given_name"] == "Bob")
    assert bob["last_attended"] == "2026-03-02T10:00:00.000Z"
    days = (datetime.now(UTC).date() - datetime(2026, 3, 2, tzinfo=UTC).date()).days
    assert abs(bob["days_since_last_attended"] - days) <= 1
    strict = body_of(await administrator.get(f"{path}&purpose=sanction"))["items"]
    assert {each["given_name"]: each["missed_in_a_row"] for each in strict} == {"Ada": 0, "Bob": 2, "Eve": 0}


def sorted_by(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda each: str(each["given_name"]))


async def test_students_of_a_class_are_paged_without_loss_and_chosen_by_risk(administrator: Caller, term: Term) -> None:
    path = f"/v1/reports/classes/{term.class_id}/students?{MARCH}"
    whole = [each["student_id"] for each in body_of(await administrator.get(path))["items"]]
    found: list[str] = []
    cursor = ""
    for _ in range(3):
        page = body_of(await administrator.get(f"{path}&limit=1{cursor}"))
        found += [each["student_id"] for each in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert found == whole
    assert page["next_cursor"] is None
    for asked, names in (
        ("below=0.5", ["Bob", "Eve"]),
        ("below=0.3", []),
        ("below=0.3&missed_in_a_row=2", ["Bob"]),
        ("below=0.5&at_least=4", []),
    ):
        chosen = body_of(await administrator.get(f"{path}&{asked}"))["items"]
        assert [each["given_name"] for each in sorted_by(chosen)] == names


async def test_a_student_is_reported_by_class_and_week(administrator: Caller, term: Term) -> None:
    found = body_of(await administrator.get(f"/v1/reports/students/{term.students['Bob']}?{MARCH}"))
    assert found["rate"] == {"value": 0.5, "numerator": 2, "denominator": 4}
    assert {each["class_id"]: each["rate"]["value"] for each in found["classes"]} == {
        term.class_id: 0.3333,
        term.other_class: 1.0,
    }
    assert [(week["week"], week["rate"]["denominator"]) for week in found["weeks"]] == [
        ("2026-W10", 3),
        ("2026-W11", 1),
    ]
    assert found["missed_in_a_row"] == 2
    assert found["last_attended"] == "2026-03-03T10:00:00.000Z"


async def test_a_students_report_and_their_attendance_tell_one_rate(administrator: Caller, term: Term) -> None:
    for student in term.students.values():
        report = body_of(await administrator.get(f"/v1/reports/students/{student}"))
        attendance = body_of(await administrator.get(f"/v1/students/{student}/attendance"))
        assert report["rate"] == attendance["rate"]
        assert report["totals"] == attendance["totals"]


async def test_who_is_at_risk_is_found_over_all_classes(administrator: Caller, school: School, term: Term) -> None:
    await school.student("Nobody", "without a record")
    path = f"/v1/reports/at-risk?{MARCH}"
    by_default = body_of(await administrator.get(path))
    assert (by_default["below"], by_default["missed_in_a_row"]) == (0.8, None)
    assert [each["given_name"] for each in sorted_by(by_default["items"])] == ["Bob", "Eve"]
    assert by_default["looked_at"] >= 4
    rule = body_of(await administrator.get(f"{path}&below=0.4"))
    assert [each["given_name"] for each in rule["items"]] == ["Eve"]
    for asked, names in (("missed_in_a_row=2", ["Bob"]), ("purpose=sanction", ["Bob"]), ("at_least=4", ["Bob"])):
        found = body_of(await administrator.get(f"{path}&{asked}"))
        assert [each["given_name"] for each in found["items"]] == names


async def test_pages_of_students_at_risk_look_at_everybody_once(administrator: Caller, term: Term) -> None:
    found: list[str] = []
    looked_at, cursor = 0, ""
    while True:
        page = body_of(await administrator.get(f"/v1/reports/at-risk?{MARCH}&limit=1{cursor}"))
        found += [each["given_name"] for each in page["items"]]
        looked_at += page["looked_at"]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(found) == ["Bob", "Eve"]
    whole = body_of(await administrator.get(f"/v1/reports/at-risk?{MARCH}"))
    assert looked_at == whole["looked_at"]


async def test_without_a_begin_the_last_weeks_are_looked_at(administrator: Caller, school: School) -> None:
    student = await school.student("Recent", "absence")
    class_id = await school.class_(student)
    for days, status in ((7, "absent"), (60, "present")):
        start = datetime.now(UTC) - timedelta(days=days)
        meeting = await school.meeting(class_id, start.isoformat(), (start + timedelta(hours=1)).isoformat())
        await school.mark(meeting, student, status)
    found = body_of(await administrator.get("/v1/reports/at-risk"))
    (recent,) = [each for each in found["items"] if each["student_id"] == student]
    assert recent["rate"] == {"value": 0, "numerator": 0, "denominator": 1}
    assert recent["last_attended"] is None
    assert recent["days_since_last_attended"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("below=1.1", "below"),
        ("below=nan", "below"),
        ("missed_in_a_row=0", "missed_in_a_row"),
        ("at_least=0", "at_least"),
        ("purpose=revenge", "purpose"),
        ("from=soon", "from"),
        ("cursor=x", "cursor"),
    ],
)
async def test_a_wrong_question_is_refused_by_its_field(administrator: Caller, query: str, field: str) -> None:
    assert fields_of(await administrator.get(f"/v1/reports/at-risk?{query}")) == {field}


async def test_a_teacher_sees_their_own_classes_and_no_others_in_reports(
    school: School, term: Term, calling: Callable[[str | None], Caller]
) -> None:
    teacher = calling(await school.token("teacher", term.other_class))
    listed = body_of(await teacher.get("/v1/reports/classes"))
    assert [each["class_id"] for each in listed["classes"]] == [term.other_class]
    problem_of(await teacher.get(f"/v1/reports/classes?class_id={term.class_id}"), 404, "not_found")
    problem_of(await teacher.get(f"/v1/reports/classes?class_id={an_id()}"), 404, "not_found")
    problem_of(await teacher.get(f"/v1/reports/classes/{term.class_id}/students"), 404, "not_found")


async def test_a_student_sees_their_own_report_only(
    school: School, term: Term, calling: Callable[[str | None], Caller]
) -> None:
    ada = calling(await school.token("student", term.students["Ada"]))
    assert body_of(await ada.get(f"/v1/reports/students/{term.students['Ada']}"))["given_name"] == "Ada"
    problem_of(await ada.get(f"/v1/reports/students/{term.students['Bob']}"), 404, "not_found")
    problem_of(await ada.get("/v1/reports/at-risk"), 403, "forbidden")


async def test_a_school_counts_late_and_excused_as_it_says(
    places: ConnectionSettings, administrator_token: str, school: School
) -> None:
    student = await school.student()
    class_id = await school.class_(student)
    for day, status in enumerate(("present", "late", "excused", "left_early"), start=2):
        meeting = await school.meeting(class_id, f"2026-06-0{day}T10:00:00Z", f"2026-06-0{day}T10:50:00Z")
        await school.mark(meeting, student, status)
    settings = ApiSettings(
        rate_late_weight=0.5, rate_excused=Treatment.MISSED, rate_left_early=Treatment.ATTENDED, risk_below=0.7
    )
    async with running(places, settings) as app, Caller(app, administrator_token) as caller:
        found = body_of(await caller.get(f"/v1/reports/students/{student}"))
        assert found["rate"] == {"value": 0.625, "numerator": 2.5, "denominator": 4}
        assert found["counting"]["numerator"] == "present + 0.5 x late + left_early"
        assert found["counting"]["denominator"] == "present + late + absent + left_early + excused"
        assert body_of(await caller.get(f"/v1/students/{student}/attendance"))["rate"] == found["rate"]
        at_risk = body_of(await caller.get("/v1/reports/at-risk?from=2026-06-01&to=2026-06-30"))
        assert [each["student_id"] for each in at_risk["items"]] == [student]
