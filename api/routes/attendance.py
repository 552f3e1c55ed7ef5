"""A student's attendance over time: what is asked most."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from api.bodies import BodyOut
from api.cursors import CursorParameter, Limit, read_moment, write_moment
from api.guard import GuardedRoute, VisitorHere
from api.lookups import require_sourced, require_student
from api.rate_out import RateOut
from api.services import Services, ServicesHere
from api.spans import Since, Until, read_span
from api.texts import Id, SourcedId, StudentId
from api.times import MomentOut
from attendance.meetings import Meeting
from attendance.people import Class
from attendance.records import Record
from attendance.reports import rate_of
from attendance.status import Method, Status

router = APIRouter(prefix="/v1/students/{student_id}/attendance", tags=["attendance"], route_class=GuardedRoute)
by_sourced_id = APIRouter(
    prefix="/v1/students/by-sourced-id/{sourced_id}/attendance", tags=["attendance"], route_class=GuardedRoute
)


class AttendanceOut(BodyOut):
    """Where the student stood in one meeting."""

    meeting_id: str
    class_id: str
    class_title: str
    start: MomentOut
    end: MomentOut
    zone: str
    local_date: date
    status: Status
    provisional: bool
    method: Method | None
    reason: str | None
    first_seen: MomentOut | None
    last_seen: MomentOut | None
    revision: int

    @classmethod
    def of(cls, record: Record, meeting: Meeting, class_: Class) -> Self:
        """Show a record beside its meeting."""
        return cls(
            meeting_id=record.meeting_id,
            class_id=class_.id,
            class_title=class_.title,
            start=meeting.start,
            end=meeting.end,
            zone=meeting.zone,
            local_date=meeting.local_date,
            status=record.status,
            provisional=record.provisional,
            method=record.method,
            reason=record.reason,
            first_seen=record.first_seen,
            last_seen=record.last_seen,
            revision=record.revision,
        )


class StudentAttendanceOut(BodyOut):
    """A student's attendance: one page of records, and the totals of all that was asked for."""

    student_id: str
    totals: dict[Status, int] = Field(description="over the whole time asked for, not this page alone")
    rate: RateOut
    items: list[AttendanceOut]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; null on the last one")


@dataclass(frozen=True)
class AttendanceFilters:
    """Which part of a student's attendance is wanted."""

    since: Since = None
    until: Until = None
    class_id: Annotated[Id | None, Query(description="meetings of this class only")] = None
    term_id: Annotated[Id | None, Query(description="meetings of this term only")] = None

    def span(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """Give the bounds as moments; raises Problem `invalid_request`."""
        return read_span(self.since, self.until, zone)


Filters = Annotated[AttendanceFilters, Depends()]


@router.get("", summary="Get a student's attendance")
async def get_attendance(
    student_id: StudentId,
    services: ServicesHere,
    visitor: VisitorHere,
    filters: Filters,
    cursor: CursorParameter = None,
    limit: Limit = 50,
) -> StudentAttendanceOut:
    """Get a student's records, the latest meeting first, with totals by status and the rate.

    Dates are those of the campus' time zone. Meetings of which nothing was said yet have no record, and aren't listed.
    """
    visitor.require("student", student_id, student_id)
    await require_student(services.store, student_id)
    return await _attendance(services, student_id, filters, cursor, limit)


@by_sourced_id.get("", summary="Get a student's attendance by the school's id")
async def get_attendance_by_sourced_id(
    sourced_id: SourcedId,
    services: ServicesHere,
    visitor: VisitorHere,
    filters: Filters,
    cursor: CursorParameter = None,
    limit: Limit = 50,
) -> StudentAttendanceOut:
    """Get the same as by Rollcall's own id, for those who know the school's."""
    student = await require_sourced(services.store, visitor, sourced_id)
    return await _attendance(services, student.id, filters, cursor, limit)


async def _attendance(
    services: Services, student_id: str, filters: AttendanceFilters, cursor: str | None, limit: int
) -> StudentAttendanceOut:
    store = services.store
    start, end = filters.span(ZoneInfo(services.settings.default_zone))
    place = read_moment(cursor)
    found = await store.records.of_student(
        student_id,
        start=start,
        end=end,
        after=(place[0], f"{place[1]}:{student_id}") if place else None,
        limit=limit + 1,
        class_id=filters.class_id,
        term_id=filters.term_id,
    )
    page = found[:limit]
    meetings = await store.meetings.get_many([record.meeting_id for record in page])
    classes = await store.classes.get_many(sorted({meeting.class_id for meeting in meetings.values()}))
    counts = await store.records.totals_of_student(
        student_id, start=start, end=end, class_id=filters.class_id, term_id=filters.term_id
    )
    totals = {status: counts.get(status, 0) for status in Status}
    return StudentAttendanceOut(
        student_id=student_id,
        totals=totals,
        rate=RateOut.of(
            rate_of({(status, False): count for status, count in totals.items()}, services.settings.counting)
        ),
        items=[
            AttendanceOut.of(record, meeting, classes[meeting.class_id])
            for record in page
            for meeting in [meetings[record.meeting_id]]
        ],
        next_cursor=(
            write_moment(meetings[page[-1].meeting_id].start, page[-1].meeting_id) if len(found) > limit else None
        ),
    )
