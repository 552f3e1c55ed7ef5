"""A school with years of records, as large as a benchmark asks: classes that met each weekday, all rolls called."""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from attendance.ids import new_id
from attendance.meetings import ClassRules, Meeting
from attendance.people import Class, Enrollment, Student
from attendance.rights import Role
from attendance.status import Status
from benchmarks.running_app import Installation

__all__ = ["School", "found"]

ROSTER = 20
# Statuses as a school has them, in a cycle of twenty.
_STATUSES = [*[Status.PRESENT] * 15, *[Status.LATE] * 2, *[Status.ABSENT] * 2, Status.EXCUSED]
_AT_ONCE, _BATCH = 16, 1_000
_LENGTH = timedelta(minutes=50)


@dataclass(frozen=True)
class School:
    """What was founded. `latest`: meetings of the last four weeks, by class."""

    token: str
    students: tuple[str, ...]
    classes: tuple[str, ...]
    latest: dict[str, tuple[Meeting, ...]]
    since: datetime


async def found(site: Installation, *, records: int, students: int, told: Callable[[str], None]) -> School:
    """Fill a store: each student is in one class of twenty, which met as often as gives so many records.

    People, classes and meetings go in one by one, as the API adds them. Of the records, one is made by the API, and the
    others are copies of its document with another student, meeting and status, put in in bulk.
    """
    store = site.store
    student_ids = tuple(new_id() for _ in range(students))
    class_ids = tuple(new_id() for _ in range(students // ROSTER))
    rosters = {each: student_ids[place * ROSTER : (place + 1) * ROSTER] for place, each in enumerate(class_ids)}
    told(f"{students:,} students in {len(class_ids)} classes")
    await _all(store.students.add(Student(each, "A", "Student")) for each in student_ids)
    await _all(store.classes.add(Class(each, "A class"), ClassRules()) for each in class_ids)
    await _all(store.classes.enroll(Enrollment(key, each)) for key, roster in rosters.items() for each in roster)
    meetings = {each: _meetings(each, records // students) for each in class_ids}
    told(f"{sum(map(len, meetings.values())):,} meetings")
    await _all(store.meetings.add(meeting) for each in meetings.values() for meeting in each)
    token = (await store.tokens.create(Role.ADMINISTRATOR, now=datetime.now(UTC))).text
    await _first_record(site, token, meetings[class_ids[0]][0], student_ids[0])
    told(f"{records:,} records")
    await _copies(site, rosters, meetings)
    since = datetime.now(UTC) - timedelta(weeks=4)
    latest = {key: tuple(each for each in some if each.start >= since) for key, some in meetings.items()}
    return School(token, student_ids, class_ids, latest, since)


def _meetings(class_id: str, count: int) -> list[Meeting]:
    """Give a meeting on each of the last weekdays."""
    day = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
    found: list[Meeting] = []
    while len(found) < count:
        day -= timedelta(days=1)
        if day.weekday() < 5:
            found.append(Meeting(new_id(), class_id, (new_id(),), day, day + _LENGTH, "Europe/Zurich"))
    return found


async def _first_record(site: Installation, token: str, meeting: Meeting, student_id: str) -> None:
    async with httpx.AsyncClient(base_url=site.http("api"), headers={"Authorization": f"Bearer {token}"}) as client:
        answer = await client.put(f"/v1/meetings/{meeting.id}/roll/{student_id}", json={"status": "present"})
        answer.raise_for_status()


async def _copies(site: Installation, rosters: dict[str, tuple[str, ...]], meetings: dict[str, list[Meeting]]) -> None:
    archive = site.store.archive
    pattern = await archive.example("records")
    if pattern is None:
        raise RuntimeError("the API made no record")
    made_by_the_api = pattern["_id"]
    # Its event was told; those of the copies are taken to have been, too.
    pattern = {name: value for name, value in pattern.items() if not name.startswith("outbox_")} | {"outbox": []}
    batch, number = [], 0
    for class_id, some in meetings.items():
        for meeting in some:
            for student_id in rosters[class_id]:
                number += 1
                record = copy.deepcopy(pattern)
                status = _STATUSES[number * 7 % len(_STATUSES)].value
                record |= {
                    "_id": f"{meeting.id}:{student_id}",
                    "meeting_id": meeting.id,
                    "student_id": student_id,
                    "class_id": class_id,
                    "start": meeting.start,
                    "status": status,
                    "revised_at": meeting.end,
                }
                record["history"][0] |= {"status": status, "at": meeting.end}
                if record["_id"] != made_by_the_api:
                    batch.append(record)
            if len(batch) >= _BATCH:
                await archive.write("records", batch)
                batch = []
    await archive.write("records", batch)


async def _all(writes: Iterable[Awaitable[object]]) -> None:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(write: Awaitable[object]) -> None:
        async with turn:
            await write

    async with asyncio.TaskGroup() as group:
        for write in writes:
            group.create_task(one(write))
