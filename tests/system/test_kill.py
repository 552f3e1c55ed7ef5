"""A stream app that is killed in mid-lecture loses nothing and counts nothing twice."""

import json
from datetime import timedelta

import pytest

from attendance.records import Record
from tests.system.campus import Campus
from tests.system.conftest import MakeCampus
from tests.system.school import School
from tests.system.waiting import closed, until

ARRIVALS = {"hopper_from": timedelta(minutes=1), "astronaut_from": timedelta(minutes=20)}


async def _outcome(campus: Campus, school: School) -> tuple[dict[str, tuple[object, ...]], set[str], list[str]]:
    """Give what must be the same: records by student, the set of event ids, and how often each revision was told."""
    await closed(campus, school.meeting.id)
    records = await campus.store.records.of_meeting(school.meeting.id)
    expected = sum(record.revision for record in records) + 1  # and the close
    events = await campus.read(campus.connection.topics.attendance_events, expected)
    told = [json.loads(event.value) for event in events]
    return (
        {record.student_id: _essence(record) for record in records},
        {event["id"] for event in told},
        [f"{event['data']['student_id']} {event['data']['revision']}" for event in told if "revision" in event["data"]],
    )


def _essence(record: Record) -> tuple[object, ...]:
    return record.status, record.provisional, record.first_seen, record.last_seen, record.revision


async def _run(campus: Campus, school: School, kills: int) -> tuple[dict[str, tuple[object, ...]], set[str]]:
    await campus.prepare()
    await school.plant(campus.store)
    await campus.produce(list(school.frames(**ARRIVALS)))
    campus.start("stream")
    for kill in range(1, kills + 1):

        async def has_come_so_far(minutes: int = 12 * kill) -> bool:
            through = await campus.store.progress.processed_through([school.camera.id])
            moment = through.get(school.camera.id)
            return moment is not None and moment >= school.meeting.start + timedelta(minutes=minutes)

        await until(has_come_so_far)
        campus.kill("stream")
        campus.start("stream")
    essence, event_ids, revisions = await _outcome(campus, school)
    assert sorted(set(revisions)) == sorted(revisions) or kills  # a kill may tell an event twice, with the same id
    campus.stop()
    return essence, event_ids


@pytest.mark.parametrize("kills", [1, pytest.param(3, marks=pytest.mark.long)])
async def test_killed_in_mid_lecture_it_ends_with_the_same_records_and_the_same_events(
    make_campus: MakeCampus, kills: int
) -> None:
    school = School.of("kill")
    undisturbed = await _run(make_campus(), school, kills=0)
    killed = await _run(make_campus(), school, kills=kills)
    assert killed == undisturbed
    statuses = {person: undisturbed[0][student_id][0] for person, student_id in school.students.items()}
    assert statuses == {"hopper": "present", "astronaut": "late", "no_consent": "unmarked"}
