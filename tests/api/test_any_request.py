"""Whatever the OpenAPI document allows, and whatever it doesn't, is asked of every route of a running server.

No answer is an error of the server, and each is one that the document names, in the form that it gives.
"""

import contextlib
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.access import ACCESS
from attendance.events import meeting_closed
from attendance.meetings import MeetingState
from attendance.settings import ConnectionSettings
from attendance.store import Store
from tests.api.callers import Caller
from tests.api.school import CONSENT, School
from tests.api.serving import environment_of, serving

ROUTES = sorted(ACCESS.keys() - {("GET", "/docs"), ("GET", "/openapi.json")})
SHORT, LONG = 3, 250
HELD_TO = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
async def there(school: School, administrator: Caller, app: FastAPI) -> dict[str, str]:
    """One of each kind, so that not every id is an unknown one."""
    student = await school.student()
    await administrator.put(f"/v1/students/{student}/consent", CONSENT)
    class_id = await school.class_(student)
    meeting = await school.meeting(class_id)
    store: Store = app.state.services.store
    held = await store.meetings.get(meeting)
    event = meeting_closed(held, 1, taken=True, coverage=1, counts={}, now=held.end)
    await store.meetings.close(held, MeetingState.CLOSED, event)
    return {
        "student_id": student,
        "class_id": class_id,
        "meeting_id": meeting,  # a closed one: the live roll of an open one has no end
        "room_id": await school.room(),
        "camera_id": await school.camera(),
    }


@pytest.fixture(scope="module")
def url(places: ConnectionSettings, administrator_token: str) -> Iterator[str]:
    assert administrator_token  # the database is initialised
    with serving(environment_of(places)) as server:
        yield server.url


@pytest.fixture(scope="module")
def document(url: str) -> Any:
    return schemathesis.openapi.from_url(f"{url}/openapi.json")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_few_requests_of_each_kind(
    method: str, path: str, document: Any, administrator_token: str, there: dict[str, str]
) -> None:
    ask_all(document[path][method], SHORT, administrator_token, there)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_many_requests_of_each_kind(
    method: str, path: str, document: Any, administrator_token: str, there: dict[str, str]
) -> None:
    ask_all(document[path][method], LONG, administrator_token, there)


def ask_all(operation: Any, most: int, token: str, there: dict[str, str]) -> None:
    """Send requests that keep to the document, and such that break it."""
    for mode in GenerationMode:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=most, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def asks(case: Case[Any]) -> None:
            ask(case, token, there)

        # Where there is nothing to get wrong, no request can break the document.
        with contextlib.suppress(Unsatisfiable, pytest.skip.Exception):
            asks()


def ask(case: Case[Any], token: str, there: dict[str, str]) -> None:
    """Send a request as it was made up, or, every other time, to what is there; hold the answer to the document."""
    if zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode()) % 2:
        known = {name: there[name] for name in case.path_parameters if name in there}
        case.path_parameters = {**case.path_parameters, **known}
        if isinstance(case.body, dict):
            known = {name: there[name] for name in case.body if name in there}
            rooms: dict[str, Any] = {"room_ids": [there["room_id"]]} if "room_ids" in case.body else {}
            case.body = {**case.body, **known, **rooms}
    answer = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=30)
    case.validate_response(answer, checks=HELD_TO)
