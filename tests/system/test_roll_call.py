"""From a camera's WebSocket to the answer over REST, through every part as it runs."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from attendance.rights import Role
from tests.system.campus import Campus
from tests.system.conftest import MakeCampus
from tests.system.pictures import astronaut, empty_room, hopper, jpeg
from tests.system.waiting import closed, until

INTERVAL = timedelta(seconds=30)
JPEG = {"Content-Type": "image/jpeg"}


class Registrar:
    """Somebody who works with the API, and expects success."""

    def __init__(self, campus: Campus, token: str) -> None:
        self._client = httpx.Client(
            base_url=campus.http("api"), headers={"Authorization": f"Bearer {token}"}, timeout=60
        )

    def call(self, method: str, path: str, **options: Any) -> Any:
        answer = self._client.request(method, f"/v1{path}", **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def enrol(self, class_id: str, name: str, photo: bytes | None) -> str:
        student: str = self.call("POST", "/students", json={"given_name": name, "family_name": "Test"})["id"]
        self.call("PUT", f"/classes/{class_id}/enrollments/{student}", json={})
        if photo:
            given = {"notice_version": "1", "given_by": "them", "given_at": datetime.now(UTC).isoformat()}
            notice = {"version": given["notice_version"], "title": "Attendance", "text": "Cameras look."}
            if not self.call("GET", "/privacy-notices")["items"]:
                self.call("POST", "/privacy-notices", json=notice)
            self.call("PUT", f"/students/{student}/consent", json={"basis": "consent", **given})
            self.call("POST", f"/students/{student}/photos", content=photo, headers=JPEG)
        return student


async def _send(campus: Campus, camera_id: str, token: str, frames: list[tuple[datetime, bytes]]) -> list[Any]:
    url = f"ws://127.0.0.1:{campus.ports['ingest']}/ws?camera={camera_id}"
    replies = []
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        for index, (moment, picture) in enumerate(frames):
            await socket.send(json.dumps({"id": f"f{index}", "taken_at": moment.isoformat()}))
            await socket.send(picture)
            replies.append(json.loads(await socket.recv()))
    return replies


@pytest.mark.parametrize("engine", ["fast", "face_recognition"])
async def test_a_lecture_sent_by_a_camera_is_a_roll_over_rest_and_events_on_kafka(
    make_campus: MakeCampus, engine: str
) -> None:
    campus = make_campus(ROLLCALL_ENGINE=engine)
    await campus.prepare()
    campus.start("ingest", "stream", "api")
    token = (await campus.store.tokens.create(Role.ADMINISTRATOR, now=datetime.now(UTC))).text
    registrar = Registrar(campus, token)

    end = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    start = end - timedelta(minutes=20)
    room = registrar.call("POST", "/rooms", json={"title": "Hall", "zone": "Asia/Kolkata"})["id"]
    camera = registrar.call(
        "POST",
        "/cameras",
        json={"room_id": room, "expected_interval_s": 30, "allowed_backlog_s": 7200, "smallest_face": 80},
    )
    class_id = registrar.call("POST", "/classes", json={"title": "A class"})["id"]
    early = registrar.enrol(class_id, "Early", jpeg(hopper()))
    never = registrar.enrol(class_id, "Never", jpeg(astronaut()))
    silent = registrar.enrol(class_id, "Silent", None)
    meeting = registrar.call(
        "POST",
        "/meetings",
        json={"class_id": class_id, "room_ids": [room], "start": start.isoformat(), "end": end.isoformat()},
    )["id"]

    moments = [start + index * INTERVAL for index in range((end - start) // INTERVAL + 2)]
    shown, empty = jpeg(hopper(), 0.9), jpeg(empty_room())
    frames = [(moment, shown if index % 3 == 1 else empty) for index, moment in enumerate(moments)]
    replies = await _send(campus, camera["camera"]["id"], camera["token"], frames)
    assert [reply["type"] for reply in replies] == ["stored"] * len(frames)
    await closed(campus, meeting)

    roll = registrar.call("GET", f"/meetings/{meeting}/roll")
    stand = {entry["student_id"]: (entry["status"], entry["provisional"]) for entry in roll["entries"]}
    assert stand == {early: ("present", False), never: ("absent", True), silent: ("unmarked", False)}
    assert roll["meeting"]["state"] == "closed"
    assert roll["coverage"] == 1.0

    registrar.call("PUT", f"/meetings/{meeting}/roll/{silent}", json={"status": "present", "reason": "answered"})
    history = registrar.call("GET", f"/students/{silent}/attendance")
    assert [record["status"] for record in history["items"]] == ["present"]

    async def all_told() -> bool:
        return await campus.store.pending_events.oldest() is None and bool(
            (await campus.store.meetings.get(meeting)).close_number == 2
        )

    await until(all_told)
    told = [json.loads(event.value) for event in await campus.read(campus.connection.topics.attendance_events, 6)]
    changes = [event["data"] for event in told if event["type"] == "org.rollcall.attendance.changed.v1"]
    assert sorted((change["student_id"], change["revision"], change["status"]) for change in changes) == sorted(
        [(early, 1, "present"), (never, 1, "absent"), (silent, 1, "unmarked"), (silent, 2, "present")]
    )
    counts = [event["data"]["counts"] for event in told if event["type"] == "org.rollcall.meeting.closed.v1"]
    assert [(count["present"], count["absent"], count["unmarked"]) for count in counts] == [(1, 1, 1), (2, 1, 0)]
    local_start = datetime.fromisoformat(changes[0]["scheduled_start"]).timestamp() + 5.5 * 3600
    assert changes[0]["local_date"] == datetime.fromtimestamp(local_start, UTC).date().isoformat()
    campus.stop()
