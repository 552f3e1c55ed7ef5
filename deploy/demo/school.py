"""The demo's school, made over REST like any other: a room with a camera, a class, four students, one lecture."""

from dataclasses import dataclass
from typing import Any

import httpx

from deploy.demo.lecture import INTERVAL, Lecture
from deploy.demo.photos import Photos, Picture, to_jpeg

ALLOWED_BACKLOG_SECONDS = 2 * 60 * 60
SMALLEST_FACE = 64  # the smallest on these frames is 72 pixels wide; looking for smaller ones only takes time

ON_TIME, LATE, NEVER_SEEN, NO_CONSENT = "Olga Ontime", "Leo Later", "Nina Neverseen", "Noor Nocamera"


class DemoFailed(RuntimeError):
    """The demo did not go as it must; the text says where."""


@dataclass(frozen=True, slots=True)
class School:
    """What the lecture needs: ids, and the camera's token."""

    meeting_id: str
    camera_id: str
    camera_token: str
    students: dict[str, str]  # name to id
    refusal: str  # what the API answered to a photo without consent
    zone: str


class Api:
    """The REST API with a token. Every answer that isn't a success ends the demo, with the problem's own words."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def call(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401  # JSON
        """Call a path under `/v1` and give the answer's JSON."""
        answer = self._client.request(method, f"/v1{path}", **options)
        if answer.is_error:
            raise DemoFailed(f"{method} {path} answered {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None

    def refusal(self, method: str, path: str, **options: Any) -> str:  # noqa: ANN401  # handed to httpx
        """Call a path that must refuse, and give its reason."""
        answer = self._client.request(method, f"/v1{path}", **options)
        if not answer.is_client_error:
            raise DemoFailed(f"{method} {path} answered {answer.status_code} where it must refuse")
        return str(answer.json()["detail"])


def found_school(api: Api, lecture: Lecture, photos: Photos) -> School:
    """Make the school and enrol the photos."""
    room = api.call("POST", "/rooms", json={"title": "Lecture hall 1", "zone": "Europe/Stockholm"})
    camera = api.call(
        "POST",
        "/cameras",
        json={
            "room_id": room["id"],
            "expected_interval_s": INTERVAL.total_seconds(),
            "allowed_backlog_s": ALLOWED_BACKLOG_SECONDS,
            "smallest_face": SMALLEST_FACE,
        },
    )
    class_ = api.call("POST", "/classes", json={"title": "History of computing"})
    students = {name: _add_student(api, class_["id"], name) for name in (ON_TIME, LATE, NEVER_SEEN, NO_CONSENT)}
    for picture in photos.on_time_enrolled:
        _enrol(api, students[ON_TIME], picture, lecture)
    _enrol(api, students[LATE], photos.late_enrolled, lecture)
    _enrol(api, students[NEVER_SEEN], photos.never_seen_enrolled, lecture)
    refusal = api.refusal("POST", f"/students/{students[NO_CONSENT]}/photos", content=b"never looked at", headers=_JPEG)
    meeting = api.call(
        "POST",
        "/meetings",
        json={
            "class_id": class_["id"],
            "room_ids": [room["id"]],
            "start": lecture.start.isoformat(),
            "end": lecture.end.isoformat(),
        },
    )
    return School(meeting["id"], camera["camera"]["id"], camera["token"], students, refusal, meeting["zone"])


_JPEG = {"Content-Type": "image/jpeg"}


def _add_student(api: Api, class_id: str, name: str) -> str:
    given, family = name.split()
    student_id = str(api.call("POST", "/students", json={"given_name": given, "family_name": family})["id"])
    api.call("PUT", f"/classes/{class_id}/enrollments/{student_id}", json={})
    return student_id


def _enrol(api: Api, student_id: str, picture: Picture, lecture: Lecture) -> None:
    consent = {
        "basis": "consent",
        "notice_version": "demo-1",
        "given_by": "the student",
        "given_at": lecture.start.isoformat(),
    }
    api.call("PUT", f"/students/{student_id}/consent", json=consent)
    api.call("POST", f"/students/{student_id}/photos", content=to_jpeg(picture), headers=_JPEG)
