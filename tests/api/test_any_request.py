"""Whatever the OpenAPI document allows, and whatever it doesn't, is asked of every route of a running server.

No answer is an error of the server, and each is one that the document names, in the form that it gives.
"""

import contextlib
import zlib
from collections.abc import Callable, Iterable, Iterator
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
from attendance.rights import Role
from attendance.settings import ConnectionSettings
from attendance.store import Store
from tests.api.callers import Caller
from tests.api.rights_table import Reach, read_table
from tests.api.school import CONSENT, School
from tests.api.serving import environment_of, serving

ROUTES = sorted(ACCESS.keys() - {("GET", "/docs"), ("GET", "/openapi.json")})
SHORT, LONG = 3, 250
TABLE = read_table()
# Of the student who is there.
SECRET_NAME = "Perpetua-Unmistakable"
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
    student = await school.student(SECRET_NAME)
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


@pytest.fixture(scope="module")
async def by_role(administrator: Caller, school: School, there: dict[str, str]) -> dict[Role, str]:
    """A token of each role, for somebody who has nothing to do with what is there."""
    stranger = await school.student()
    strangers = await school.class_()
    until = {"expires_at": "2999-01-01T00:00:00Z"}
    return {
        Role.ADMINISTRATOR: await school.token("administrator"),
        Role.REGISTRAR: await school.token("registrar"),
        Role.OFFICER: await school.token("officer"),
        Role.TEACHER: await school.token("teacher", strangers),
        Role.SUBSTITUTE: await school.token("substitute", strangers, **until),
        Role.ADVISER: await school.token("adviser", stranger),
        Role.ANALYST: await school.token("analyst"),
        Role.STUDENT: await school.token("student", stranger),
        Role.DEVICE: await school.token("device", await school.camera()),
        Role.READER: await school.reader(there["room_id"]),
    }


# What is made up can't say what these change beyond their own: they would take away what the others look at.
FOR_EACH_ROLE = [(route, role) for role in list(Role)[1:] for route in ROUTES]


@pytest.mark.parametrize(("route", "role"), FOR_EACH_ROLE)
def test_a_role_sees_nothing_that_it_may_not(
    route: tuple[str, str], role: Role, document: Any, by_role: dict[Role, str], there: dict[str, str]
) -> None:
    # Keeping to the document and breaking it, in turn from route to role; the long form does both.
    modes = list(GenerationMode)
    mode = modes[zlib.crc32(repr((route, role.value)).encode()) % len(modes)]
    ask_as(document, route, role, 1, by_role[role], there, [mode])


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("route", "role"), FOR_EACH_ROLE)
def test_a_role_sees_nothing_that_it_may_not_whatever_it_asks(
    route: tuple[str, str], role: Role, document: Any, by_role: dict[Role, str], there: dict[str, str]
) -> None:
    ask_as(document, route, role, LONG // 5, by_role[role], there)


def ask_as(
    document: Any,
    route: tuple[str, str],
    role: Role,
    most: int,
    token: str,
    there: dict[str, str],
    modes: Iterable[GenerationMode] = GenerationMode,
) -> None:
    """Send requests as a role; where it has no right, or only to its own, nothing that is there may be told."""
    method, path = route
    reach = TABLE[route][role]

    def look(answer: Any) -> None:
        if reach is Reach.NOTHING:
            assert answer.status_code in (401, 403, 404, 405, 408, 413, 429), answer.text
        if reach in (Reach.NOTHING, Reach.OWN) and answer.status_code < 300:
            assert not any(word in answer.text for word in (there["student_id"], SECRET_NAME)), answer.text
        if reach is Reach.NO_NAMES:
            assert SECRET_NAME not in answer.text

    ask_all(document[path][method], most, token, there, look, modes)


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


def ask_all(
    operation: Any,
    most: int,
    token: str,
    there: dict[str, str],
    look: Callable[[Any], None] = lambda _: None,
    modes: Iterable[GenerationMode] = GenerationMode,
) -> None:
    """Send requests that keep to the document, and such that break it."""
    for mode in modes:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=most, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def asks(case: Case[Any]) -> None:
            look(ask(case, token, there))

        # Where there is nothing to get wrong, no request can break the document.
        with contextlib.suppress(Unsatisfiable, pytest.skip.Exception):
            asks()


def ask(case: Case[Any], token: str, there: dict[str, str]) -> Any:
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
    return answer
