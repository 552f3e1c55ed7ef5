"""A campus for the benchmarks of the whole: rooms, each with a camera and a meeting that is on, and one class."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from attendance.cameras import Camera
from attendance.ids import new_id
from attendance.meetings import ClassRules, Meeting
from attendance.people import Class, Consent, Enrollment, StoredTemplate, Student
from attendance.store import Store
from attendance.store.cameras import Room
from benchmarks.material import people
from recognition import EnrolmentError, Template, enrolment_face, load_engine

__all__ = ["Campus", "enrolled", "jpeg", "plant"]

# So many writes at once keep the database busy; more would only wait in the driver.
_AT_ONCE = 16
_STARTED_AGO = timedelta(minutes=5)
_LENGTH = timedelta(hours=6)
_QUALITY = 85


@dataclass(frozen=True)
class Campus:
    """What was planted: a camera and a meeting for each room, and a student for each template, in their order."""

    cameras: tuple[Camera, ...]
    meetings: tuple[Meeting, ...]
    students: tuple[str, ...]


async def plant(
    store: Store, templates: Sequence[Template], *, rooms: int, smallest_face: float = 40, interval_s: float = 1.0
) -> Campus:
    """Put rooms, each with a camera and a meeting that is on for hours, into a store; everyone is expected in each."""
    now = datetime.now(UTC).replace(microsecond=0)
    class_id, students = new_id(), tuple(new_id() for _ in templates)
    cameras = tuple(
        Camera(
            new_id(),
            new_id(),
            expected_interval=timedelta(seconds=interval_s),
            smallest_face=round(smallest_face),
            allowed_backlog=timedelta(hours=1),
        )
        for _ in range(rooms)
    )
    start = now - _STARTED_AGO
    meetings = tuple(Meeting(new_id(), class_id, (each.room_id,), start, start + _LENGTH, "UTC") for each in cameras)
    await store.classes.add(Class(class_id, "Everyone"), ClassRules())
    await _all(store.students.add(Student(each, "A", "Student")) for each in students)
    await _all(store.classes.enroll(Enrollment(class_id, each)) for each in students)
    await _all(store.biometrics.record_consent(Consent(each, "consent", "1", "them", now)) for each in students)
    await _all(
        store.biometrics.add_template(StoredTemplate(new_id(), student, template, now))
        for student, template in zip(students, templates, strict=True)
    )
    await _all(store.cameras.add_room(Room(each.room_id, "A room")) for each in cameras)
    await _all(store.cameras.add(each) for each in cameras)
    await _all(store.meetings.add(each) for each in meetings)
    return Campus(cameras, meetings, students)


def enrolled(most: int) -> list[tuple[NDArray[np.uint8], Template]]:
    """Give pictures (RGB) of people of `lfw-dev` with their templates; those without one clear face are left out."""
    engine = load_engine("fast")
    found = []
    for picture in people(most):
        try:
            template = enrolment_face(engine.look(jpeg(picture))).template
        except EnrolmentError:
            continue
        if template is not None:
            found.append((picture, template))
    return found


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """Encode an RGB picture as cameras do."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes())


async def _all(writes: Iterable[Awaitable[object]]) -> None:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(write: Awaitable[object]) -> None:
        async with turn:
            await write

    await asyncio.gather(*(one(write) for write in writes))
