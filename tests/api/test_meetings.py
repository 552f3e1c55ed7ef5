from typing import Any

import pytest

from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id


async def a_meeting(school: School, **fields: Any) -> dict[str, Any]:
    body = {
        "class_id": await school.class_(),
        "room_ids": [await school.room()],
        "start": "2026-09-01T10:00:00+02:00",
        "end": "2026-09-01T10:50:00+02:00",
    }
    return body | fields


async def test_a_meeting_is_given_in_utc_with_its_local_date_and_zone_beside_it(
    administrator: Caller, school: School
) -> None:
    body = await a_meeting(
        school, start="2026-09-01T23:30:00-07:00", end="2026-09-02T00:20:00-07:00", zone="America/Los_Angeles"
    )
    added = await administrator.post("/v1/meetings", body)
    meeting = body_of(added, 201)
    assert (meeting["start"], meeting["end"]) == ("2026-09-02T06:30:00.000Z", "2026-09-02T07:20:00.000Z")
    assert (meeting["local_date"], meeting["zone"]) == ("2026-09-01", "America/Los_Angeles")
    assert meeting["state"] == "open"
    assert body_of(await administrator.get(added.headers["location"])) == meeting


async def test_the_zone_is_the_meetings_own_else_the_rooms_else_the_campus(
    administrator: Caller, school: School
) -> None:
    plain, canary = await school.room(), await school.room("Atlantic/Canary")

    async def zone(**fields: Any) -> str:
        return str(body_of(await administrator.post("/v1/meetings", await a_meeting(school, **fields)), 201)["zone"])

    assert await zone(room_ids=[plain]) == "Europe/Zurich"
    assert await zone(room_ids=[plain, canary]) == "Atlantic/Canary"
    assert await zone(room_ids=[canary], zone="Asia/Kathmandu") == "Asia/Kathmandu"


async def test_a_meeting_takes_up_to_24_hours(administrator: Caller, school: School) -> None:
    whole_day = await a_meeting(school, start="2026-09-01T00:00:00Z", end="2026-09-02T00:00:00Z")
    assert (await administrator.post("/v1/meetings", whole_day)).status_code == 201
    longer = await a_meeting(school, start="2026-09-01T00:00:00Z", end="2026-09-02T00:00:00.001Z")
    assert fields_of(await administrator.post("/v1/meetings", longer)) == {"end"}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"end": "2026-09-01T10:00:00+02:00"}, "end"),
        ({"end": "2026-09-01T07:59:59Z"}, "end"),
        ({"start": "2026-09-01T10:00:00"}, "start"),
        ({"start": "2026-09-01"}, "start"),
        ({"start": "2026-02-29T10:00:00Z"}, "start"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start"),
        ({"start": 1788249600}, "start"),
        ({"start": "2026-09-01T10:00:00+99:99"}, "start"),
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"room_ids": []}, "room_ids"),
        ({"room_ids": None}, "room_ids"),
        ({"room_ids": [an_id(), "hall 1"]}, "room_ids.1"),
        ({"class_id": "CS-204"}, "class_id"),
        ({"state": "closed"}, "state"),
    ],
)
async def test_a_wrong_meeting_is_refused_by_its_field(
    administrator: Caller, school: School, fields: dict[str, Any], wrong: str
) -> None:
    assert fields_of(await administrator.post("/v1/meetings", await a_meeting(school, **fields))) == {wrong}


async def test_class_and_rooms_must_exist_and_each_room_is_named_once(administrator: Caller, school: School) -> None:
    room = await school.room()
    for fields, wrong in (
        ({"class_id": an_id()}, "class_id"),
        ({"room_ids": [room, an_id()]}, "room_ids.1"),
        ({"room_ids": [room, room]}, "room_ids"),
    ):
        assert fields_of(await administrator.post("/v1/meetings", await a_meeting(school, **fields))) == {wrong}


async def test_a_class_meetings_are_paged_the_earliest_first(administrator: Caller, school: School) -> None:
    class_id = await school.class_()
    days = ["05", "01", "03", "02", "04"]
    made = {day: await school.meeting(class_id, f"2026-03-{day}T10:00:00Z", f"2026-03-{day}T11:00:00Z") for day in days}
    twin = await school.meeting(class_id, "2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z")
    found: list[str] = []
    path = f"/v1/classes/{class_id}/meetings?limit=1"
    while path:
        page = body_of(await administrator.get(path))
        found += [meeting["id"] for meeting in page["items"]]
        cursor = page["next_cursor"]
        path = f"/v1/classes/{class_id}/meetings?limit=1&cursor={cursor}" if cursor else ""
    expected = [made["01"], made["02"], *sorted([made["03"], twin]), made["04"], made["05"]]
    assert found == expected


async def test_unknown_meetings_and_classes_are_not_found(administrator: Caller) -> None:
    problem_of(await administrator.get(f"/v1/meetings/{an_id()}"), 404, "not_found")
    problem_of(await administrator.get(f"/v1/classes/{an_id()}/meetings"), 404, "not_found")
