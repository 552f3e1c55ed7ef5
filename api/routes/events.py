"""All events since a cursor: the same ids and payloads as on Kafka, for all history."""

import time
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.bodies import BodyOut
from api.cursors import bad_cursor, read_number, write_number
from api.guard import GuardedRoute, Visitor, VisitorHere
from api.problems import invalid_field
from api.services import Services, ServicesHere
from api.texts import Id
from attendance.events import AttendanceChanged, EventType, MeetingClosed, StudentErased
from attendance.rights import Permission
from attendance.store import Store
from attendance.store.event_log import LogFilter, LogPage

router = APIRouter(prefix="/v1/events", tags=["events"], route_class=GuardedRoute)

LONGEST_WAIT_S = 30
# Each class is a question of its own to the database.
_MOST_CLASSES = 50


class EventsOut(BodyOut):
    """The next events."""

    items: list[AttendanceChanged | MeetingClosed | StudentErased] = Field(
        description="CloudEvents 1.0, each as it was frozen when it was written; pass over types that you don't know"
    )
    next_cursor: str = Field(description="give it as `cursor` for what comes next; there always is one: keep it")
    more: bool = Field(description="true where there is more now; false: ask again later, or with `wait_s`")


@dataclass(frozen=True)
class EventFilters:
    """Which events a reader wants."""

    type: Annotated[EventType | None, Query(description="of one type only")] = None
    class_id: Annotated[Id | None, Query(description="of one class' meetings only")] = None
    student_id: Annotated[Id | None, Query(description="of one student's records only")] = None


@router.get("", summary="Get events since a cursor", response_model=EventsOut)
async def get_events(
    services: ServicesHere,
    visitor: VisitorHere,
    filters: Annotated[EventFilters, Depends()],
    cursor: Annotated[str | None, Query(description="the `next_cursor` of the answer before")] = None,
    start: Annotated[
        Literal["earliest", "latest"], Query(description="where to begin without a cursor: at the first event, or now")
    ] = "earliest",
    limit: Annotated[int, Query(ge=1, le=200, description="how many at most")] = 100,
    wait_s: Annotated[
        int, Query(ge=0, le=LONGEST_WAIT_S, description="how many seconds to wait where there is nothing yet")
    ] = 0,
) -> Response:
    """Get the events after a cursor, over all history, byte for byte as they are on Kafka.

    Who goes on from `next_cursor`, and keeps it, gets each event once and misses none, however many processes write
    meanwhile. A record's events come in order of revision, a meeting's in order of close number. A teacher gets those
    of their classes, a student their own.
    """
    store = services.store
    only = _within_rights(visitor, filters)
    after = read_number(cursor) if cursor is not None else 0
    if cursor is None and start == "latest":
        after = await _latest(store)
    page = await _read(services, after, limit, only, wait_s)
    if page.read_to > await store.event_log.highest():
        raise bad_cursor()  # another database's; going on from there would pass over what comes
    items = ",".join(event.payload for event in page.events)
    text = f'{{"items":[{items}],"next_cursor":"{write_number(page.read_to)}","more":{str(page.more).lower()}}}'
    return Response(text, media_type="application/json")


async def _read(services: Services, after: int, limit: int, only: LogFilter, wait_s: float) -> LogPage:
    log, until = services.store.event_log, time.monotonic() + wait_s
    page = await log.read(after=after, limit=limit, only=only)
    while not page.events and not page.more and (left := until - time.monotonic()) > 0:
        await services.tail.beyond(page.read_to, within_s=left)
        page = await log.read(after=page.read_to, limit=limit, only=only)
    return page


async def _latest(store: Store) -> int:
    while await store.event_log.number():  # what was changed before now is not new
        pass
    return await store.event_log.highest()


def _within_rights(visitor: Visitor, filters: EventFilters) -> LogFilter:
    """Give what is wanted of what the visitor may see; raises Problem `not_found` where they name what isn't theirs."""
    class_ids = None if filters.class_id is None else (filters.class_id,)
    wanted = LogFilter(type=filters.type, class_ids=class_ids, student_id=filters.student_id)
    principal = visitor.principal
    if visitor.sees_everything:
        return wanted
    if not principal.may(Permission.READ_OWN_CLASSES):
        if filters.student_id is not None:
            visitor.require("student", filters.student_id, filters.student_id)
        (student_id,) = principal.subjects
        return replace(wanted, student_id=student_id)
    if filters.class_id is not None:
        visitor.require("class", filters.class_id, filters.class_id)
        return wanted
    if len(principal.subjects) > _MOST_CLASSES:
        detail = f"name the class: this token is for {len(principal.subjects)}, and {_MOST_CLASSES} are read at once"
        raise invalid_field("query", "class_id", "too_many_classes", detail)
    return replace(wanted, class_ids=tuple(sorted(principal.subjects)))
