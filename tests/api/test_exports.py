"""Exports over the API: the same records in each form, by right and selection; any list as a table; pictures."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest

from api.formats import MEDIA_TYPES, best
from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id

CSV, PARQUET = {"Accept": "text/csv"}, {"Accept": "application/vnd.apache.parquet"}


@pytest.fixture(scope="module")
async def classes(school: School) -> tuple[str, str]:
    """Two classes, each with a student and two meetings; a name and a reason would run in a spreadsheet."""
    made = []
    for given_name, title in (("=cmd|' /C calc'!A0", "Compilers"), ("Øyvind 文", "@Logic")):
        student = await school.student(given_name, 'O, "x"')
        class_id = await school.class_(student, title=title)
        for day in (2, 3):
            meeting = await school.meeting(class_id, f"2026-03-0{day}T10:00:00Z", f"2026-03-0{day}T10:50:00Z")
            await school.mark(meeting, student, "present" if day == 2 else "absent")
        made.append(class_id)
    return made[0], made[1]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_the_three_forms_hold_the_same_records(administrator: Caller, classes: tuple[str, str]) -> None:
    path = "/v1/exports/records?names=true"
    told: list[dict[str, Any]] = body_of(await administrator.get(path))
    table = await administrator.get(path, headers=CSV)
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["content-disposition"] == 'attachment; filename="records.csv"'
    parquet = await administrator.get(path, headers=PARQUET)
    assert parquet.headers["content-type"] == "application/vnd.apache.parquet"
    columns = pq.read_table(io.BytesIO(parquet.content)).to_pylist()
    assert len(told) == len(rows_of(table.text)) == len(columns) == 4
    for one, other, third in zip(told, rows_of(table.text), columns, strict=True):
        assert one["student_id"] == other["student_id"] == third["student_id"]
        assert one["status"] == other["status"] == third["status"]
        assert one["start"] == other["start"]
        assert one["local_date"] == other["local_date"] == third["local_date"].isoformat()
        assert other["given_name"].removeprefix("'") == one["given_name"] == third["given_name"]
    assert [each["start"] for each in told] == sorted(each["start"] for each in told)


async def test_a_form_is_asked_for_by_name_too_and_no_cell_is_a_formula(
    administrator: Caller, classes: tuple[str, str]
) -> None:
    answer = await administrator.get("/v1/exports/records?format=csv&names=true&byte_order_mark=true")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = rows_of(answer.content.decode("utf-8-sig"))
    assert {row["given_name"] for row in rows} == {"'=cmd|' /C calc'!A0", "Øyvind 文"}
    assert {row["class_title"] for row in rows} == {"Compilers", "'@Logic"}
    assert {row["family_name"] for row in rows} == {'O, "x"'}


async def test_names_are_told_only_where_asked_for(administrator: Caller, classes: tuple[str, str]) -> None:
    answer = await administrator.get("/v1/exports/records?format=csv")
    assert "Øyvind" not in answer.text
    assert "given_name" not in answer.text


async def test_records_are_chosen_by_class_and_dates(administrator: Caller, classes: tuple[str, str]) -> None:
    one = body_of(await administrator.get(f"/v1/exports/records?class_id={classes[1]}"))
    assert {each["class_id"] for each in one} == {classes[1]}
    both = body_of(await administrator.get(f"/v1/exports/records?class_id={classes[1]}&class_id={classes[0]}"))
    assert [each["class_id"] for each in both] == [classes[1]] * 2 + [classes[0]] * 2
    day = body_of(await administrator.get("/v1/exports/records?from=2026-03-03&to=2026-03-03"))
    assert {each["local_date"] for each in day} == {"2026-03-03"}
    assert body_of(await administrator.get(f"/v1/exports/records?term_id={an_id()}")) == []
    problem_of(await administrator.get(f"/v1/exports/records?class_id={an_id()}"), 404, "not_found")


async def test_records_are_chosen_by_term(administrator: Caller, school: School) -> None:
    term, student = an_id(), await school.student()
    made = body_of(await administrator.post("/v1/classes", {"title": "In a term", "term_id": term}), 201)
    await school.enroll(made["id"], student)
    meeting = await school.meeting(made["id"], "2026-05-04T10:00:00Z", "2026-05-04T10:50:00Z")
    await school.mark(meeting, student, "late")
    found = body_of(await administrator.get(f"/v1/exports/records?term_id={term}"))
    assert [(each["meeting_id"], each["term_id"]) for each in found] == [(meeting, term)]
    listed = body_of(await administrator.get(f"/v1/reports/classes?class_id={made['id']}&term_id={an_id()}"))
    assert listed["classes"][0]["meetings"] == 0


async def test_a_teacher_exports_their_own_classes_and_no_others(
    school: School, classes: tuple[str, str], calling: Callable[[str | None], Caller]
) -> None:
    teacher = calling(await school.token("teacher", classes[0]))
    assert {each["class_id"] for each in body_of(await teacher.get("/v1/exports/records"))} == {classes[0]}
    problem_of(await teacher.get(f"/v1/exports/records?class_id={classes[1]}"), 404, "not_found")


async def test_a_roll_and_any_list_can_be_had_as_csv(administrator: Caller, classes: tuple[str, str]) -> None:
    meetings = await administrator.get(f"/v1/classes/{classes[0]}/meetings", headers=CSV)
    assert meetings.headers["content-type"] == "text/csv; charset=utf-8"
    meeting = rows_of(meetings.text)[0]
    assert meeting["class_id"] == classes[0]
    roll = rows_of((await administrator.get(f"/v1/meetings/{meeting['id']}/roll?format=csv")).text)
    assert [(each["given_name"], each["status"], each["provisional"]) for each in roll] == [
        ("'=cmd|' /C calc'!A0", "present", "false")
    ]
    for path in (
        "/v1/students",
        "/v1/classes",
        "/v1/rooms",
        "/v1/tokens",
        f"/v1/classes/{classes[0]}/roster",
        f"/v1/students/{roll[0]['student_id']}/attendance",
        f"/v1/reports/classes/{classes[0]}/students",
        "/v1/reports/at-risk?from=2026-03-01",
    ):
        as_json = body_of(await administrator.get(path))
        listed = as_json.get("items", as_json.get("students"))
        assert listed, path
        answer = await administrator.get(path, headers=CSV)
        assert len(rows_of(answer.text)) == len(listed), path
        assert answer.headers["vary"] == "Accept"


async def test_nested_fields_and_totals_have_columns_of_their_own(
    administrator: Caller, classes: tuple[str, str]
) -> None:
    (row,) = rows_of((await administrator.get(f"/v1/reports/classes/{classes[0]}/students?format=csv")).text)
    assert (row["rate.value"], row["rate.denominator"], row["totals.absent"]) == ("0.5", "2", "1")
    (rules, *_) = rows_of((await administrator.get("/v1/classes?format=csv")).text)
    assert rules["rules.coverage_floor"] == "0.8"


async def test_a_table_says_where_the_next_page_is(administrator: Caller, classes: tuple[str, str]) -> None:
    found: list[str] = []
    path = "/v1/students?limit=1&format=csv"
    while path:
        answer = await administrator.get(path)
        found += [row["id"] for row in rows_of(answer.text)]
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert found == [each["id"] for each in body_of(await administrator.get("/v1/students?limit=200"))["items"]]


async def test_a_class_report_is_a_table_by_week_and_a_picture(administrator: Caller, classes: tuple[str, str]) -> None:
    for path in (f"/v1/reports/classes/{classes[1]}", f"/v1/reports/classes?class_id={classes[1]}"):
        (row,) = rows_of((await administrator.get(path, headers=CSV)).text)
        assert (row["class_title"], row["week"], row["rate"], row["present"]) == ("'@Logic", "2026-W10", "0.5", "1")
        svg = await administrator.get(path, headers={"Accept": "image/svg+xml"})
        assert svg.headers["content-type"].startswith("image/svg+xml")
        assert "@Logic" in svg.text
        assert "2026-W10" in svg.text
        assert "script-src" not in svg.headers["content-security-policy"]
        png = await administrator.get(
            path, params={"format": "png"} if "?" not in path else {}, headers={"Accept": "image/png"}
        )
        assert png.content.startswith(b"\x89PNG")


async def test_a_form_that_is_not_offered_is_refused(administrator: Caller, classes: tuple[str, str]) -> None:
    assert fields_of(await administrator.get("/v1/students?format=parquet")) == {"format"}
    assert fields_of(await administrator.get("/v1/exports/records?format=xls")) == {"format"}
    answer = await administrator.get("/v1/exports/records", headers={"Accept": "image/png"})
    problem_of(answer, 406, "not_acceptable")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("TEXT/CSV ; q=0.5, application/json;q=0.4", "csv"),
        ("text/*, application/json;q=0.9", "csv"),
        ("text/html, */*;q=0.1", "json"),
        ("application/json;q=0, */*", "csv"),
        ("text/html", None),
        ("*/*;q=0", None),
        ("text/csv;q=nonsense", "csv"),
        (",;,q=,/", None),
    ],
)
def test_the_header_accept_is_read_as_rfc_9110_says(accept: str, chosen: str | None) -> None:
    assert best(accept, {name: MEDIA_TYPES[name] for name in ("json", "csv")}) == chosen
