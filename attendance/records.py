"""A record: where one student stands in one meeting, and every step of how it came to that."""

from dataclasses import dataclass, field
from datetime import datetime

from attendance.status import Cause, Method, Status

MACHINE = "machine"  # who made a revision, where no person did; a person is told by the id of their token


@dataclass(frozen=True, slots=True)
class Sighting:
    """One student recognised by one camera in one frame. `score` is larger the more alike."""

    student_id: str
    camera_id: str
    frame_id: str
    seen_at: datetime
    score: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the machine saw: the best score with its camera, and how many frames."""

    score: float
    camera_id: str
    frames: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One step of a record's history, which is only added to."""

    number: int
    at: datetime
    by: str
    cause: Cause
    status: Status
    previous_status: Status | None
    provisional: bool
    method: Method | None
    reason: str | None
    first_seen: datetime | None
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """One student's record of one meeting.

    Only a change of status, provisional, method or reason makes a revision; `first_seen`, `last_seen` and `evidence`
    move without one, so that the same frames always make the same revisions.
    """

    meeting_id: str
    student_id: str
    status: Status
    provisional: bool
    method: Method | None
    reason: str | None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    evidence: Evidence | None = None
    history: tuple[Revision, ...] = field(default=())

    @property
    def revision(self) -> int:
        """The number of the latest revision; 0 before the first."""
        return self.history[-1].number if self.history else 0

    @property
    def is_said_by_person(self) -> bool:
        """Tell whether the present status is a person's word, which stands over the machine's."""
        return bool(self.history) and self.history[-1].by != MACHINE
