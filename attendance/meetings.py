"""A meeting: one sitting of a class, in rooms, between two moments, in a time zone."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from attendance.ids import split_meeting_id

# Shares are sums of seconds: an exact comparison would call 0.8 of a meeting less than a floor of 0.8.
_ROUNDING = 1e-9


class MeetingState(StrEnum):
    """Where a meeting is in its life."""

    OPEN = "open"
    CLOSED = "closed"
    NOT_TAKEN = "not_taken"  # closed, but the room was hardly looked at: nobody is absent
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ClassRules:
    """What a class asks of its students and of the machine. The defaults are the campus' own.

    `arrival_opens`: how long before the start a student counts as there.
    `late_after`: how long after the start a student still is on time.
    `coverage_floor`: the share of time that must have been looked at before the machine says late or absent.
    `left_early_before`: who was last seen longer than this before the end left early; None: nobody is said to have.
    `minimum_stay`: who was there for less than this is absent; None: any time will do.
    """

    arrival_opens: timedelta = timedelta(minutes=10)
    late_after: timedelta = timedelta(minutes=10)
    coverage_floor: float = 0.8
    left_early_before: timedelta | None = None
    minimum_stay: timedelta | None = None

    @property
    def asks_to_stay(self) -> bool:
        """Tell whether it matters how long somebody stayed."""
        return self.left_early_before is not None or self.minimum_stay is not None

    def suffices(self, coverage: float) -> bool:
        """Tell whether this share of time looked at is enough to hold against a student."""
        return coverage + _ROUNDING >= self.coverage_floor


@dataclass(frozen=True, slots=True)
class Meeting:
    """One sitting of a class. `start` and `end` are aware datetimes in UTC, `zone` an IANA name."""

    id: str
    class_id: str
    room_ids: tuple[str, ...]
    start: datetime
    end: datetime
    zone: str
    course_id: str | None = None
    term_id: str | None = None
    rules: ClassRules = field(default_factory=ClassRules)
    state: MeetingState = MeetingState.OPEN
    close_number: int = 0

    @property
    def opens_at(self) -> datetime:
        """The first moment at which being seen in the room counts for this meeting."""
        return self.start - self.rules.arrival_opens

    @property
    def on_time_until(self) -> datetime:
        """The last moment at which a student who comes is on time."""
        return self.start + self.rules.late_after

    @property
    def local_date(self) -> date:
        """The civil date of the start where the meeting is held."""
        return self.start.astimezone(ZoneInfo(self.zone)).date()

    @property
    def is_over(self) -> bool:
        """Tell whether it was closed: what wasn't seen by then counts."""
        return self.state in (MeetingState.CLOSED, MeetingState.NOT_TAKEN)

    def is_watched_at(self, moment: datetime) -> bool:
        """Tell whether a frame of its room, taken at this moment, is looked at for this meeting."""
        return self.state is not MeetingState.CANCELLED and self.opens_at <= moment < self.end


def moved(meeting: Meeting, start: datetime, end: datetime, room_ids: tuple[str, ...], zone: str) -> Meeting:
    """Give a meeting at another time or place. It keeps its id, and is open again: its records are judged anew."""
    state = MeetingState.CANCELLED if meeting.state is MeetingState.CANCELLED else MeetingState.OPEN
    return replace(meeting, start=start, end=end, room_ids=room_ids, zone=zone, state=state)


def cancelled(meeting: Meeting) -> Meeting:
    """Give a meeting that does not take place."""
    return replace(meeting, state=MeetingState.CANCELLED)


def restored(meeting: Meeting) -> Meeting:
    """Give a cancelled meeting that takes place after all."""
    return replace(meeting, state=MeetingState.OPEN)


def split(meeting: Meeting, at: datetime) -> tuple[Meeting, Meeting]:
    """Give two meetings for one: the first keeps the id and ends where the second, with an id of its own, begins.

    The second's id follows from the first's and the moment, so that the same split asked for twice makes one.

    Raises:
        ValueError: the moment lies outside of the meeting.
    """
    if not meeting.start < at < meeting.end:
        raise ValueError("a meeting is split between its start and its end")
    first = moved(meeting, meeting.start, at, meeting.room_ids, meeting.zone)
    second = replace(first, id=split_meeting_id(meeting.id, at), start=at, end=meeting.end, close_number=0)
    return first, second


def counts_from(meeting: Meeting, attended: list[Meeting]) -> datetime:
    """Give the moment from which a student's being seen counts for `meeting`.

    `attended` are the meetings that the student attends in the same room: one that ends inside the arrival window
    keeps the student's presence for itself until its end. The same room is full of the earlier class until then. A
    cancelled one keeps nobody.
    """
    earlier_ends = [
        other.end
        for other in attended
        if other.state is not MeetingState.CANCELLED and other.start < meeting.start and other.end > meeting.opens_at
    ]
    return max([meeting.opens_at, *(min(end, meeting.start) for end in earlier_ends)])
