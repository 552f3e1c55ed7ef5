"""A small school, put straight into the store with ids that a test chooses, so that two runs can be compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import NAMESPACE_URL, uuid5

from attendance.cameras import Camera
from attendance.meetings import ClassRules, Meeting
from attendance.people import Class, Consent, Enrollment, StoredTemplate, Student
from attendance.store import Store
from attendance.store.cameras import Room
from ingest.contract import Frame
from recognition import Template, enrolment_face, load_engine
from tests.system.pictures import Picture, astronaut, empty_room, hopper, jpeg

INTERVAL = timedelta(seconds=30)


@cache
def template_of(person: str) -> Template:
    """Enrol one of the two people."""
    picture: Picture = {"hopper": hopper, "astronaut": astronaut}[person]()
    template = enrolment_face(load_engine("fast").look(jpeg(picture), thorough=True)).template
    assert template is not None
    return template


@dataclass(frozen=True)
class School:
    """A room with a camera, a class of three with two enrolled faces, and a lecture of the recent past."""

    camera: Camera
    meeting: Meeting
    students: dict[str, str]

    @classmethod
    def of(cls, name: str, *, minutes: int = 50, now: datetime | None = None) -> "School":
        """Name a school; the same name and time mean the same ids."""
        now = (now or datetime.now(UTC)).replace(second=0, microsecond=0)
        room, class_id = _id(name, "room"), _id(name, "class")
        end = now - timedelta(minutes=5)
        return cls(
            camera=Camera(
                id=_id(name, "camera"),
                room_id=room,
                expected_interval=INTERVAL,
                smallest_face=80,
                allowed_backlog=timedelta(hours=2),
            ),
            meeting=Meeting(
                id=_id(name, "meeting"),
                class_id=class_id,
                room_ids=(room,),
                start=end - timedelta(minutes=minutes),
                end=end,
                zone="Europe/Stockholm",
            ),
            students={person: _id(name, person) for person in ("hopper", "astronaut", "no_consent")},
        )

    async def plant(self, store: Store) -> None:
        """Put the school into a store."""
        now = datetime.now(UTC)
        await store.cameras.add_room(Room(self.camera.room_id, "Hall"))
        await store.cameras.add(self.camera)
        await store.classes.add(Class(self.meeting.class_id, "A class"), ClassRules())
        for person, student_id in self.students.items():
            await store.students.add(Student(student_id, person, "Test"))
            await store.classes.enroll(Enrollment(self.meeting.class_id, student_id))
        for person in ("hopper", "astronaut"):
            student_id = self.students[person]
            await store.biometrics.record_consent(Consent(student_id, "consent", "1", "them", now))
            template = StoredTemplate(_id(student_id, "t"), student_id, template_of(person), now)
            await store.biometrics.add_template(template)
        await store.meetings.add(self.meeting)

    def frames(self, *, hopper_from: timedelta, astronaut_from: timedelta) -> Iterator[Frame]:
        """Give the lecture's frames: each person in every fourth frame from their arrival (after the start) on."""
        empty, one, other = jpeg(empty_room()), jpeg(hopper(), 0.9), jpeg(astronaut(), 0.9)
        moment, index = self.meeting.start - timedelta(minutes=2), 0
        while moment <= self.meeting.end + 2 * INTERVAL:
            picture = empty
            if index % 4 == 0 and moment >= self.meeting.start + hopper_from:
                picture = one
            if index % 4 == 2 and moment >= self.meeting.start + astronaut_from:
                picture = other
            yield Frame(f"frame-{index}", self.camera.id, moment, "image/jpeg", picture)
            moment, index = moment + INTERVAL, index + 1


def _id(name: str, what: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{name}/{what}"))
