"""How a meeting is shown, wherever it is."""

from datetime import date

from pydantic import Field

from api.bodies import BodyOut
from api.times import MomentOut
from attendance.meetings import MeetingState


class MeetingOut(BodyOut):
    """A meeting: its moments in UTC, its civil date and zone beside them."""

    id: str
    class_id: str
    course_id: str | None
    term_id: str | None
    room_ids: list[str]
    start: MomentOut
    end: MomentOut
    zone: str
    local_date: date = Field(description="the civil date of the start where the meeting is held")
    state: MeetingState
