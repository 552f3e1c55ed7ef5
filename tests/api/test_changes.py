"""What was added is changed, moved, cancelled, deleted: only what is named, and only from the state that was read."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

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
    path = f"/v1/rooms/{await school.room()}"
    read = await etag(administrator, path)
    answers = await asyncio.gather(*(patch(administrator, path, {"title": f"Hall {n}"}, read) for n in range(8)))
    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.status_code for answer in answers} <= {200, 409, 412}


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
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
    for kind in ("rooms", "cameras", "meetings"):
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
