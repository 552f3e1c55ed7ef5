"""The right to erasure over REST: one call, a receipt that says what is left and until when, and legal holds."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
from fastapi import FastAPI

from api.times import now
from attendance.erasures import SECOND_PASS_AFTER
from attendance.people import StoredTemplate
from attendance.store import Store
from recognition import Template
from tests.api.callers import Caller, body_of, problem_of
from tests.api.school import School, an_id


async def a_known_student(app: FastAPI, school: School) -> str:
    """Make a student with a template and a record."""
    student = await school.consenting_student()
    store: Store = app.state.services.store
    vector = np.linspace(-1, 1, 128, dtype=np.float32)
    await store.biometrics.add_template(StoredTemplate(an_id(), student, Template("dlib", vector), now()))
    await school.mark(await school.meeting(await school.class_(student)), student, "late")
    return student


async def second_pass(app: FastAPI) -> None:
    """Do what a running API does a minute later."""
    store: Store = app.state.services.store
    await store.erasures.go_on(now() + SECOND_PASS_AFTER + timedelta(seconds=1))


async def test_an_erased_student_is_unknown_at_once_and_the_receipt_says_what_is_still_to_come(
    app: FastAPI, school: School, administrator: Caller
) -> None:
    student = await a_known_student(app, school)
    receipt = body_of(await administrator.post(f"/v1/students/{student}/erasure"), 202)
    assert (receipt["complete"], receipt["finished_at"]) == (False, None)
    assert receipt["deleted"]["records"] == 1
    problem_of(await administrator.get(f"/v1/students/{student}"), 404, "not_found")
    problem_of(await administrator.get(f"/v1/students/{student}/kept"), 404, "not_found")
    await second_pass(app)
    told = body_of(await administrator.get(f"/v1/students/{student}/erasure"))
    assert told["remaining"] == {}
    assert told["finished_at"]
    elsewhere = {each["place"].rpartition(".")[2]: each for each in told["elsewhere"]}
    assert {"frames", "events"} <= elsewhere.keys()
    assert not any(each["done"] for each in elsewhere.values())
    assert told["complete"] is False


async def test_said_twice_it_is_the_same_erasure(app: FastAPI, school: School, administrator: Caller) -> None:
    student = await a_known_student(app, school)
    path = f"/v1/students/{student}/erasure"
    first = body_of(await administrator.post(path), 202)
    assert body_of(await administrator.post(path), 202)["requested_at"] == first["requested_at"]
    await second_pass(app)
    assert body_of(await administrator.post(path), 202)["finished_at"]


async def test_nobody_can_be_erased_who_never_was_there(administrator: Caller) -> None:
    path = f"/v1/students/{an_id()}/erasure"
    problem_of(await administrator.post(path), 404, "not_found")
    problem_of(await administrator.get(path), 404, "not_found")


async def test_those_who_follow_attendance_are_told_with_the_opaque_id_alone(
    app: FastAPI, school: School, administrator: Caller
) -> None:
    student = await a_known_student(app, school)
    after = body_of(await administrator.get("/v1/events?start=latest"))["next_cursor"]
    body_of(await administrator.post(f"/v1/students/{student}/erasure"), 202)
    events = await events_after(administrator, after)
    assert [event["type"] for event in events if student in json.dumps(event)] == ["org.rollcall.student.erased.v1"]
    assert events[-1]["data"] == {"student_id": student}


async def events_after(caller: Caller, cursor: str) -> list[dict[str, Any]]:
    return list(body_of(await caller.get(f"/v1/events?cursor={cursor}&limit=200"))["items"])


async def test_a_legal_hold_keeps_the_records_until_it_ends(
    app: FastAPI, school: School, administrator: Caller
) -> None:
    student = await a_known_student(app, school)
    of_them = f"/v1/students/{student}"
    held = body_of(await administrator.put(f"{of_them}/hold", {"reason": "appeal 17"}))
    assert body_of(await administrator.get(f"{of_them}/hold")) == held
    body_of(await administrator.post(f"{of_them}/erasure"), 202)
    await second_pass(app)
    receipt = body_of(await administrator.get(f"{of_them}/erasure"))
    assert (receipt["held"], receipt["complete"]) == (True, False)
    assert len(body_of(await administrator.get(f"{of_them}/attendance"))["items"]) == 1
    problem_of(await administrator.get(f"{of_them}/consent"), 404, "not_found")
    assert (await administrator.delete(f"{of_them}/hold")).status_code == 204
    problem_of(await administrator.get(of_them), 404, "not_found")
    problem_of(await administrator.delete(f"{of_them}/hold"), 404, "not_found")


async def test_an_officer_erases_and_nobody_who_teaches_or_keeps_the_timetable_does(
    app: FastAPI, school: School, calling: Callable[[str | None], Caller]
) -> None:
    student = await a_known_student(app, school)
    for role in ("registrar", "student"):
        caller = calling(await school.token(role, *([student] if role == "student" else [])))
        problem_of(await caller.post(f"/v1/students/{student}/erasure"), 403, "forbidden")
    officer = calling(await school.token("officer"))
    body_of(await officer.post(f"/v1/students/{student}/erasure"), 202)


async def test_an_import_does_not_bring_an_erased_student_back_under_their_id(
    app: FastAPI, school: School, administrator: Caller
) -> None:
    sourced = an_id()
    student = await school.student(sourced_id=sourced)
    body_of(await administrator.post(f"/v1/students/{student}/erasure"), 202)
    assert await school.student(sourced_id=sourced) != student
