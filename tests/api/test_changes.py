"""What was added is changed, moved, cancelled, deleted: only what is named, and only from the state that was read."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from attendance.store.collection import present
from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id

Call = Callable[[str | None], Caller]


async def patch(caller: Caller, path: str, body: dict[str, Any], if_match: str | None = None) -> Any:
    headers = {"If-Match": if_match} if if_match is not None else {}
    return await caller.request("PATCH", path, json=body, headers=headers)


async def etag(caller: Caller, path: str) -> str:
    return str((await caller.get(path)).headers["etag"])


@pytest.fixture
async def meeting(school: School) -> str:
    return await school.meeting(await school.class_(await school.student()), zone="Europe/Zurich")


async def paths(school: School, meeting: str) -> dict[str, dict[str, Any]]:
    """Give one of each that can be changed, with a change."""
    return {
        f"/v1/students/{await school.student(sourced_id=an_id())}": {"family_name": "Turing"},
        f"/v1/classes/{await school.class_()}": {"rules": {"late_after_s": 60}},
        f"/v1/rooms/{await school.room()}": {"title": "Another"},
        f"/v1/cameras/{await school.camera()}": {"smallest_face": 99},
        f"/v1/meetings/{meeting}": {"end": "2026-03-02T11:30:00Z"},
    }


async def test_what_isnt_named_stays(administrator: Caller, school: School, meeting: str) -> None:
    for path, change in (await paths(school, meeting)).items():
        before = body_of(await administrator.get(path))
        after = body_of(await patch(administrator, path, change))
        assert body_of(await administrator.get(path)) == after
        assert {name for name in before if before[name] != after[name]} == set(change)
        assert body_of(await patch(administrator, path, {})) == after


async def test_a_change_of_what_was_read_before_another_change_is_refused_with_what_is_now(
    administrator: Caller, school: School, meeting: str
) -> None:
    for path, change in (await paths(school, meeting)).items():
        read = await etag(administrator, path)
        body_of(await patch(administrator, path, change, read))
        present = await administrator.get(path)
        refused = problem_of(await patch(administrator, path, change, read), 412, "precondition_failed")
        assert refused["current"] == present.json()
        assert (await patch(administrator, path, {}, present.headers["etag"])).status_code == 200
        assert fields_of(await patch(administrator, path, {}, "no etag")) == {"if-match"}


async def test_of_many_that_change_the_same_at_once_with_what_they_read_one_does(
    administrator: Caller, school: School
) -> None:
    for path, field in (
        (f"/v1/rooms/{await school.room()}", "title"),
        (f"/v1/classes/{await school.class_()}", "title"),
        (f"/v1/students/{await school.student()}", "given_name"),
    ):
        read = await etag(administrator, path)
        answers = await asyncio.gather(*(patch(administrator, path, {field: f"Name {n}"}, read) for n in range(8)))
        assert [answer.status_code for answer in answers].count(200) == 1
        assert {answer.status_code for answer in answers} <= {200, 409, 412}


async def test_changes_of_different_fields_at_once_all_hold(administrator: Caller, school: School) -> None:
    path = f"/v1/students/{await school.student()}"
    changes = {"given_name": "Grace", "family_name": "Hopper", "email": "g@example.org", "sourced_id": an_id()}
    answers = await asyncio.gather(*(patch(administrator, path, {name: value}) for name, value in changes.items()))
    assert {answer.status_code for answer in answers} == {200}
    assert body_of(await administrator.get(path)) | changes == body_of(await administrator.get(path))


async def test_the_schools_id_of_another_cant_be_taken_and_an_own_one_is_given_up(
    administrator: Caller, school: School
) -> None:
    taken = an_id()
    first, second = await school.student(sourced_id=taken), await school.student()
    problem_of(await patch(administrator, f"/v1/students/{second}", {"sourced_id": taken}), 409, "conflict")
    body_of(await patch(administrator, f"/v1/students/{first}", {"sourced_id": None}))
    body_of(await patch(administrator, f"/v1/students/{second}", {"sourced_id": taken}))
    assert body_of(await administrator.get(f"/v1/students/by-sourced-id/{taken}"))["id"] == second


async def test_meetings_that_there_are_keep_the_rules_that_they_have(
    administrator: Caller, school: School, app: FastAPI
) -> None:
    class_id = await school.class_()
    before = await school.meeting(class_id)
    body_of(await patch(administrator, f"/v1/classes/{class_id}", {"rules": {"late_after_s": 60}, "term_id": an_id()}))
    after = await school.meeting(class_id)
    meetings = await app.state.services.store.meetings.get_many([before, after])
    assert [meetings[each].rules.late_after.total_seconds() for each in (before, after)] == [600, 60]
    assert (meetings[before].term_id, meetings[after].term_id is None) == (None, False)


async def test_a_student_is_deleted_only_where_nothing_hangs_on_them(
    administrator: Caller, school: School, calling: Call
) -> None:
    consenting, enrolled, free = await school.consenting_student(), await school.student(), await school.student()
    await school.class_(enrolled)
    marked = await school.student()
    class_id = await school.class_(marked)
    await school.mark(await school.meeting(class_id), marked, "present")
    for student in (consenting, enrolled, marked):
        problem_of(await administrator.delete(f"/v1/students/{student}"), 409, "conflict")
    theirs = await school.token("student", free)
    assert (await administrator.delete(f"/v1/students/{free}")).status_code == 204
    problem_of(await administrator.get(f"/v1/students/{free}"), 404, "not_found")
    problem_of(await calling(theirs).get("/v1/me"), 401, "not_authenticated")


async def test_a_class_is_deleted_only_without_students_and_meetings(administrator: Caller, school: School) -> None:
    student = await school.student()
    held, full = await school.class_(), await school.class_(student)
    await school.meeting(held)
    for class_id in (held, full):
        problem_of(await administrator.delete(f"/v1/classes/{class_id}"), 409, "conflict")
    assert (await administrator.delete(f"/v1/classes/{full}/enrollments/{student}")).status_code == 204
    assert (await administrator.delete(f"/v1/classes/{full}")).status_code == 204
    problem_of(await administrator.get(f"/v1/classes/{full}"), 404, "not_found")


async def test_who_was_enrolled_by_mistake_is_taken_out_and_workers_can_learn_of_it(
    administrator: Caller, school: School, app: FastAPI
) -> None:
    ada, alan = await school.student(), await school.student("Alan", "Turing")
    class_id = await school.class_(ada)
    await school.enroll(class_id, alan, begin="2026-03-01", end="2026-03-31")
    path = f"/v1/classes/{class_id}/enrollments"
    listed = body_of(await administrator.get(path))["items"]
    assert {each["student_id"]: (each["begin"], each["end"]) for each in listed} == {
        ada: (None, None),
        alan: ("2026-03-01", "2026-03-31"),
    }
    first = body_of(await administrator.get(f"{path}?limit=1"))
    second = body_of(await administrator.get(f"{path}?limit=1&cursor={first['next_cursor']}"))
    assert first["items"] + second["items"] == listed
    assert second["next_cursor"] is None

    before = present()
    assert (await administrator.delete(f"{path}/{ada}")).status_code == 204
    assert await app.state.services.store.classes.changed_since(before) == [class_id]
    problem_of(await administrator.delete(f"{path}/{ada}"), 404, "not_found")
    roster = body_of(await administrator.get(f"/v1/classes/{class_id}/roster?date=2026-03-02"))["students"]
    assert [each["student_id"] for each in roster] == [alan]
    assert [each["student_id"] for each in body_of(await administrator.get(path))["items"]] == [alan]
    await school.enroll(class_id, ada)
    roster = body_of(await administrator.get(f"/v1/classes/{class_id}/roster?date=2026-03-02"))["students"]
    assert len(roster) == 2


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("students", {"given_name": None}, "given_name"),
        ("students", {"email": "nobody"}, "email"),
        ("classes", {"rules": {"coverage_floor": 2}}, "rules.coverage_floor"),
        ("classes", {"rules": None}, "rules"),
        ("classes", {"term_id": "spring"}, "term_id"),
        ("rooms", {"title": ""}, "title"),
        ("rooms", {"title": None}, "title"),
        ("rooms", {"zone": "Atlantis/Centre"}, "zone"),
        ("rooms", {"colour": "red"}, "colour"),
        ("cameras", {"expected_interval_s": 0}, "expected_interval_s"),
        ("cameras", {"kind": "entrance"}, "leads_to"),
        ("cameras", {"smallest_face": None}, "smallest_face"),
        ("cameras", {"room_id": an_id()}, "room_id"),
        ("meetings", {"end": "2026-03-02T10:00:00Z"}, "end"),
        ("meetings", {"end": "2026-03-04T10:00:00Z"}, "end"),
        ("meetings", {"start": "2026-03-02T11:00:00"}, "start"),
        ("meetings", {"room_ids": []}, "room_ids"),
        ("meetings", {"room_ids": [an_id()]}, "room_ids.0"),
    ],
)
async def test_what_would_not_be_sound_is_refused_in_its_place(
    administrator: Caller, school: School, meeting: str, kind: str, change: dict[str, Any], field: str
) -> None:
    (path,) = [each for each in await paths(school, meeting) if f"/{kind}/" in each]
    before = body_of(await administrator.get(path))
    assert fields_of(await patch(administrator, path, change)) == {field}
    assert body_of(await administrator.get(path)) == before


async def test_what_isnt_there_cant_be_changed(administrator: Caller) -> None:
    for kind in ("students", "classes", "rooms", "cameras", "meetings"):
        problem_of(await patch(administrator, f"/v1/{kind}/{an_id()}", {}), 404, "not_found")


async def test_a_meeting_is_moved_cancelled_and_restored_and_keeps_its_id(
    administrator: Caller, school: School, meeting: str
) -> None:
    path, room = f"/v1/meetings/{meeting}", await school.room()
    move = {"start": "2026-03-03T23:30:00Z", "end": "2026-03-04T00:20:00Z", "room_ids": [room]}
    moved = body_of(await patch(administrator, path, move))
    assert (moved["id"], moved["room_ids"], moved["local_date"]) == (meeting, [room], "2026-03-04")
    for _ in range(2):
        assert body_of(await administrator.post(f"{path}/cancel", {}))["state"] == "cancelled"
    still = body_of(await patch(administrator, path, {"end": "2026-03-04T00:30:00Z"}))
    assert (still["state"], still["end"]) == ("cancelled", "2026-03-04T00:30:00.000Z")
    for _ in range(2):
        assert body_of(await administrator.post(f"{path}/restore", {}))["state"] == "open"


async def test_a_meeting_that_changed_since_it_was_read_is_neither_moved_nor_cancelled_nor_split(
    administrator: Caller, meeting: str
) -> None:
    path, headers = f"/v1/meetings/{meeting}", {"If-Match": await etag(administrator, f"/v1/meetings/{meeting}")}
    body_of(await patch(administrator, path, {"end": "2026-03-02T11:00:00Z"}))
    before = body_of(await administrator.get(path))
    for step, body in (("cancel", {}), ("restore", {}), ("split", {"at": "2026-03-02T10:20:00Z"})):
        answer = await administrator.post(f"{path}/{step}", body, headers=headers)
        assert problem_of(answer, 412, "precondition_failed")["current"] == before
    assert body_of(await administrator.get(path)) == before


async def test_a_meeting_is_split_in_two_once_however_often_it_is_asked(administrator: Caller, meeting: str) -> None:
    path, at = f"/v1/meetings/{meeting}", "2026-03-02T10:20:00.000Z"
    parts = body_of(await administrator.post(f"{path}/split", {"at": at}))
    assert (parts["first"]["id"], parts["first"]["end"]) == (meeting, at)
    second = f"/v1/meetings/{parts['second']['id']}"
    assert (parts["second"]["start"], parts["second"]["end"]) == (at, "2026-03-02T10:50:00.000Z")
    assert body_of(await administrator.get(path)) == parts["first"]
    assert body_of(await administrator.get(second)) == parts["second"]
    assert body_of(await administrator.post(f"{path}/split", {"at": at})) == parts
    found = body_of(await administrator.get(f"/v1/classes/{parts['first']['class_id']}/meetings"))
    assert len(found["items"]) == 2


async def test_a_room_is_deleted_only_where_nothing_hangs_on_it(
    administrator: Caller, school: School, meeting: str
) -> None:
    free = f"/v1/rooms/{await school.room()}"
    problem_of(await administrator.request("DELETE", free, headers={"If-Match": '"x"'}), 412, "precondition_failed")
    assert (await administrator.delete(free)).status_code == 204
    problem_of(await administrator.get(free), 404, "not_found")
    problem_of(await administrator.delete(free), 404, "not_found")
    (held,) = body_of(await administrator.get(f"/v1/meetings/{meeting}"))["room_ids"]
    problem_of(await administrator.delete(f"/v1/rooms/{held}"), 409, "conflict")
    seen = body_of(await administrator.get(f"/v1/cameras/{await school.camera()}"))["room_id"]
    problem_of(await administrator.delete(f"/v1/rooms/{seen}"), 409, "conflict")


async def test_a_deleted_camera_is_gone_and_its_tokens_are_revoked(administrator: Caller, school: School) -> None:
    made = body_of(await administrator.post("/v1/cameras", {"room_id": await school.room()}), 201)
    camera = made["camera"]["id"]
    other = body_of(await administrator.post("/v1/cameras", {"room_id": made["camera"]["room_id"]}), 201)
    assert (await administrator.delete(f"/v1/cameras/{camera}")).status_code == 204
    problem_of(await administrator.get(f"/v1/cameras/{camera}"), 404, "not_found")
    tokens = body_of(await administrator.get("/v1/tokens?limit=200"))["items"]
    revoked = {token["id"]: token["revoked_at"] is not None for token in tokens}
    assert (revoked[made["token_id"]], revoked[other["token_id"]]) == (True, False)


async def test_a_student_is_found_by_the_schools_id_with_their_attendance(
    administrator: Caller, school: School, calling: Call
) -> None:
    sourced_id = f"s 1906/ä-{an_id()[:8]}"
    student = await school.student(sourced_id=sourced_id)
    meeting = await school.meeting(await school.class_(student))
    await school.mark(meeting, student, "late")
    (found,) = body_of(await administrator.get("/v1/students", params={"sourced_id": sourced_id}))["items"]
    assert found["id"] == student
    assert body_of(await administrator.get("/v1/students", params={"sourced_id": an_id()}))["items"] == []

    plain = an_id()
    other = await school.student(sourced_id=plain)
    await school.mark(await school.meeting(await school.class_(other)), other, "late")
    by_school = f"/v1/students/by-sourced-id/{plain}"
    assert body_of(await administrator.get(by_school)) == body_of(await administrator.get(f"/v1/students/{other}"))
    query = "?from=2026-03-01&limit=1"
    mine = body_of(await administrator.get(f"{by_school}/attendance{query}"))
    assert mine == body_of(await administrator.get(f"/v1/students/{other}/attendance{query}"))
    assert mine["totals"]["late"] == 1

    themself = calling(await school.token("student", other))
    stranger = calling(await school.token("student", student))
    for path in (by_school, f"{by_school}/attendance"):
        body_of(await themself.get(path))
        problem_of(await stranger.get(path), 404, "not_found")
        problem_of(await administrator.get(path.replace(plain, an_id())), 404, "not_found")
