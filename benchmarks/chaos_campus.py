"""Four meetings at once, two cameras in each room: what the cameras send is fixed before anything happens.

A student is before one of the two cameras alone: of two that see the same person, the faster one makes the first
revision, which may rightly be another one when the other was held up.
"""

from collections.abc import Iterator, Sequence
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
from benchmarks.campus import enrolled, jpeg
from ingest.contract import Frame
from recognition import Template

__all__ = ["PEOPLE_PER_CAMERA", "ChaosCampus"]

MEETINGS, CAMERAS_PER_MEETING, PEOPLE_PER_CAMERA = 4, 2, 5
_SMALLEST = 60
# A person is shown for so many frames, a second apart: a track of some frames, so that a fault can fall into it.
_BURST = 3
_BEFORE = timedelta(minutes=2)
# The lectures are over when the cameras begin to send them; Rollcall closes a meeting an hour after its end at last.
_OVER_SINCE = timedelta(minutes=2)
_BACKLOG = timedelta(hours=4)
_Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class ChaosCampus:
    """`templates`: by student, None without consent. `rosters`: by meeting. `frames`: by camera, in order of time."""

    cameras: tuple[Camera, ...]
    meetings: tuple[Meeting, ...]
    templates: dict[str, Template | None]
    rosters: dict[str, tuple[str, ...]]
    frames: dict[str, tuple[Frame, ...]]

    @classmethod
    def of(cls, *, minutes: float, interval: timedelta) -> "ChaosCampus":
        """Make lectures of so many minutes; their cameras show somebody, or nobody, once in each interval.

        Of a camera's people all but the last come, each a little later, some of them too late; and each class has one
        without consent.
        """
        end = datetime.now(UTC).replace(microsecond=0) - _OVER_SINCE
        start = end - timedelta(minutes=minutes)
        people = iter(enrolled(MEETINGS * CAMERAS_PER_MEETING * PEOPLE_PER_CAMERA + 8))
        cameras, meetings, templates, rosters, frames = [], [], dict[str, Template | None](), {}, {}
        for _ in range(MEETINGS):
            room, no_consent = new_id(), new_id()
            meeting = Meeting(new_id(), new_id(), (room,), start, end, "Europe/Stockholm")
            roster, templates[no_consent] = [no_consent], None
            for _ in range(CAMERAS_PER_MEETING):
                camera = Camera(
                    new_id(), room, expected_interval=interval, smallest_face=_SMALLEST, allowed_backlog=_BACKLOG
                )
                of_camera = {new_id(): next(people) for _ in range(PEOPLE_PER_CAMERA)}
                templates |= {student: template for student, (_, template) in of_camera.items()}
                coming = [picture for picture, _ in of_camera.values()][:-1]
                frames[camera.id] = tuple(_frames(camera, meeting, coming, interval))
                roster += of_camera
                cameras.append(camera)
            meetings.append(meeting)
            rosters[meeting.id] = tuple(roster)
        return cls(tuple(cameras), tuple(meetings), templates, rosters, frames)

    @property
    def all_frames(self) -> list[Frame]:
        """The frames of all cameras, in order of time."""
        return sorted((frame for of in self.frames.values() for frame in of), key=lambda frame: frame.taken_at)

    async def plant(self, store: Store) -> None:
        """Put it into a store."""
        now = datetime.now(UTC)
        for student, template in self.templates.items():
            await store.students.add(Student(student, "A", "Student"))
            if template is not None:
                await store.biometrics.record_consent(Consent(student, "consent", "1", "them", now))
                await store.biometrics.add_template(StoredTemplate(new_id(), student, template, now))
        for meeting in self.meetings:
            await store.cameras.add_room(Room(meeting.room_ids[0], "A room"))
            await store.classes.add(Class(meeting.class_id, "A class"), ClassRules())
            for student in self.rosters[meeting.id]:
                await store.classes.enroll(Enrollment(meeting.class_id, student))
            await store.meetings.add(meeting)
        for camera in self.cameras:
            await store.cameras.add(camera)


def _frames(camera: Camera, meeting: Meeting, coming: Sequence[_Picture], interval: timedelta) -> Iterator[Frame]:
    empty = jpeg(np.full((250, 250, 3), 90, np.uint8))
    # The first is there from the start; the others come over its first two thirds, so that some are late.
    length = (meeting.end - meeting.start) * 2 / 3
    arrivals = [meeting.start + length * place / len(coming) for place in range(len(coming))]
    moment, turn, number = meeting.start - _BEFORE, 0, 0
    while moment <= meeting.end + 2 * interval:
        there = [picture for picture, arrival in zip(coming, arrivals, strict=True) if moment >= arrival]
        turn += 1
        shown = [empty]
        if there and turn % 2 == 0:
            person = there[turn // 2 % len(there)]
            shown = [_lit(person, 0.9 + 0.05 * view) for view in range(_BURST)]
        for place, picture in enumerate(shown):
            taken_at = moment + timedelta(seconds=place)
            yield Frame(f"frame-{number}", camera.id, taken_at, "image/jpeg", picture)
            number += 1
        moment += interval


def _lit(picture: _Picture, brightness: float) -> bytes:
    return jpeg(np.asarray(cv2.convertScaleAbs(picture, alpha=brightness), np.uint8))
