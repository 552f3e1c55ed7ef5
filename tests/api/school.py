"""A school made over the API, as large as a test needs it."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.api.callers import Caller, body_of

CONSENT = {
    "basis": "explicit consent",
    "notice_version": "2026-08",
    "given_by": "the student",
    "given_at": "2026-01-05T09:00:00+01:00",
}


def an_id() -> str:
    """Give an id that nothing has."""
    return str(uuid4())


class School:
    """Makes things as the administrator, and gives their ids."""

    def __init__(self, administrator: Caller) -> None:
        self._administrator = administrator

    async def publish(self, version: str = CONSENT["notice_version"]) -> None:
        """Publish the notice that consents name."""
        body = {"version": version, "title": "How attendance is taken", "text": "Cameras look at who is there."}
        assert (await self._administrator.post("/v1/privacy-notices", body)).status_code in (201, 409)

    async def student(self, given_name: str = "Ada", family_name: str = "Lovelace", **fields: Any) -> str:
        return await self._make("/v1/students", {"given_name": given_name, "family_name": family_name, **fields})

    async def consenting_student(self) -> str:
        student = await self.student()
        body_of(await self._administrator.put(f"/v1/students/{student}/consent", CONSENT))
        return student

    async def room(self, zone: str | None = None) -> str:
        return await self._make("/v1/rooms", {"title": "Lecture hall 1", "zone": zone})

    async def camera(self) -> str:
        body = {"room_id": await self.room()}
        made = body_of(await self._administrator.post("/v1/cameras", body), 201)
        return str(made["camera"]["id"])

    async def class_(self, *students: str, title: str = "Compilers") -> str:
        made = await self._make("/v1/classes", {"title": title})
        for student in students:
            await self.enroll(made, student)
        return made

    async def enroll(self, class_id: str, student_id: str, **dates: str) -> None:
        body_of(await self._administrator.put(f"/v1/classes/{class_id}/enrollments/{student_id}", dates))

    async def meeting(
        self, class_id: str, start: str = "2026-03-02T10:00:00Z", end: str = "2026-03-02T10:50:00Z", **fields: Any
    ) -> str:
        if "room_ids" not in fields:
            fields["room_ids"] = [await self.room()]
        return await self._make("/v1/meetings", {"class_id": class_id, "start": start, "end": end, **fields})

    async def mark(self, meeting_id: str, student_id: str, status: str) -> None:
        body_of(
            await self._administrator.put(
                f"/v1/meetings/{meeting_id}/roll/{student_id}", {"status": status, "reason": "said so"}
            )
        )

    async def reader(self, room_id: str) -> str:
        """Add a card reader, and give its token."""
        body = {"room_id": room_id, "title": "door"}
        return str(body_of(await self._administrator.post("/v1/readers", body), 201)["token"])

    async def token(self, role: str, *subjects: str, **fields: str) -> str:
        body = {"role": role, "subjects": subjects, **fields}
        made = body_of(await self._administrator.post("/v1/tokens", body), 201)
        return str(made["token"])

    async def _make(self, path: str, body: dict[str, Any]) -> str:
        made = body_of(await self._administrator.post(path, body), 201)
        return str(made["id"])


def moment(text: str) -> datetime:
    """Read a moment of an answer, which must be written in UTC with `Z`."""
    assert text.endswith("Z")
    read = datetime.fromisoformat(text)
    assert read.tzinfo == UTC
    return read
