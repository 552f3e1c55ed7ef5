"""A meeting's roll, live."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from api.auditing import write_line
from api.guard import GuardedRoute, VisitorHere, principal_of
from api.live import LiveResponse, Roll, is_over
from api.lookups import require_meeting
from api.services import ServicesHere
from api.texts import MeetingId
from attendance.store.event_log import LogFilter

router = APIRouter(prefix="/v1/meetings/{meeting_id}/live", tags=["roll"], route_class=GuardedRoute)

_LONGEST_NUMBER = 15
_EVENT = {
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["roll", "change", "meeting", "closed"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "id": {"type": "string"},
        "retry": {"type": "integer"},
    },
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": _EVENT}}},
    204: {"description": "the meeting is over, and nothing came since"},
}


@router.get(
    "", summary="Follow a meeting's roll live", response_class=LiveResponse, status_code=200, responses=_RESPONSES
)
async def follow_roll(
    meeting_id: MeetingId,
    request: Request,
    services: ServicesHere,
    visitor: VisitorHere,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="where it broke off; browsers send it by themselves")
    ] = None,
    last_event: Annotated[
        str | None, Query(alias="last_event_id", description="the same, for those who can't set a header")
    ] = None,
) -> Response:
    """Follow a roll as server-sent events.

    `roll`: the whole roll, as `GET …/roll` gives it. `change`: a student's entry, whenever their record has a new
    revision; of two of one student, the higher `revision` holds. `meeting`: the meeting, where it was moved or
    cancelled. `closed`: the counts at the close, and the stream ends. A comment comes at least every 15 seconds. Come
    back with `Last-Event-ID` and only what changed since is sent; where there is nothing any more, the answer is 204.
    """
    meeting = await require_meeting(services.store, meeting_id)
    visitor.require("meeting", meeting_id, meeting.class_id)
    log = services.store.event_log
    last = _number(last_event_id or last_event)
    if last is not None and last > await log.highest():
        last = None  # of another database, or of one before its backup was restored
    if last is not None and is_over(meeting):
        missed = await log.read(after=last, limit=1, only=LogFilter(meeting_id=meeting_id))
        if not missed.events and not missed.more:
            return Response(status_code=204)
    roster = await services.store.classes.roster(meeting.class_id, meeting.local_date)
    await write_line(request, visitor.principal, 200, roster)

    async def still_allowed() -> bool:
        principal = await principal_of(request)
        return principal is not None and (visitor.sees_everything or principal.owns(meeting.class_id))

    roll = Roll(meeting_id, services.store, services.tail, services.streams, still_allowed)
    return LiveResponse(roll.events(last), services.streams)


def _number(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        return None
    return int(text)
