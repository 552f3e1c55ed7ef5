"""What holds against whoever wants to do harm: bounds, headers, waiting, closed doors."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing

import httpx
import pytest
from fastapi import FastAPI

from api import ApiSettings
from api.guessing import MOST_WRONG_TOKENS
from attendance.settings import ConnectionSettings
from deploy.init import Initialised
from tests.api.callers import Caller, body_of, problem_of
from tests.api.conftest import running
from tests.api.serving import Server, environment_of, serving

Calling = Callable[[str | None], Caller]


@pytest.fixture(scope="module")
async def app(places: ConnectionSettings, initialised: Initialised) -> AsyncIterator[FastAPI]:
    assert initialised
    async with running(places, ApiSettings(json_upload_s=0.2)) as started:
        yield started


@pytest.fixture(scope="module")
def server(places: ConnectionSettings, initialised: Initialised) -> Iterator[Server]:
    assert initialised
    with serving(environment_of(places) | {"ROLLCALL_JSON_UPLOAD_S": "1"}) as started:
        yield started


async def test_a_body_that_does_not_come_to_an_end_is_given_up(administrator: Caller) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b'{"given_name":'
        await asyncio.sleep(30)
        yield b'"Ada"}'

    began = time.monotonic()
    answer = await administrator.request(
        "POST", "/v1/students", content=slow(), headers={"Content-Type": "application/json"}
    )
    problem_of(answer, 408, "upload_too_slow")
    assert time.monotonic() - began < 25


def test_a_slow_body_over_the_network_does_not_hold_its_place(server: Server, administrator_token: str) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    head = (
        f"POST /v1/students HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {administrator_token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    with closing(connected(host, int(port))) as connection:
        connection.sendall(head.encode())
        assert b" 408 " in connection.recv(100)


def test_a_head_without_end_is_refused(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with closing(connected(host, int(port))) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 200_000)
        assert b" 400 " in connection.recv(100)


def connected(host: str, port: int) -> socket.socket:
    connection = socket.create_connection((host, port), timeout=60)
    connection.settimeout(60)
    return connection


async def test_who_sends_wrong_tokens_again_and_again_is_told_to_wait_and_a_right_one_works(
    calling: Calling, administrator: Caller
) -> None:
    wrong = calling("rc_0123456789ab_" + "x" * 43)
    for _ in range(MOST_WRONG_TOKENS):
        problem_of(await wrong.get("/v1/me"), 401, "not_authenticated")
    answer = await wrong.get("/v1/me")
    problem_of(answer, 429, "too_many_wrong_tokens")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    body_of(await administrator.get("/v1/me"))


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_no_other_origin_is_let_in(administrator: Caller, method: str) -> None:
    headers = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    answer = await administrator.request(method, "/v1/students", headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/v1/me", "/v1/students", "/v1/nothing", "/v1/audit"])
async def test_every_answer_carries_the_headers(administrator: Caller, path: str) -> None:
    answer: httpx.Response = await administrator.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "server" not in answer.headers
