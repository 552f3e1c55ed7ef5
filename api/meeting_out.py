"""How a meeting is shown, wherever it is."""

from datetime import date
from typing import Self

from pydantic import Field

from api.bodies import BodyOut
from api.times import MomentOut
from attendance.meetings import Meeting, MeetingState


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

    @classmethod
    def of(cls, meeting: Meeting) -> Self:
        """Show a meeting."""
        return cls(
            id=meeting.id,
            class_id=meeting.class_id,
            course_id=meeting.course_id,
            term_id=meeting.term_id,
            room_ids=list(meeting.room_ids),
            start=meeting.start,
            end=meeting.end,
            zone=meeting.zone,
            local_date=meeting.local_date,
            state=meeting.state,
        )
