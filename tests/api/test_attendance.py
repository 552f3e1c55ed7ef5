"""A student's attendance over time."""

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id, moment


@pytest.fixture(scope="module")
async def term(school: School) -> tuple[str, list[str]]:
    """A student with seven marked meetings on the first seven days of March, and one without a mark."""
    student = await school.student()
    class_id = await school.class_(student)
    meetings = []
    for day, status in enumerate(["present", "late", "absent", "excused", "unmarked", "present", "left_early"], 1):
        meetings.append(await school.meeting(class_id, f"2026-03-0{day}T10:00:00Z", f"2026-03-0{day}T10:50:00Z"))
        await school.mark(meetings[-1], student, status)
    await school.meeting(class_id, "2026-03-08T10:00:00Z", "2026-03-08T10:50:00Z")
    return student, meetings


async def test_the_records_come_the_latest_first_with_their_meetings(
    administrator: Caller, term: tuple[str, list[str]]
) -> None:
    student, meetings = term
    found = body_of(await administrator.get(f"/v1/students/{student}/attendance"))
    assert [item["meeting_id"] for item in found["items"]] == meetings[::-1]
    assert found["next_cursor"] is None
    latest = found["items"][0]
    assert latest["status"] == "left_early"
    assert (latest["class_title"], latest["method"], latest["revision"]) == ("Compilers", "manual", 1)
    assert (latest["local_date"], latest["zone"]) == ("2026-03-07", "Europe/Zurich")
    assert moment(latest["start"]) < moment(latest["end"])


async def test_the_rate_says_what_it_is_a_share_of(administrator: Caller, term: tuple[str, list[str]]) -> None:
    found = body_of(await administrator.get(f"/v1/students/{term[0]}/attendance"))
    assert found["totals"] == {
        "present": 2,
        "late": 1,
        "left_early": 1,
        "absent": 1,
        "unmarked": 1,
        "excused": 1,
        "not_expected": 0,
    }
    assert found["rate"] == {"value": 0.75, "numerator": 3, "denominator": 4}


async def test_a_rate_of_nothing_is_null(administrator: Caller, school: School) -> None:
    found = body_of(await administrator.get(f"/v1/students/{await school.student()}/attendance"))
    assert found["rate"] == {"value": None, "numerator": 0, "denominator": 0}
    assert found["items"] == []


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        ("2026-03-03", None, [7, 6, 5, 4, 3]),
        (None, "2026-03-03", [3, 2, 1]),
        ("2026-03-02", "2026-03-02", [2]),
        ("2026-03-03T10:00:00Z", "2026-03-05T10:00:00Z", [4, 3]),
        ("2026-03-03T11:00:01+01:00", "2026-03-05T11:00:01+01:00", [5, 4]),
        ("2026-03-03", "2026-03-05T10:00:00Z", [4, 3]),
        ("2027-01-01", None, []),
    ],
)
async def test_a_span_is_of_whole_dates_or_of_moments_without_the_last(
    administrator: Caller, term: tuple[str, list[str]], since: str | None, until: str | None, days: list[int]
) -> None:
    student, meetings = term
    params = {name: value for name, value in (("from", since), ("to", until)) if value}
    found = body_of(await administrator.get(f"/v1/students/{student}/attendance", params=params))
    assert [item["meeting_id"] for item in found["items"]] == [meetings[day - 1] for day in days]
    assert sum(found["totals"].values()) == len(days)


async def test_a_date_is_one_of_the_campus_time_zone(administrator: Caller, school: School) -> None:
    student = await school.student()
    class_id = await school.class_(student)
    # In Zurich this is a quarter past midnight, the day on which clocks are set forward.
    night = await school.meeting(class_id, "2026-03-28T23:15:00Z", "2026-03-28T23:50:00Z")
    await school.mark(night, student, "present")
    for day, count in (("2026-03-28", 0), ("2026-03-29", 1), ("2026-03-30", 0)):
        found = body_of(await administrator.get(f"/v1/students/{student}/attendance?from={day}&to={day}"))
        assert len(found["items"]) == count
        assert all(item["local_date"] == day for item in found["items"])


async def test_the_pages_give_every_record_once_with_the_totals_of_all(
    administrator: Caller, term: tuple[str, list[str]]
) -> None:
    student, meetings = term
    found: list[str] = []
    cursor = ""
    while True:
        query = f"?from=2026-03-02&limit=2{cursor}"
        page = body_of(await administrator.get(f"/v1/students/{student}/attendance{query}"))
        found += [item["meeting_id"] for item in page["items"]]
        assert sum(page["totals"].values()) == 6
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == meetings[:0:-1]


