"""What a run leaves behind, and what of it is missing or wrong against the same load on a quiet day."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from benchmarks.chaos_campus import ChaosCampus
from tests.system.campus import Campus
from tests.system.fuzz import NUMBER
from tests.system.outcome import essence, without_what_may_differ

__all__ = ["LeftBehind", "Letter", "against", "differences", "left_behind"]

# A dead letter: the frame's id and the reason; of noise, its number, whatever the reason.
Letter = tuple[str, str]


@dataclass(frozen=True)
class LeftBehind:
    """`records` by meeting and student, `events` by id: what of them must be the same.

    `contradictions`: ids of events that were told with different contents; `letters`: how often each was sent.
    """

    records: dict[tuple[str, str], tuple[Any, ...]]
    events: dict[str, dict[str, Any]]
    contradictions: frozenset[str]
    letters: Counter[Letter]


async def left_behind(campus: Campus, planned: ChaosCampus) -> LeftBehind:
    """Read the records, the events, and the dead letters that are there now."""
    records = {
        (meeting.id, record.student_id): essence(record)
        for meeting in planned.meetings
        for record in await campus.store.records.of_meeting(meeting.id)
    }
    events: dict[str, dict[str, Any]] = {}
    contents: dict[str, set[str]] = {}
    for message in await campus.read_all(campus.connection.topics.attendance_events):
        event = json.loads(message.value)
        events[event["id"]] = without_what_may_differ(event["data"])
        contents.setdefault(event["id"], set()).add(json.dumps(event, sort_keys=True))
    letters = await campus.read_all(campus.connection.topics.frames_dead)
    return LeftBehind(
        records,
        events,
        frozenset(event for event, found in contents.items() if len(found) > 1),
        Counter(_letter({name: value.decode(errors="replace") for name, value in each.headers}) for each in letters),
    )


def noise(number: int) -> Letter:
    """Give the letter of a message that was only noise."""
    return f"noise-{number}", ""


def against(quiet: LeftBehind, disturbed: LeftBehind, *, refused: Counter[Letter]) -> dict[str, int]:
    """Give the figures: all of them are 0 where the faults changed nothing. `refused`: the letters that are to be."""
    records, events = disturbed.records, disturbed.events
    told = quiet.events.keys() & events.keys()
    differ = frozenset(each for each in told if quiet.events[each] != events[each])
    return {
        "records_lost": sum(records.get(key) != record for key, record in quiet.records.items()),
        "records_added": len(records.keys() - quiet.records.keys()),
        "events_lost": len(quiet.events.keys() - events.keys()),
        "events_added": len(events.keys() - quiet.events.keys()),
        "doubled": len(disturbed.contradictions | differ),
        "letters_lost": (refused - disturbed.letters).total(),
        "letters_added": (disturbed.letters - refused).total(),
    }


def differences(quiet: LeftBehind, disturbed: LeftBehind) -> list[str]:
    """Tell each record and event that is not as on a quiet day, for whoever looks for the reason."""
    pairs = ((quiet.records, disturbed.records), (quiet.events, disturbed.events))
    return [
        f"{key}\n  quiet:     {of_quiet.get(key)}\n  disturbed: {of_disturbed.get(key)}"
        for of_quiet, of_disturbed in pairs
        for key in sorted({*of_quiet, *of_disturbed}, key=str)
        if of_quiet.get(key) != of_disturbed.get(key)
    ]


def _letter(headers: dict[str, str]) -> Letter:
    if NUMBER in headers:
        return noise(int(headers[NUMBER]))
    return headers.get("ce_id", ""), headers["dead_reason"]
