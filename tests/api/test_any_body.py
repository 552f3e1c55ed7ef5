"""Whatever is sent, the answer is never an error of the server."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.callers import PROBLEM, Caller
from tests.api.school import CONSENT, School

ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(["\x00", "\ud800", ""])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
MEETING = {"class_id": "CLASS", "room_ids": ["ROOM"], "start": "2026-03-02T10:00:00Z", "end": "2026-03-02T10:50:00Z"}
SOUND: dict[str, dict[str, Any]] = {
    "POST /v1/students": {"given_name": "A", "family_name": "B", "sourced_id": None, "email": "a@b"},
    "PUT /v1/students/{student}/consent": CONSENT,
    "POST /v1/rooms": {"title": "Hall", "zone": "UTC"},
    "POST /v1/cameras": {"room_id": "ROOM", "expected_interval_s": 1, "smallest_face": 40, "allowed_backlog_s": 1},
    "POST /v1/classes": {"title": "C", "course_id": None, "rules": {"coverage_floor": 0.5}},
    "PUT /v1/classes/{class_id}/enrollments/{student}": {"begin": "2026-01-01", "end": None},
    "POST /v1/meetings": MEETING,
    "PUT /v1/meetings/{meeting}/roll/{student}": {"status": "late", "reason": "x", "revision": 0},
    "POST /v1/tokens": {"role": "teacher", "subjects": ["CLASS"], "label": "x", "expires_at": None},
}


@pytest.fixture(scope="module")
async def ids(school: School) -> dict[str, str]:
    student = await school.student()
    class_id = await school.class_(student)
    meeting = await school.meeting(class_id)
    return {"student": student, "class_id": class_id, "meeting": meeting, "room": await school.room()}


@pytest.mark.parametrize("route", SOUND)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_field_may_hold_anything(
    administrator: Caller, ids: dict[str, str], route: str, data: st.DataObject
) -> None:
    method, template = route.split()
    sound = json.dumps(SOUND[route]).replace("CLASS", ids["class_id"]).replace("ROOM", ids["room"])
    field = data.draw(st.sampled_from([*SOUND[route], "unheard_of"]))
    body = json.loads(sound) | {field: data.draw(ANYTHING)}
    await never_fails(administrator, method, template.format(**ids), as_json(body))


@pytest.mark.parametrize("route", SOUND)
@given(body=ANYTHING)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_body_may_be_anything(administrator: Caller, ids: dict[str, str], route: str, body: object) -> None:
    method, template = route.split()
    await never_fails(administrator, method, template.format(**ids), as_json(body))


@pytest.mark.parametrize("route", SOUND)
@given(body=st.binary(max_size=200))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_body_may_be_any_bytes(administrator: Caller, ids: dict[str, str], route: str, body: bytes) -> None:
    method, template = route.split()
    await never_fails(administrator, method, template.format(**ids), body)


async def never_fails(caller: Caller, method: str, path: str, body: bytes) -> None:
    answer = await caller.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code < 500, answer.text
    assert answer.is_success or answer.headers["content-type"] == PROBLEM


def as_json(value: object) -> bytes:
    """Write JSON as Python does: NaN, infinities and lone surrogates (escaped) come through."""
    return json.dumps(value).encode()
