"""The demo's school: rooms and a camera over REST; class, students, photos and meetings by `rollcall import`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from deploy.demo import handed_over
from deploy.demo.commands import Terminal
from deploy.demo.failure import DemoFailed
from deploy.demo.lecture import INTERVAL, Lecture
from deploy.demo.photos import Photos, to_jpeg

ALLOWED_BACKLOG_SECONDS = 2 * 60 * 60
TOKENS_LAST = timedelta(days=1)
SMALLEST_FACE = 64  # the smallest on these frames is 72 pixels wide; looking for smaller ones only takes time

ON_TIME, LATE, NEVER_SEEN, NO_CONSENT = "Olga Ontime", "Leo Later", "Nina Neverseen", "Noor Nocamera"
_SOURCED_IDS = {name: f"demo-{name.split()[0].lower()}" for name in (ON_TIME, LATE, NEVER_SEEN, NO_CONSENT)}

_NOTICE = {
    "version": "demo-1",
    "title": "How the demo takes attendance",
    "text": "A camera that plays a lecture of the past looks for the faces of those who agreed.",
}


@dataclass(frozen=True, slots=True)
class School:
    """What the lecture and what follows need: ids, and the tokens of the camera, a teacher and a student."""

    class_id: str
    meeting_id: str
    seminar_id: str
    camera_id: str
    camera_token: str
    teacher_token: str
    student_token: str  # of the one without consent
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

    def refusal(self, method: str, path: str, **options: Any) -> str:  # noqa: ANN401  # handed to httpx
        """Call a path that must refuse, and give its reason."""
        answer = self._client.request(method, f"/v1{path}", **options)
        if not answer.is_client_error:
            raise DemoFailed(f"{method} {path} answered {answer.status_code} where it must refuse")
        return str(answer.json()["detail"])


def found_school(api: Api, terminal: Terminal, lecture: Lecture, photos: Photos) -> School:
    """Make the school and enrol the photos."""
    room = api.call("POST", "/rooms", json={"title": "Lecture hall 1", "zone": _ZONE})
    seminar_room = api.call("POST", "/rooms", json={"title": "Seminar room 2", "zone": _ZONE})
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
    _take(terminal, "oneroster", "roster.zip", handed_over.roster(_SOURCED_IDS, lecture))
    students = _students(api)
    api.call("POST", "/privacy-notices", json=_NOTICE)
    for name in (ON_TIME, LATE, NEVER_SEEN):
        _record_consent(api, students[name], lecture)
    _take(terminal, "photos", "photos.zip", handed_over.zipped(_named(photos)))
    refusal = api.refusal("POST", f"/students/{students[NO_CONSENT]}/photos", content=b"never looked at", headers=_JPEG)
    _take(terminal, "meetings", "demo.csv", handed_over.timetable(room["id"], seminar_room["id"], lecture))
    class_id = _class(api)
    meeting = _meeting(api, class_id, lecture.start)
    return School(
        class_id=class_id,
        meeting_id=meeting["id"],
        seminar_id=_meeting(api, class_id, lecture.seminar_start)["id"],
        camera_id=camera["camera"]["id"],
        camera_token=camera["token"],
        teacher_token=_token(api, "teacher", class_id),
        student_token=_token(api, "student", students[NO_CONSENT]),
        students=students,
        refusal=refusal,
        zone=meeting["zone"],
    )


_ZONE = "Europe/Stockholm"
_JPEG = {"Content-Type": "image/jpeg"}


def _students(api: Api) -> dict[str, str]:
    """Give the imported students' ids by name."""
    names = {sourced_id: name for name, sourced_id in _SOURCED_IDS.items()}
    return {names[each["sourced_id"]]: each["id"] for each in api.all("/students") if each["sourced_id"] in names}


def _take(terminal: Terminal, kind: str, name: str, data: bytes) -> None:
    told = terminal.run("import", kind, terminal.hand_over(name, data))
    if "warning:" in told:
        raise DemoFailed(f"importing {name} left something out: {told}")


def _class(api: Api) -> str:
    (class_id,) = (each["id"] for each in api.all("/classes") if each["sourced_id"] == handed_over.CLASS)
    return str(class_id)


def _meeting(api: Api, class_id: str, start: datetime) -> Any:  # noqa: ANN401  # JSON
    begins = start.strftime("%Y-%m-%dT%H:%M")
    return next(each for each in api.all(f"/classes/{class_id}/meetings") if each["start"].startswith(begins))


def _token(api: Api, role: str, subject: str) -> str:
    ends = (datetime.now(UTC) + TOKENS_LAST).isoformat()
    body = {"role": role, "subjects": [subject], "label": "demo", "expires_at": ends}
    return str(api.call("POST", "/tokens", json=body)["token"])


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
        "notice_version": _NOTICE["version"],
        "given_by": "the student",
        "given_at": lecture.start.isoformat(),
    }
    api.call("PUT", f"/students/{student_id}/consent", json=consent)
