"""Records as rows: a record beside its meeting, and its student's name where that is asked for."""

from attendance.exports.columns import Column, Kind, Row
from attendance.meetings import Meeting
from attendance.people import Class, Student
from attendance.records import Record

RECORD_COLUMNS = (
    Column("meeting_id"),
    Column("student_id"),
    Column("class_id"),
    Column("class_title"),
    Column("course_id"),
    Column("term_id"),
    Column("start", Kind.MOMENT),
    Column("end", Kind.MOMENT),
    Column("zone"),
    Column("local_date", Kind.DAY),
    Column("status"),
    Column("provisional", Kind.FLAG),
    Column("method"),
    Column("reason"),
    Column("first_seen", Kind.MOMENT),
    Column("last_seen", Kind.MOMENT),
    Column("revision", Kind.COUNT),
)
_NAMES = (Column("family_name"), Column("given_name"), Column("sourced_id"))


def record_columns(*, names: bool, reasons: bool = True) -> tuple[Column, ...]:
    """Give the columns of a table of records, those that tell who the student is only where asked for.

    Without `reasons`, what people wrote in their own words is left out: it may name anybody.
    """
    columns = (*RECORD_COLUMNS[:2], *_NAMES, *RECORD_COLUMNS[2:]) if names else RECORD_COLUMNS
    return tuple(column for column in columns if reasons or column.name != "reason")


def record_row(record: Record, meeting: Meeting, class_: Class | None, student: Student | None) -> Row:
    """Write a record as a row. What of class and student isn't known stays empty."""
    return {
        "meeting_id": record.meeting_id,
        "student_id": record.student_id,
        "family_name": student.family_name if student else None,
        "given_name": student.given_name if student else None,
        "sourced_id": student.sourced_id if student else None,
        "class_id": meeting.class_id,
        "class_title": class_.title if class_ else None,
        "course_id": meeting.course_id,
        "term_id": meeting.term_id,
        "start": meeting.start,
        "end": meeting.end,
        "zone": meeting.zone,
        "local_date": meeting.local_date,
        "status": record.status.value,
        "provisional": record.provisional,
        "method": record.method.value if record.method else None,
        "reason": record.reason,
        "first_seen": record.first_seen,
        "last_seen": record.last_seen,
        "revision": record.revision,
    }