async def test_meetings_that_start_at_one_moment_are_paged_without_loss(administrator: Caller, school: School) -> None:
    student = await school.student()
    meetings = [await school.meeting(await school.class_(student)) for _ in range(5)]
    for meeting in meetings:
        await school.mark(meeting, student, "present")
    found: list[str] = []
    cursor = ""
    for _ in meetings:
        page = body_of(await administrator.get(f"/v1/students/{student}/attendance?limit=1{cursor}"))
        found += [item["meeting_id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(found) == sorted(meetings)


async def test_one_class_or_one_term_can_be_asked_for_with_totals_of_its_own(
    administrator: Caller, school: School
) -> None:
    student, term = await school.student(), an_id()
    in_term = str(body_of(await administrator.post("/v1/classes", {"title": "Algebra", "term_id": term}), 201)["id"])
    other = await school.class_()
    for class_id in (in_term, other):
        await school.enroll(class_id, student)
    mine = [
        await school.meeting(in_term, start=f"2026-03-0{day}T10:00:00Z", end=f"2026-03-0{day}T11:00:00Z")
        for day in (2, 3)
    ]
    foreign = await school.meeting(other)
    for meeting, status in zip([*mine, foreign], ("present", "absent", "late"), strict=True):
        await school.mark(meeting, student, status)
    for query in (f"class_id={in_term}", f"term_id={term}", f"class_id={in_term}&term_id={term}"):
        page = body_of(await administrator.get(f"/v1/students/{student}/attendance?{query}&limit=1"))
        assert [item["meeting_id"] for item in page["items"]] == [mine[1]]
        assert (page["rate"]["numerator"], page["rate"]["denominator"]) == (1, 2)
        more = f"{query}&cursor={page['next_cursor']}"
        page = body_of(await administrator.get(f"/v1/students/{student}/attendance?{more}"))
        assert [item["meeting_id"] for item in page["items"]] == [mine[0]]
    page = body_of(await administrator.get(f"/v1/students/{student}/attendance?class_id={other}&term_id={term}"))
    assert (page["items"], page["rate"]["value"]) == ([], None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from", "yesterday"),
        ("from", "2026-02-30"),
        ("from", "2026-03-01T10:00:00"),
        ("from", "2026-03-01T10:00:00 01:00"),
        ("to", "9999-12-31"),
        ("to", ""),
        ("from", "9" * 41),
        ("to", "2026-03-01T10:00:00+25:00"),
    ],
)
async def test_a_bound_that_is_no_date_and_no_moment_is_refused(
    administrator: Caller, term: tuple[str, list[str]], name: str, value: str
) -> None:
    answer = await administrator.get(f"/v1/students/{term[0]}/attendance", params={name: value})
    assert fields_of(answer) == {name}


async def test_a_span_that_ends_before_it_begins_is_refused(administrator: Caller, term: tuple[str, list[str]]) -> None:
    answer = await administrator.get(f"/v1/students/{term[0]}/attendance?from=2026-03-05&to=2026-03-04")
    assert fields_of(answer) == {"to"}


async def test_one_students_cursor_shows_nothing_of_another(
    administrator: Caller, school: School, term: tuple[str, list[str]]
) -> None:
    page = body_of(await administrator.get(f"/v1/students/{term[0]}/attendance?limit=1"))
    other = await school.student()
    path = f"/v1/students/{other}/attendance?cursor={page['next_cursor']}"
    assert body_of(await administrator.get(path))["items"] == []


async def test_an_unknown_student_has_no_attendance(administrator: Caller) -> None:
    problem_of(await administrator.get(f"/v1/students/{an_id()}/attendance"), 404, "not_found")


@given(cursor=st.one_of(st.text(max_size=300), st.from_regex(r"[A-Za-z0-9_-]{0,60}", fullmatch=True)))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_stands_as_a_cursor_the_answer_is_a_page_or_a_refusal(
    app: FastAPI, administrator: Caller, term: tuple[str, list[str]], cursor: str
) -> None:
    for path in (f"/v1/students/{term[0]}/attendance", "/v1/students", "/v1/tokens"):
        try:
            answer = await administrator.get(path, params={"cursor": cursor})
        except UnicodeEncodeError:  # a lone surrogate, which no URL can hold
            return
        assert answer.status_code in (200, 422)
