"""Calling the API as somebody: a client with a token, and answers that are checked where they are used."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Self

import httpx
from fastapi import FastAPI

from api.access import ACCESS

PROBLEM = "application/problem+json"


class Caller:
    """Calls the app as the bearer of a token, or as nobody."""

    def __init__(
        self, app: FastAPI | httpx.AsyncBaseTransport, token: str | None, url: str = "http://api.test"
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False) if isinstance(app, FastAPI) else app
        hooks = {"response": [_noting(app)]} if isinstance(app, FastAPI) and token else {}
        self._client = httpx.AsyncClient(
            transport=transport, base_url=url, headers=headers, timeout=120, event_hooks=hooks
        )

    @classmethod
    def over_the_network(cls, url: str, token: str | None) -> Self:
        """Call a process of its own."""
        return cls(httpx.AsyncHTTPTransport(), token, url)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self._client.request(method, path, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self._client.get(path, **options)

    async def post(self, path: str, body: object = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        return await self._client.post(path, **options)

    async def put(self, path: str, body: object, **options: Any) -> httpx.Response:
        return await self._client.put(path, json=body, **options)

    async def delete(self, path: str) -> httpx.Response:
        return await self._client.delete(path)


def reads_of(app: FastAPI) -> Counter[str]:
    """Give how often something was read from an app in this process, by the route as the audit names it."""
    if not hasattr(app.state, "reads"):
        app.state.reads = Counter()
    found: Counter[str] = app.state.reads
    return found


def _noting(app: FastAPI) -> Callable[[httpx.Response], Awaitable[None]]:
    async def note(answer: httpx.Response) -> None:
        if answer.request.method == "GET" and answer.is_success and (route := _route_of(answer.request.url.path)):
            reads_of(app)[f"GET {route}"] += 1

    return note


def _route_of(path: str) -> str | None:
    """Give the route of a path that asks for a token: of several the one with the fewest parameters."""
    found = [
        template
        for (method, template), rule in ACCESS.items()
        if method == "GET" and not rule.public and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
    ]
    return min(found, key=lambda template: template.count("{"), default=None)


def body_of(answer: httpx.Response, status: int = 200) -> Any:
    """Give an answer's JSON, which must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Give an answer that must be this problem, in the form of RFC 9457."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == f"urn:rollcall:problem:{code}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


def fields_of(answer: httpx.Response) -> set[str]:
    """Give the names of the fields that an answer says are wrong."""
    return {error["field"] for error in problem_of(answer, 422, "invalid_request")["errors"]}
