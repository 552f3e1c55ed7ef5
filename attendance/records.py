"""A record: where one student stands in one meeting, and every step of how it came to that."""

from dataclasses import dataclass
from datetime import datetime

from attendance.status import Cause, Method, Status

MACHINE = "machine"  # who made a revision, where no person did; a person is told by the id of their token


@dataclass(frozen=True, slots=True)
class Sighting:
    """One track of a student before one camera: seen from `first_seen` to `last_seen`.

    `id` is the track's. `score`: its best margin over the threshold, larger the more alike. `frames`: how many of its
    frames were looked at.
    """

    id: str
    student_id: str
    camera_id: str
    first_seen: datetime
    last_seen: datetime
    score: float
    frames: int


@dataclass(frozen=True, slots=True)
class Block:
    """A person's word that the student was not before this camera from `since` to `until`; both ends count."""

    camera_id: str
    since: datetime
    until: datetime

    def overlaps(self, sighting: Sighting) -> bool:
        """Tell whether the sighting is by this camera and touches the interval."""
        return (
            sighting.camera_id == self.camera_id
            and sighting.first_seen <= self.until
            and self.since <= sighting.last_seen
        )


@dataclass(frozen=True, slots=True)
class Reversal:
    """A track that the recogniser took for the student and then did not, by what it saw up to `until`.

    Without it, frames that come again after a crash would make the same mistake and the same reversal once more.
    """

    sighting_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the machine saw: the best score with its camera, and how many frames there were in all."""

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

    `sightings` are in order of `first_seen` and id. `first_seen`, `last_seen` and `evidence` follow from them, so that
    the same sighting taken in twice changes nothing. Only a change of status, provisional, method or reason makes a
    revision (and a person's 'not this person', which is an event of its own), so that the same frames always make the
    same revisions.
    """

    meeting_id: str
    student_id: str
    status: Status
    provisional: bool
    method: Method | None
    reason: str | None
    sightings: tuple[Sighting, ...] = ()
    blocks: tuple[Block, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    history: tuple[Revision, ...] = ()

    @property
    def first_seen(self) -> datetime | None:
        """When the student was first seen; None where they were not."""
        return min((each.first_seen for each in self.sightings), default=None)

    @property
    def last_seen(self) -> datetime | None:
        """When the student was last seen; None where they were not."""
        return max((each.last_seen for each in self.sightings), default=None)

    @property
    def evidence(self) -> Evidence | None:
        """What speaks for their having been seen: of equal scores, the first one's camera is named."""
        if not self.sightings:
            return None
        best = max(self.sightings, key=lambda each: each.score)
        return Evidence(best.score, best.camera_id, sum(each.frames for each in self.sightings))

    @property
    def revision(self) -> int:
        """The number of the latest revision; 0 before the first."""
        return self.history[-1].number if self.history else 0

    @property
    def is_said_by_person(self) -> bool:
        """Tell whether the present status is a person's word, which stands over the machine's."""
        return self.method is Method.MANUAL

    @property
    def is_unsettled(self) -> bool:
        """Tell whether all that was seen was taken back since the machine last settled: a close has yet to judge it."""
        return bool(self.history) and self.status is Status.UNMARKED and self.method is None and self.reason is None
