"""Erasure while everything runs: afterwards nobody knows those students, and what remains can't be read."""

import asyncio
import json
import mmap
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from pymongo import AsyncMongoClient

from attendance import rules
from attendance.ids import new_id
from attendance.people import Consent, Enrollment, StoredTemplate, Student
from attendance.records import Record
from attendance.rights import Role
from attendance.sealing import MasterKeys, Purpose, SealedIdentities
from attendance.sealing.box import unseal
from attendance.status import Status
from attendance.store import Store
from attendance.store.traces import _names
from deploy.local.stack import LocalStack
from recognition import Template
from stream_app.gallery_sync import LEASE_SECONDS
from tests.attendance.sealing.thief import keys_in
from tests.system.campus import Campus
from tests.system.conftest import MakeCampus, MakeWorkers
from tests.system.live_cameras import showing
from tests.system.pictures import both, jpeg
from tests.system.school import School, template_of
from tests.system.waiting import until

STUDENTS = 200
# In every name of those who are erased, and nowhere else.
MARK = "Qzyxerasable"
ERASED = "org.rollcall.student.erased.v1"


async def test_200_students_erased_while_frames_run_are_known_to_nobody_afterwards(
    make_campus: MakeCampus, make_workers: MakeWorkers, stack: LocalStack
) -> None:
    campus = make_campus(ROLLCALL_SIGHTINGS="true")
    await campus.prepare()
    school = _going_on(School.of("erasure"))
    await school.plant(campus.store)
    # One of them is before the camera all the time; so is somebody who stays.
    leaving = [school.students["hopper"], *await plant(campus.store, school, STUDENTS - 1)]
    stays = school.students["astronaut"]
    workers = make_workers(campus)
    workers.start()
    campus.start("api")
    await workers.ready()
    officer = (await campus.store.tokens.create(Role.OFFICER, now=datetime.now(UTC))).text
    async with (
        AsyncMongoClient[dict[str, Any]](campus.connection.mongo_url) as client,
        showing(campus, [school.camera.id], [jpeg(both()), jpeg(both(), 0.95)], every=0.5),
    ):
        database = client[campus.connection.database]

        async def both_are_recognised() -> bool:
            return await is_seen(campus.store, school, leaving[0]) and await is_seen(campus.store, school, stays)

        await until(both_are_recognised)
        copies = {each["_id"]: each async for each in database["students"].find({"_id": {"$in": [*leaving, stays]}})}
        await erase(campus, officer, leaving)
        erased_at = datetime.now(UTC)
        await until(lambda: all_are_finished(database), seconds=180)
        shown_until = datetime.now(UTC)

        async def has_come_so_far() -> bool:
            record = await campus.store.records.get(school.meeting.id, stays)
            return bool(record and any(each.last_seen >= shown_until for each in record.sightings))

        await until(has_come_so_far)
        assert await naming(database, leaving) == set()

    await no_event_knows_them(campus, leaving, erased_at + timedelta(seconds=LEASE_SECONDS))
    await nothing_opens_what_is_left(campus, leaving, stays, copies)
    assert not files_with(Path(stack.settings.home), MARK.encode())


def _going_on(school: School) -> School:
    now = datetime.now(UTC).replace(microsecond=0)
    meeting = replace(school.meeting, start=now - timedelta(minutes=5), end=now + timedelta(minutes=50))
    return replace(school, meeting=meeting, camera=replace(school.camera, expected_interval=timedelta(seconds=1)))


async def plant(store: Store, school: School, count: int) -> list[str]:
    """Add students with a name, a consent, a template that nobody looks like, and a record."""
    now, drawn, encoder = datetime.now(UTC), np.random.default_rng(5), template_of("hopper").encoder
    found = [new_id() for _ in range(count)]
    for number, student in enumerate(found):
        await store.students.add(Student(student, f"{MARK}{number}", MARK, f"{MARK}-{number}", f"{MARK}@example.org"))
        await store.classes.enroll(Enrollment(school.meeting.class_id, student))
        await store.biometrics.record_consent(Consent(student, "consent", "1", "them", now))
        vector = drawn.normal(size=128).astype(np.float32)
        template = Template(encoder, vector / np.linalg.norm(vector))
        await store.biometrics.add_template(StoredTemplate(new_id(), student, template, now))

        def decide(record: Record | None, student: str = student) -> Record:
            return rules.mark(record, school.meeting.id, student, Status.PRESENT, by="t", reason=None, now=now)

        await store.records.change(school.meeting, student, decide, now=now)
    return found


async def is_seen(store: Store, school: School, student: str) -> bool:
    record = await store.records.get(school.meeting.id, student)
    return bool(record and record.sightings)


async def erase(campus: Campus, token: str, students: Sequence[str]) -> None:
    """Erase students over REST, eight at a time."""
    queue = list(students)
    async with httpx.AsyncClient(
        base_url=campus.http("api"), headers={"Authorization": f"Bearer {token}"}, timeout=120, trust_env=False
    ) as client:

        async def some() -> None:
            while queue:
                answer = await client.post(f"/v1/students/{queue.pop()}/erasure")
                assert answer.status_code == httpx.codes.ACCEPTED, answer.text

        await asyncio.gather(*(some() for _ in range(8)))


async def all_are_finished(database: Any) -> bool:
    finished: int = await database["erasures"].count_documents({"finished_at": {"$exists": True}})
    return finished == STUDENTS


async def naming(database: Any, students: Sequence[str]) -> set[str]:
    """Give the collections of which a document names one of the students; what tells others of the erasure may."""
    wanted, found = set(students), set()
    for name in await database.list_collection_names():
        if name != "erasures":
            async for document in database[name].find({}):
                text = repr(document)
                if any(each in text for each in wanted) or _names(document, MARK):
                    found.add(name)
    return found


async def no_event_knows_them(campus: Campus, students: Sequence[str], since: datetime) -> None:
    """What workers and API told after they had heard of it names nobody of them, but to say that they are erased."""
    topics = campus.connection.topics
    told: dict[str, int] = {}
    for topic in (topics.attendance_events, topics.sightings):
        for message in await campus.read_all(topic):
            assert message.value is not None
            event = json.loads(message.value)
            ids = [each for each in students if each.encode() in message.value]
            if event["type"] == ERASED:
                told[event["subject"]] = told.get(event["subject"], 0) + 1
            elif message.timestamp > since.timestamp() * 1000:
                assert not ids, event
    assert told == dict.fromkeys(students, 1)


async def nothing_opens_what_is_left(
    campus: Campus, leaving: Sequence[str], stays: str, copies: dict[str, dict[str, Any]]
) -> None:
    """Try the copies with every key that the master key opens in the key store's raw files."""
    settings = campus.connection
    raw = b"".join(
        path.read_bytes() for path in settings.key_store_file.parent.glob(f"{settings.key_store_file.name}*")
    )
    master = MasterKeys.of(settings)
    for purpose in Purpose:
        assert not [student for student in leaving if list(keys_in(raw, master, purpose, student))]
    sealed = copies[stays]["identity"]
    (key,) = set(keys_in(raw, master, Purpose.IDENTITY, stays))
    opened = unseal(key, bytes(sealed)[1:], f"identity\0{stays}".encode())
    assert b"astronaut" in opened  # the way that it is tried is one that works
    left = {student: bytes(copies[student]["identity"]) for student in leaving}
    assert await SealedIdentities(campus.store.keys).open(left) == {}


def files_with(folder: Path, needle: bytes) -> list[Path]:
    """Give the files, of the database's among others, that hold some bytes."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
                if raw.find(needle) >= 0:
                    found.append(path)
    return found
