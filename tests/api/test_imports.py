"""Imports over the API: the same as by the command, as JSON and as problems."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.callers import Caller, body_of, problem_of
from tests.api.school import CONSENT, School
from tests.attendance.imports.bundles import as_csv, small_school, texts, zipped
from tests.attendance.imports.test_calendar_file import calendar, event
from tests.recognition import pictures

ZIP = {"Content-Type": "application/zip"}
COLUMNS = ("id", "class", "rooms", "start", "end")
BUNDLE = zipped(dict(texts(small_school())))


async def send(
    administrator: Caller, kind: str, data: bytes, content_type: str = "application/zip", **query: Any
) -> httpx.Response:
    headers = {"Content-Type": content_type}
    return await administrator.post(f"/v1/imports/{kind}", content=data, headers=headers, params=query)


def added(report: dict[str, Any]) -> dict[str, int]:
    return {each["what"]: each["added"] for each in report["counted"] if each["added"]}


@pytest.fixture
async def imported(administrator: Caller) -> None:
    body_of(await send(administrator, "oneroster", BUNDLE, force=True))


async def test_a_bundle_is_tried_then_imported_then_nothing_is_left_to_do(administrator: Caller) -> None:
    tried = body_of(await send(administrator, "oneroster", BUNDLE, dry_run=True))
    assert (tried["written"], added(tried)["students"]) == (False, 3)
    done = body_of(await send(administrator, "oneroster", BUNDLE))
    assert (done["written"], added(done)) == (True, added(tried))
    again = body_of(await send(administrator, "oneroster", BUNDLE))
    assert added(again) == {}


async def test_a_bundle_can_come_as_the_file_of_a_form(administrator: Caller) -> None:
    answer = await administrator.post("/v1/imports/oneroster", files={"bundle": ("b.zip", BUNDLE, "application/zip")})
    assert body_of(answer)["written"]


async def test_errors_are_a_problem_with_the_whole_report(administrator: Caller) -> None:
    tables = small_school()
    tables["enrollments"][0]["userSourcedId"] = "nobody"
    answer = await send(administrator, "oneroster", zipped(dict(texts(tables))))
    problem = problem_of(answer, 422, "import_has_errors")
    (finding,) = problem["report"]["findings"]
    assert (finding["file"], finding["line"], finding["column"]) == ("enrollments.csv", 2, "userSourcedId")
    assert "enrollments.csv, line 2" in problem["detail"]


@pytest.mark.usefixtures("imported")
async def test_too_many_removals_are_a_problem_until_they_are_forced(administrator: Caller) -> None:
    tables = small_school()
    tables["enrollments"] = tables["enrollments"][1:]
    fewer = zipped(dict(texts(tables)))
    problem = problem_of(await send(administrator, "oneroster", fewer), 409, "removes_too_much")
    assert problem["report"]["removals"] == [{"what": "enrollments", "id": "s1 in ma-1"}]
    assert body_of(await send(administrator, "oneroster", fewer, force=True))["written"]


@pytest.mark.usefixtures("imported")
async def test_a_table_and_a_calendar_become_meetings_of_their_class(administrator: Caller, school: School) -> None:
    room = await school.room()
    table = as_csv(COLUMNS, [("m1", "ma-1", room, "2099-10-05 10:15", "2099-10-05 11:00")])
    done = body_of(await send(administrator, "meetings", table.encode(), "text/csv", calendar="autumn"))
    assert added(done) == {"meetings": 1}
    one = calendar(event(f"X-ROLLCALL-ROOMS:{room}"))
    by_calendar = await send(administrator, "meetings", one, "text/calendar", calendar="spring", **{"class": "ma-2"})
    assert added(body_of(by_calendar)) == {"meetings": 1}
    classes = body_of(await administrator.get("/v1/classes?limit=200"))["items"]
    (algebra,) = [each["id"] for each in classes if each["sourced_id"] == "ma-1"]
    (meeting,) = body_of(await administrator.get(f"/v1/classes/{algebra}/meetings"))["items"]
    assert (meeting["start"], meeting["zone"]) == ("2099-10-05T08:15:00.000Z", "Europe/Zurich")


@pytest.mark.usefixtures("imported")
async def test_photos_are_enrolled_where_a_consent_stands_and_otherwise_not_looked_at(administrator: Caller) -> None:
    grace = pictures.encoded(pictures.grace_hopper(), "JPEG")
    photos = zipped({"s1.jpg": grace, "s2.jpg": b"never looked at"})
    students = body_of(await administrator.get("/v1/students?limit=200"))["items"]
    (ada,) = [each["id"] for each in students if each["sourced_id"] == "s1"]
    body_of(await administrator.put(f"/v1/students/{ada}/consent", CONSENT))
    report = body_of(await send(administrator, "photos", photos))
    assert added(report) == {"photos": 1}
    assert [(each["file"], each["code"]) for each in report["findings"]] == [("s2.jpg", "consent_missing")]
    assert len(body_of(await administrator.get(f"/v1/students/{ada}/photos"))["items"]) == 1


@pytest.mark.parametrize("kind", ["oneroster", "photos"])
async def test_what_is_no_zip_is_a_problem(administrator: Caller, kind: str) -> None:
    problem_of(await send(administrator, kind, b"a,b\n1,2\n"), 422, "import_has_errors")
    problem_of(await send(administrator, kind, BUNDLE, "text/csv"), 415, "unsupported_media_type")


async def test_a_path_that_leads_out_of_the_zip_is_a_problem(administrator: Caller) -> None:
    problem = problem_of(await send(administrator, "oneroster", zipped({"../x.csv": ""})), 422, "import_has_errors")
    assert "leads out of it" in problem["detail"]


async def test_one_import_runs_at_a_time(administrator: Caller) -> None:
    answers = await asyncio.gather(*(send(administrator, "oneroster", BUNDLE, dry_run=True) for _ in range(4)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 200
    assert set(codes) == {200, 503}
    busy = next(answer for answer in answers if answer.status_code == 503)
    assert "Retry-After" in busy.headers
