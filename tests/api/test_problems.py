"""Errors: every one a problem in the form of RFC 9457, whatever made it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from api.problems import CATALOGUE
from api.security_headers import SECURITY_HEADERS
from recognition import EnrolmentError, PictureError
from tests.api.callers import Caller, problem_of
from tests.api.school import School

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v1/students/", "/v2/students", "/docs/", "/redoc", "/%00", "/v1//me"]
)
async def test_an_unknown_path_is_a_problem_with_or_without_a_token(
    administrator: Caller, calling: Callable[[str | None], Caller], path: str
) -> None:
    for caller in (administrator, calling(None)):
        problem_of(await caller.get(path), 404, "not_found")


async def test_a_method_that_a_path_does_not_take_is_told_which_it_does(administrator: Caller) -> None:
    answer = await administrator.request("PATCH", "/v1/students")
    problem_of(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"
    answer = await administrator.request("POST", "/v1/me")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "OPTIONS"])
async def test_other_methods_are_problems_too(administrator: Caller, method: str) -> None:
    problem_of(await administrator.request(method, "/v1/students"), 405, "method_not_allowed")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"given_name": "Ada"', b"nul", b"{'a': 1}", b"\x00"]
)
async def test_a_body_that_is_no_json_is_refused(administrator: Caller, content: bytes) -> None:
    answer = await administrator.post("/v1/students", content=content, headers=JSON)
    assert answer.status_code in (400, 422)
    problem_of(answer, answer.status_code, "malformed_body" if answer.status_code == 400 else "invalid_request")


@pytest.mark.parametrize("content", [b"[]", b'"Ada"', b"7", b"null", b"true"])
async def test_json_that_is_no_object_is_refused(administrator: Caller, content: bytes) -> None:
    answer = await administrator.post("/v1/students", content=content, headers=JSON)
    problem_of(answer, 422, "invalid_request")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None])
async def test_a_body_of_another_kind_is_refused(administrator: Caller, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    answer = await administrator.post("/v1/students", content=b'{"given_name": "Ada"}', headers=headers)
    problem_of(answer, 415, "unsupported_media_type")


async def test_json_over_the_limit_is_refused_whether_its_length_is_declared_or_not(
    administrator: Caller, calling: Callable[[str | None], Caller]
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 100_000
            yield b" " * 100_000

    problem_of(await administrator.post("/v1/students", content=b" " * 1_000_001, headers=JSON), 413, "body_too_large")
    problem_of(await administrator.post("/v1/students", content=endless(), headers=JSON), 413, "body_too_large")
    assert sent <= 1_200_000
    for caller, path in ((administrator, "/v1/nowhere"), (calling(None), "/v1/students"), (administrator, "/v1/me")):
        answer = await caller.post(path, content=b" " * 1_000_001, headers=JSON)
        problem_of(answer, 413, "body_too_large")


async def test_json_of_just_the_limit_is_read(administrator: Caller) -> None:
    body = b'{"given_name": "Ada"}'
    answer = await administrator.post("/v1/students", content=body + b" " * (1_000_000 - len(body)), headers=JSON)
    assert answer.status_code == 201


async def test_without_a_token_a_body_is_not_read(calling: Callable[[str | None], Caller]) -> None:
    was_read = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal was_read
        was_read = True
        yield b"{}"

    answer = await calling(None).post("/v1/students", content=body(), headers=JSON)
    problem_of(answer, 401, "not_authenticated")
    assert not was_read


async def test_an_error_that_nobody_expected_shows_nothing_of_the_inside(
    app: FastAPI, administrator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("password=hunter2 at /srv/secret.py")

    monkeypatch.setattr(app.state.services.store.students, "page", fail)
    answer = await administrator.get("/v1/students")
    problem_of(answer, 500, "internal")
    assert "hunter2" not in answer.text
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_every_answer_carries_the_security_headers_and_none_lets_other_sites_in(
    administrator: Caller, calling: Callable[[str | None], Caller], school: School
) -> None:
    student = await school.student()
    origin = {"Origin": "https://elsewhere.example"}
    answers = [
        await administrator.get(f"/v1/students/{student}", headers=origin),
        await administrator.get("/healthz", headers=origin),
        await administrator.get("/nowhere", headers=origin),
        await calling(None).get("/v1/me", headers=origin),
        await administrator.post("/v1/students", content=b" " * 1_000_001, headers=JSON | origin),
        await administrator.request(
            "OPTIONS", "/v1/students", headers=origin | {"Access-Control-Request-Method": "POST"}
        ),
    ]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_every_code_has_a_status_that_is_an_error_and_a_title() -> None:
    assert all(400 <= status < 600 and title for status, title in CATALOGUE.values())


def test_every_refusal_of_recognition_is_in_the_catalogue() -> None:
    codes = {refusal.code for kind in (PictureError, EnrolmentError) for refusal in kind.__subclasses__()}
    assert codes <= CATALOGUE.keys()


def test_no_route_goes_past_the_guard(app: FastAPI) -> None:
    assert not [route for route in app.routes if isinstance(route, Route)]
