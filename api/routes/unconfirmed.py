"""What the machine says against students and no person has confirmed yet."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.bodies import BodyOut
from api.cursors import CursorParameter, Limit, read_entry, write_entry
from api.guard import GuardedRoute, VisitorHere
from api.lookups import require_class
from api.problems import invalid_field
from api.services import StoreHere
from api.texts import Id
from api.times import MomentOut
from attendance.records import Record
from attendance.status import Method, Status

router = APIRouter(prefix="/v1/unconfirmed", tags=["corrections"], route_class=GuardedRoute)

# Each class is a question of its own to the database.
_MOST_CLASSES = 50


class UnconfirmedEntryOut(BodyOut):
    """One record to look at."""

    meeting_id: str
    class_id: str
    start: MomentOut
    student_id: str
    given_name: str | None
    family_name: str | None
    status: Status
    method: Method | None
    revision: int = Field(description="give it to `…/confirm`, so that what is confirmed is what was looked at")


class UnconfirmedOut(BodyOut):
    """Some records to look at."""

    items: list[UnconfirmedEntryOut]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; null on the last one")


@router.get("", summary="List what waits for a person")
async def list_unconfirmed(
    store: StoreHere,
    visitor: VisitorHere,
    class_id: Annotated[Id | None, Query(description="of this class only")] = None,
    cursor: CursorParameter = None,
    limit: Limit = 50,
) -> UnconfirmedOut:
    """List absences, late arrivals and early leavings that no person has confirmed, the latest meeting first.

    Each stands here until somebody confirms it or says otherwise (`…/roll/{student_id}/confirm`, `…/roll/confirm`).
    A teacher gets those of their classes. None of them counts in a report for a sanction.
    """
    if class_id is not None:
        visitor.require("class", class_id, class_id)
        await require_class(store, class_id)
    classes = [class_id] if class_id is not None or visitor.own is None else visitor.own
    if len(classes) > _MOST_CLASSES:
        detail = f"name the class: this token is for {len(classes)}, and {_MOST_CLASSES} are read at once"
        raise invalid_field("query", "class_id", "too_many_classes", detail)
    after, found = read_entry(cursor), list[Record]()
    place = (after[0], f"{after[1]}:{after[2]}") if after else None
    for each in classes:
        found += await store.records.unconfirmed(class_id=each, after=place, limit=limit + 1)
    meetings = await store.meetings.get_many([record.meeting_id for record in found])
    found.sort(
        key=lambda record: (meetings[record.meeting_id].start, record.meeting_id, record.student_id), reverse=True
    )
    page = found[:limit]
    known = await store.students.get_many([record.student_id for record in page])
    return UnconfirmedOut(
        items=[
            UnconfirmedEntryOut(
                meeting_id=record.meeting_id,
                class_id=meeting.class_id,
                start=meeting.start,
                student_id=record.student_id,
                given_name=student.given_name if student else None,
                family_name=student.family_name if student else None,
                status=record.status,
                method=record.method,
                revision=record.revision,
            )
            for record in page
            for meeting, student in [(meetings[record.meeting_id], known.get(record.student_id))]
        ],
        next_cursor=(
            write_entry(meetings[page[-1].meeting_id].start, page[-1].meeting_id, page[-1].student_id)
            if len(found) > limit
            else None
        ),
    )
