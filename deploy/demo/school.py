"""The demo's school: a room with a camera over REST; class, students, photos and the lecture as imports."""

from dataclasses import dataclass
from typing import Any

import httpx

from deploy.demo import handed_over
from deploy.demo.lecture import INTERVAL, Lecture
from deploy.demo.photos import Photos, to_jpeg

ALLOWED_BACKLOG_SECONDS = 2 * 60 * 60
SMALLEST_FACE = 64  # the smallest on these frames is 72 pixels wide; looking for smaller ones only takes time

ON_TIME, LATE, NEVER_SEEN, NO_CONSENT = "Olga Ontime", "Leo Later", "Nina Neverseen", "Noor Nocamera"
_SOURCED_IDS = {name: f"demo-{name.split()[0].lower()}" for name in (ON_TIME, LATE, NEVER_SEEN, NO_CONSENT)}


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

    def all(self, path: str) -> list[Any]:
        """Give everything on a list, page by page."""
        found: list[Any] = []
        cursor = None
        while True:
            page = self.call("GET", path, params={"limit": 200, **({"cursor": cursor} if cursor else {})})
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def take(self, kind: str, data: bytes, media_type: str, **query: str) -> None:
        """Import a file, as `rollcall import` does."""
        report = self.call("POST", f"/imports/{kind}", content=data, params=query, headers={"Content-Type": media_type})
        if report["findings"]:
            raise DemoFailed(f"importing {kind} left something out: {report['findings']}")

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
    api.take("oneroster", handed_over.roster(_SOURCED_IDS, lecture), "application/zip")
    students = _students(api)
    for name in (ON_TIME, LATE, NEVER_SEEN):
        _record_consent(api, students[name], lecture)
    api.take("photos", handed_over.zipped(_named(photos)), "application/zip")
    refusal = api.refusal("POST", f"/students/{students[NO_CONSENT]}/photos", content=b"never looked at", headers=_JPEG)
    api.take("meetings", handed_over.timetable(room["id"], lecture), "text/csv", calendar="demo")
    meeting = _meeting(api, lecture)
    return School(meeting["id"], camera["camera"]["id"], camera["token"], students, refusal, meeting["zone"])


_JPEG = {"Content-Type": "image/jpeg"}


def _students(api: Api) -> dict[str, str]:
    """Give the imported students' ids by name."""
    names = {sourced_id: name for name, sourced_id in _SOURCED_IDS.items()}
    return {names[each["sourced_id"]]: each["id"] for each in api.all("/students") if each["sourced_id"] in names}


def _meeting(api: Api, lecture: Lecture) -> Any:  # noqa: ANN401  # JSON
    (class_,) = (each["id"] for each in api.all("/classes") if each["sourced_id"] == handed_over.CLASS)
    start = lecture.start.strftime("%Y-%m-%dT%H:%M")
    return next(each for each in api.all(f"/classes/{class_}/meetings") if each["start"].startswith(start))


def _named(photos: Photos) -> dict[str, bytes]:
    """Give the photos as files, named by the school's ids of the students."""
    of_each = {
        ON_TIME: list(photos.on_time_enrolled),
        LATE: [photos.late_enrolled],
        NEVER_SEEN: [photos.never_seen_enrolled],
    }
    return {
        f"{_SOURCED_IDS[name]}-{number}.jpg": to_jpeg(picture)
        for name, pictures in of_each.items()
        for number, picture in enumerate(pictures, 1)
    }


def _record_consent(api: Api, student_id: str, lecture: Lecture) -> None:
    consent = {
        "basis": "consent",
        "notice_version": "demo-1",
        "given_by": "the student",
        "given_at": lecture.start.isoformat(),
    }
    api.call("PUT", f"/students/{student_id}/consent", json=consent)
