"""Events as rows: a table for each version of an event, with a column for each of its fields and its own text."""

from datetime import date

from attendance.events import AttendanceChanged, MeetingClosed, StudentErased
from attendance.exports.columns import Column, Kind, Row
from attendance.status import Status

Event = AttendanceChanged | MeetingClosed | StudentErased

_OF_ALL = (Column("id"), Column("time", Kind.MOMENT), Column("meeting_id"))
_OF_MEETING = (
    Column("class_id"),
    Column("course_id"),
    Column("term_id"),
    Column("scheduled_start", Kind.MOMENT),
    Column("scheduled_end", Kind.MOMENT),
    Column("local_date", Kind.DAY),
    Column("zone"),
)
_TEXT = Column("event")

CHANGED_COLUMNS = (
    *_OF_ALL,
    Column("student_id"),
    Column("revision", Kind.COUNT),
    Column("status"),
    Column("previous_status"),
    Column("provisional", Kind.FLAG),
    Column("cause"),
    Column("method"),
    Column("first_seen", Kind.MOMENT),
    Column("last_seen", Kind.MOMENT),
    *_OF_MEETING,
    _TEXT,
)
CLOSED_COLUMNS = (
    *_OF_ALL,
    Column("close_number", Kind.COUNT),
    Column("taken", Kind.FLAG),
    Column("coverage", Kind.SHARE),
    *(Column(f"count_{status.value}", Kind.COUNT) for status in Status),
    *_OF_MEETING,
    _TEXT,
)


ERASED_COLUMNS = (Column("id"), Column("time", Kind.MOMENT), Column("student_id"), _TEXT)
_COLUMNS: dict[type[Event], tuple[Column, ...]] = {
    AttendanceChanged: CHANGED_COLUMNS,
    MeetingClosed: CLOSED_COLUMNS,
    StudentErased: ERASED_COLUMNS,
}


def event_columns(kind: type[Event]) -> tuple[Column, ...]:
    """Give the columns of a version's table."""
    return _COLUMNS[kind]


def event_day(event: Event) -> date:
    """Give the day that an event belongs to: its meeting's where it has one, else that on which it happened, in UTC."""
    return event.time.date() if isinstance(event, StudentErased) else event.data.local_date


def event_row(event: Event, text: str) -> Row:
    """Write an event as a row; `text` is the event as it was frozen."""
    fields = event.data.model_dump(mode="python")
    counts = {f"count_{status.value}": count for status, count in fields.pop("counts", {}).items()}
    words = {name: fields[name].value for name in ("status", "previous_status", "cause", "method") if fields.get(name)}
    return {"id": event.id, "time": event.time, **fields, **words, **counts, "event": text}
