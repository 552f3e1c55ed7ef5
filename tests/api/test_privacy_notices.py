"""Notices of what is done with faces, kept by version: what somebody agreed to can be read years later."""

from collections.abc import Callable

import pytest

from attendance.rights import Role
from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School

NOTICE = {
    "version": "2026-09",
    "title": "How attendance is taken",
    "text": "Cameras look who is there.",
    "language": "en",
}


async def test_a_published_notice_is_read_by_whoever_has_a_token(
    administrator: Caller, school: School, calling: Callable[[str | None], Caller]
) -> None:
    published = await administrator.post("/v1/privacy-notices", NOTICE)
    assert published.headers["Location"] == "/v1/privacy-notices/2026-09"
    student = calling(await school.token(Role.STUDENT, await school.student()))
    read = body_of(await student.get("/v1/privacy-notices/2026-09"))
    assert read == body_of(published, 201)
    assert NOTICE.items() <= read.items()
    assert body_of(await student.get("/v1/privacy-notices"))["items"][0] == read


async def test_a_version_is_never_used_again_for_another_text(administrator: Caller) -> None:
    body = {**NOTICE, "version": "once"}
    body_of(await administrator.post("/v1/privacy-notices", body), 201)
    problem_of(await administrator.post("/v1/privacy-notices", {**body, "text": "Something else."}), 409, "conflict")
    assert body_of(await administrator.get("/v1/privacy-notices/once"))["text"] == NOTICE["text"]


async def test_a_version_that_was_never_published_is_not_found(administrator: Caller) -> None:
    problem_of(await administrator.get("/v1/privacy-notices/never"), 404, "not_found")


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": ""},
        {"version": "a/b"},
        {"version": "x" * 41},
        {"title": ""},
        {"text": " "},
        {"text": "x" * 100_001},
        {"language": "English"},
    ],
)
async def test_what_is_wrong_with_a_notice_is_said(administrator: Caller, wrong: dict[str, str]) -> None:
    assert fields_of(await administrator.post("/v1/privacy-notices", {**NOTICE, **wrong})) == set(wrong)
