"""ETags: what is known isn't sent again, and changes exactly when the answer does."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import BodyOut
from api.etags import conditional, etag_of, require_match
from api.problems import Problem
from tests.api.callers import Caller, body_of, fields_of
from tests.api.school import School


class Shown(BodyOut):
    text: str


async def test_every_read_has_an_etag_and_the_same_one_asked_again_says_only_that_it_holds(
    administrator: Caller, school: School
) -> None:
    student = await school.student()
    class_id = await school.class_(student)
    meeting = await school.meeting(class_id)
    await school.mark(meeting, student, "present")
    for path in (
        f"/v1/students/{student}",
        "/v1/students",
        f"/v1/students/{student}/attendance",
        f"/v1/classes/{class_id}",
        f"/v1/meetings/{meeting}/roll",
        f"/v1/meetings/{meeting}/roll/{student}",
        f"/v1/events?student_id={student}",
        "/v1/me",
    ):
        first = await administrator.get(path)
        etag = first.headers["etag"]
        again = await administrator.get(path, headers={"If-None-Match": f'"other", W/{etag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert "cache-control" in again.headers
        other = await administrator.get(path, headers={"If-None-Match": '"other"'})
        assert other.json() == first.json()


async def test_a_records_etag_is_its_revision(administrator: Caller, school: School) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    path = f"/v1/meetings/{meeting}/roll/{student}"
    assert (await administrator.get(path)).headers["etag"] == '"0"'
    await school.mark(meeting, student, "present")
    assert (await administrator.get(path, headers={"If-None-Match": '"0"'})).status_code == 200
    assert (await administrator.get(path, headers={"If-None-Match": '"1"'})).status_code == 304


async def test_a_roll_that_changed_is_sent(administrator: Caller, school: School) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    path = f"/v1/meetings/{meeting}/roll"
    etag = (await administrator.get(path)).headers["etag"]
    await school.mark(meeting, student, "late")
    changed = await administrator.get(path, headers={"If-None-Match": etag})
    assert body_of(changed)["totals"]["late"] == 1
    assert changed.headers["etag"] != etag


async def test_who_may_not_read_learns_nothing_from_an_etag(
    calling: Callable[[str | None], Caller], administrator: Caller, school: School
) -> None:
    student = await school.student()
    etag = (await administrator.get(f"/v1/students/{student}")).headers["etag"]
    other = calling(await school.token("student", await school.student()))
    for given_etag in (etag, "*"):
        answer = await other.get(f"/v1/students/{student}", headers={"If-None-Match": given_etag})
        assert answer.status_code == 404


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
def test_whatever_stands_in_if_none_match_it_is_an_answer(text: str) -> None:
    request = Request({"type": "http", "method": "GET", "headers": [(b"if-none-match", text.encode("latin-1"))]})
    assert conditional(request, Response(b"x")).status_code in (200, 304)


@given(st.text(), st.text())
def test_a_write_goes_on_only_where_what_it_was_meant_for_still_holds(read: str, present: str) -> None:
    etag = etag_of(Shown(text=read))
    if read == present:
        require_match(etag, Shown(text=present))
        require_match(f'"other", {etag}', Shown(text=present))
    else:
        with pytest.raises(Problem) as refused:
            require_match(etag, Shown(text=present))
        assert refused.value.code == "precondition_failed"
        assert refused.value.members == {"current": {"text": present}}
    require_match("*", Shown(text=present))
    require_match(None, Shown(text=present))


@pytest.mark.parametrize("text", ["", "2", '"', "W/", "abc"])
def test_what_is_no_etag_is_refused_in_words(text: str) -> None:
    with pytest.raises(Problem) as refused:
        require_match(text, Shown(text="x"))
    assert refused.value.code == "invalid_request"


@pytest.mark.parametrize("text", ["2", "x", '"x"'])
async def test_a_records_if_match_is_a_revision(administrator: Caller, school: School, text: str) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    answer = await administrator.put(
        f"/v1/meetings/{meeting}/roll/{student}", {"status": "present"}, headers={"If-Match": text}
    )
    assert {each.lower() for each in fields_of(answer)} == {"if-match"}
