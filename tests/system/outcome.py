"""What a run leaves behind, as far as it must be the same whatever went wrong on the way."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from attendance.records import Record
from tests.system.campus import Campus
from tests.system.school import School
from tests.system.waiting import PATIENCE_SECONDS, closed

# It says how long a camera looked, or when something was done: a fault may change it.
_MAY_DIFFER = ("last_seen", "coverage")


@dataclass(frozen=True)
class Outcome:
    """`records` by person, `events` by id (without what may differ), `refused`: reasons by the frame's id, each letter.

    `contradictions`: ids of events that were told twice with different content.
    """

    records: dict[str, tuple[Any, ...]]
    events: dict[str, dict[str, Any]]
    refused: Counter[tuple[str, str]]
    contradictions: tuple[str, ...] = ()


async def outcome_of(campus: Campus, school: School, *, letters: int, seconds: float = PATIENCE_SECONDS) -> Outcome:
    """Wait until the meeting is closed and all is told, and read what there is. `letters`: how many are to come."""
    await closed(campus, school.meeting.id, seconds=seconds)
    records = await campus.store.records.of_meeting(school.meeting.id)
    people = {student_id: person for person, student_id in school.students.items()}
    meeting = await campus.store.meetings.get(school.meeting.id)
    told = await _events(campus, sum(record.revision for record in records) + meeting.close_number)
    # One more than there are to be: a letter too many must show.
    dead = await campus.read(campus.connection.topics.frames_dead, letters + 1, seconds=3)
    headers = [{name: value.decode(errors="replace") for name, value in letter.headers} for letter in dead]
    contents: dict[str, set[str]] = {}
    for event in told:
        contents.setdefault(event["id"], set()).add(json.dumps(event, sort_keys=True))
    return Outcome(
        records={people[record.student_id]: essence(record) for record in records},
        events={event["id"]: without_what_may_differ(event["data"]) for event in told},
        refused=Counter((each.get("ce_id", ""), each["dead_reason"]) for each in headers),
        contradictions=tuple(sorted(id_ for id_, found in contents.items() if len(found) > 1)),
    )


async def _events(campus: Campus, different: int) -> list[dict[str, Any]]:
    """Read all events: again, and more of them, while some are told twice."""
    count = different
    while True:
        found = await campus.read(campus.connection.topics.attendance_events, count + 1, seconds=3)
        if len(found) <= count:
            return [json.loads(message.value) for message in found]
        count = 2 * len(found)


def essence(record: Record) -> tuple[Any, ...]:
    """Give what of a record must be the same."""
    steps = tuple((step.number, step.status, step.provisional, step.cause, step.first_seen) for step in record.history)
    return record.status, record.provisional, record.method, record.reason, record.first_seen, record.revision, steps


def without_what_may_differ(data: dict[str, Any]) -> dict[str, Any]:
    """Give what of an event must be the same."""
    return {name: value for name, value in data.items() if name not in _MAY_DIFFER}
