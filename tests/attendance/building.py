"""Meetings, sightings and records for the tests, told in minutes from a meeting's start."""

from datetime import UTC, datetime, timedelta

from attendance.coverage import Coverage
from attendance.meetings import ClassRules, Meeting, MeetingState
from attendance.records import Record, Sighting

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MEETING = "1f0c2a52-7c0e-4f0e-8a63-0f5a5b1f7a01"
STUDENT = "2b1d3c63-8d1f-4a1f-9b74-1a6b6c2a8b02"
CAMERA = "3c2e4d74-9e2a-4b2a-8c85-2b7c7d3b9c03"
ROOM = "4d3f5e85-af3b-4c3b-9d96-3c8d8e4cad04"
CLASS = "5e4a6f96-ba4c-4d4c-8ea7-4d9e9f5dbe05"


def at(minutes: float) -> datetime:
    """Give a moment in minutes from the usual start."""
    return START + timedelta(minutes=minutes)


def meeting(
    start: float = 0,
    end: float = 50,
    *,
    meeting_id: str = MEETING,
    rules: ClassRules | None = None,
    state: MeetingState = MeetingState.OPEN,
    zone: str = "Europe/Vienna",
) -> Meeting:
    return Meeting(
        id=meeting_id,
        class_id=CLASS,
        room_ids=(ROOM,),
        start=at(start),
        end=at(end),
        zone=zone,
        rules=rules or ClassRules(),
        state=state,
    )


def sighting(
    minute: float,
    until: float | None = None,
    *,
    sighting_id: str | None = None,
    score: float = 0.9,
    camera_id: str = CAMERA,
    student_id: str = STUDENT,
    frames: int = 1,
) -> Sighting:
    """Give a track from one minute to another; of a single moment, and with an id of its own, where none is said."""
    last = minute if until is None else until
    track = sighting_id or f"{camera_id} at {minute}"
    return Sighting(track, student_id, camera_id, at(minute), at(last), score, frames)


def looked_at(*spans: tuple[float, float]) -> Coverage:
    return Coverage.of((at(start), at(end)) for start, end in spans)


def steps(record: Record | None) -> list[tuple[int, str, bool]]:
    """Give what a record's history says, in short."""
    return [(step.number, step.status.value, step.provisional) for step in record.history] if record else []
