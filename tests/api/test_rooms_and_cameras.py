from collections.abc import Callable

import pytest

from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id


async def test_a_room_may_have_a_time_zone_of_its_own(administrator: Caller) -> None:
    added = await administrator.post("/v1/rooms", {"title": "Observatory", "zone": "Atlantic/Canary"})
    assert body_of(added, 201)["zone"] == "Atlantic/Canary"
    assert body_of(await administrator.get(added.headers["location"]))["title"] == "Observatory"
    assert body_of(added, 201) in body_of(await administrator.get("/v1/rooms?limit=200"))["items"]


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "", "../etc/passwd", "Europe", "CEST", "+02:00", 2, "Europe/Zurich\x00"]
)
async def test_a_zone_that_is_not_in_the_iana_database_is_refused(administrator: Caller, zone: object) -> None:
    assert fields_of(await administrator.post("/v1/rooms", {"title": "Hall", "zone": zone})) == {"zone"}


async def test_a_new_cameras_token_is_shown_once_and_lets_it_send_its_own_frames_only(
    administrator: Caller, school: School, calling: Callable[[str | None], Caller]
) -> None:
    added = await administrator.post("/v1/cameras", {"room_id": await school.room(), "expected_interval_s": 0.5})
    made = body_of(added, 201)
    me = body_of(await calling(made["token"]).get("/v1/me"))
    assert me["role"] == "device"
    assert me["subjects"] == [made["camera"]["id"]]
    assert me["permissions"] == ["send_own_frames"]
    shown = await administrator.get(added.headers["location"])
    assert body_of(shown)["expected_interval_s"] == 0.5
    for path in (added.headers["location"], "/v1/cameras?limit=200", "/v1/tokens?limit=200"):
        assert made["token"] not in (await administrator.get(path)).text


async def test_a_camera_can_get_another_token_and_keeps_the_first(
    administrator: Caller, school: School, calling: Callable[[str | None], Caller]
) -> None:
    made = body_of(await administrator.post("/v1/cameras", {"room_id": await school.room()}), 201)
    another = body_of(await administrator.post(f"/v1/cameras/{made['camera']['id']}/tokens"), 201)
    assert another["token"] != made["token"]
    for token in (made["token"], another["token"]):
        assert body_of(await calling(token).get("/v1/me"))["subjects"] == [made["camera"]["id"]]


async def test_a_camera_without_its_room_is_refused(administrator: Caller) -> None:
    assert fields_of(await administrator.post("/v1/cameras", {"room_id": an_id()})) == {"room_id"}
    problem_of(await administrator.post(f"/v1/cameras/{an_id()}/tokens"), 404, "not_found")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expected_interval_s", 0),
        ("expected_interval_s", -1),
        ("expected_interval_s", "soon"),
        ("smallest_face", 0),
        ("smallest_face", 10**9),
        ("allowed_clock_offset_s", -1),
        ("allowed_backlog_s", 10**9),
        ("room_id", "7"),
    ],
)
async def test_a_cameras_figures_have_bounds(administrator: Caller, school: School, field: str, value: object) -> None:
    body = {"room_id": await school.room(), field: value}
    assert fields_of(await administrator.post("/v1/cameras", body)) == {field}


async def test_numbers_that_are_no_numbers_are_refused(administrator: Caller, school: School) -> None:
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        content = f'{{"room_id": "{await school.room()}", "expected_interval_s": {number}}}'
        answer = await administrator.post("/v1/cameras", content=content, headers={"Content-Type": "application/json"})
        assert fields_of(answer) == {"expected_interval_s"}


async def test_an_entrance_says_where_it_leads_and_a_kiosk_may(administrator: Caller, school: School) -> None:
    hall, rooms = await school.room(), [await school.room(), await school.room()]
    body = {"room_id": hall, "kind": "entrance", "leads_to": rooms}
    camera = body_of(await administrator.post("/v1/cameras", body), 201)["camera"]
    assert (camera["kind"], camera["leads_to"]) == ("entrance", rooms)
    kiosk = body_of(await administrator.post("/v1/cameras", {"room_id": hall, "kind": "kiosk"}), 201)["camera"]
    assert (kiosk["kind"], kiosk["leads_to"]) == ("kiosk", [])


async def test_where_a_camera_leads_must_make_sense(administrator: Caller, school: School) -> None:
    hall = await school.room()
    for kind, leads_to, field in (
        ("entrance", [], "leads_to"),
        ("room", [await school.room()], "leads_to"),
        ("kiosk", [hall, an_id()], "leads_to.1"),
        ("tunnel", [], "kind"),
    ):
        body = {"room_id": hall, "kind": kind, "leads_to": leads_to}
        assert field in fields_of(await administrator.post("/v1/cameras", body))
