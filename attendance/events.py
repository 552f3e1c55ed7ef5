"""The events that analytics consume: CloudEvents 1.0 in structured JSON, versioned by their type.

Consumers ignore fields that they don't know. Within a version only optional fields are added; a new value of an enum
is a new version. Ids are opaque: no name, no email, no id of the school's own.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from attendance.ids import attendance_event_id, meeting_closed_event_id, student_erased_event_id
from attendance.meetings import Meeting
from attendance.records import Record, Revision
from attendance.status import Cause, Method, Status

SOURCE = "/rollcall/attendance"


class EventType(StrEnum):
    """What an event tells, with the version of its form."""

    ATTENDANCE_CHANGED = "org.rollcall.attendance.changed.v1"
    MEETING_CLOSED = "org.rollcall.meeting.closed.v1"
    STUDENT_ERASED = "org.rollcall.student.erased.v1"


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    datetime,
    PlainSerializer(_rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
# Of all events, whatever they tell.
SpecVersion = Annotated[Literal["1.0"], Field(description="of CloudEvents")]
EventId = Annotated[str, Field(description="the same whenever the same is told again: count by it")]
Told = Annotated[Moment, Field(description="when it happened; not when it was sent")]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class AttendanceChangedData(_Data):
    """The whole state of one student's record after a change."""

    meeting_id: str
    student_id: str
    class_id: str
    course_id: str | None
    term_id: str | None
    revision: int = Field(description="1, 2, 3 and so on for each record; of two events the higher one holds")
    status: Status
    previous_status: Status | None = Field(description="null in a record's first revision")
    provisional: bool = Field(description="true while a person has yet to confirm it")
    cause: Cause
    method: Method | None = Field(description="how the student was found to be there; null where they weren't")
    scheduled_start: Moment
    scheduled_end: Moment
    local_date: date = Field(description="of the meeting's begin, in its zone")
    zone: str = Field(description="a name of the IANA database")
    first_seen: Moment | None
    last_seen: Moment | None


class MeetingClosedData(_Data):
    """A meeting as it closed. It has no order against the students' events, so it carries all that it means."""

    meeting_id: str
    class_id: str
    course_id: str | None
    term_id: str | None
    close_number: int = Field(description="1, then higher for each time its counts changed; the highest one holds")
    taken: bool = Field(description="false where too little of it was looked at: nobody is absent then")
    coverage: float = Field(description="the share of its time that was looked at, 0 to 1")
    counts: dict[Status, int] = Field(description="how many students have each status, none left out")
    scheduled_start: Moment
    scheduled_end: Moment
    local_date: date = Field(description="of the meeting's begin, in its zone")
    zone: str = Field(description="a name of the IANA database")


class StudentErasedData(_Data):
    """A student whose data is gone. Delete what you keep of this id, and what you worked out from it."""

    student_id: str


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: SpecVersion = "1.0"
    id: EventId
    source: str = SOURCE
    subject: str = Field(description="the student, or the meeting: the message's key")
    time: Told
    datacontenttype: Literal["application/json"] = "application/json"

    def frozen(self) -> str:
        """Give the JSON text that is stored, sent, and sent again, byte for byte."""
        return self.model_dump_json()


class AttendanceChanged(_Event):
    """`org.rollcall.attendance.changed.v1`, keyed by student."""

    type: Literal["org.rollcall.attendance.changed.v1"] = "org.rollcall.attendance.changed.v1"
    data: AttendanceChangedData


class MeetingClosed(_Event):
    """`org.rollcall.meeting.closed.v1`, keyed by meeting."""

    type: Literal["org.rollcall.meeting.closed.v1"] = "org.rollcall.meeting.closed.v1"
    data: MeetingClosedData


class StudentErased(_Event):
    """`org.rollcall.student.erased.v1`, keyed by student."""

    type: Literal["org.rollcall.student.erased.v1"] = "org.rollcall.student.erased.v1"
    data: StudentErasedData


def student_erased(student_id: str, *, at: datetime) -> StudentErased:
    """Tell that a student was erased."""
    return StudentErased(
        id=student_erased_event_id(student_id),
        subject=student_id,
        time=at,
        data=StudentErasedData(student_id=student_id),
    )


def attendance_changed(meeting: Meeting, record: Record, revision: Revision) -> AttendanceChanged:
    """Tell one revision of a record."""
    return AttendanceChanged(
        id=attendance_event_id(meeting.id, record.student_id, revision.number),
        subject=record.student_id,
        time=revision.at,
        data=AttendanceChangedData(
            meeting_id=meeting.id,
            student_id=record.student_id,
            class_id=meeting.class_id,
            course_id=meeting.course_id,
            term_id=meeting.term_id,
            revision=revision.number,
            status=revision.status,
            previous_status=revision.previous_status,
            provisional=revision.provisional,
            cause=revision.cause,
            method=revision.method,
            scheduled_start=meeting.start,
            scheduled_end=meeting.end,
            local_date=meeting.local_date,
            zone=meeting.zone,
            first_seen=revision.first_seen,
            last_seen=revision.last_seen,
        ),
    )


def meeting_closed(
    meeting: Meeting, close_number: int, *, taken: bool, coverage: float, counts: dict[Status, int], now: datetime
) -> MeetingClosed:
    """Tell that a meeting closed, or that its counts changed after it did (a higher close number)."""
    return MeetingClosed(
        id=meeting_closed_event_id(meeting.id, close_number),
        subject=meeting.id,
        time=now,
        data=MeetingClosedData(
            meeting_id=meeting.id,
            class_id=meeting.class_id,
            course_id=meeting.course_id,
            term_id=meeting.term_id,
            close_number=close_number,
            taken=taken,
            coverage=round(coverage, 4),
            counts={status: counts.get(status, 0) for status in Status},
            scheduled_start=meeting.start,
            scheduled_end=meeting.end,
            local_date=meeting.local_date,
            zone=meeting.zone,
        ),
    )
