"""A record: where one student stands in one meeting, and every step of how it came to that."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from attendance.cameras import CameraKind
from attendance.status import Cause, Method, NotExpectedReason, Status

MACHINE = "machine"  # who made a revision, where no person did; a person is told by the id of their token


@dataclass(frozen=True, slots=True)
class Sighting:
    """One track of a student before one camera: seen from `first_seen` to `last_seen`.

    `id` is the track's. `score`: its best margin over the threshold, larger the more alike. `frames`: how many of its
    frames were looked at. `kind`: what the camera is; only one of a room tells how long somebody stayed.
    """

    id: str
    student_id: str
    camera_id: str
    first_seen: datetime
    last_seen: datetime
    score: float
    frames: int
    kind: CameraKind = CameraKind.ROOM


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
    camera_id: str | None = None


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A student's card or code, given at a moment. `by`: the token it came with.

    `device`: a keyed hash of the device that answered, of use within its meeting only; None where it wasn't told.
    """

    method: Method
    at: datetime
    by: str
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a student stands, and why."""

    status: Status
    provisional: bool = False
    method: Method | None = None
    reason: str | None = None
    reason_code: str | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """What a person said of a record and nobody took back: where the student stands, or whom a camera did not see.

    `verdict`: the status said (by the method manual) or confirmed (by the machine's); None for a 'not this person',
    whose `block` it is, with the sightings that it took off.
    """

    at: datetime
    by: str
    verdict: Verdict | None = None
    block: Block | None = None
    sightings: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class Excuse:
    """An absence notice, as it holds for one meeting. `at`: when it was said."""

    notice_id: str
    at: datetime
    reason: str
    reason_code: str | None = None


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
    reason_code: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One student's record of one meeting.

    All that is known of it is kept, each kind beside the others: what cameras saw (`sightings`), cards and codes
    (`check_ins`), what the `machine` makes of these, the absence notice that holds (`excuse`), and what people said
    (`words`, the latest last). The status follows from all of it, so that taking a word back needs no memory of before.

    `sightings` are in order of `first_seen` and id. `first_seen`, `last_seen` and `evidence` follow from them, so that
    the same sighting taken in twice changes nothing. Only a change of status, provisional, method or reason makes a
    revision (and what a person says or takes back, which is an event of its own), so that the same frames always make
    the same revisions.
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
    reason_code: str | None = None
    check_ins: tuple[CheckIn, ...] = ()
    machine: Verdict | None = None
    excuse: Excuse | None = None
    words: tuple[Word, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Where the student stands now."""
        return Verdict(self.status, self.provisional, self.method, self.reason, self.reason_code)

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
    def word(self) -> Word | None:
        """The person's word that stands: the latest that gives a status.

        What was confirmed by what was seen falls with it, where a person says later that it was somebody else.
        """
        saw_another = False
        for each in reversed(self.words):
            if each.verdict is None:
                saw_another = saw_another or bool(each.sightings)
            elif not (saw_another and each.verdict.method is Method.FACE):
                return each
        return None

    @property
    def is_said_by_person(self) -> bool:
        """Tell whether the present status is a person's word, which stands over the machine's."""
        return self.word is not None

    @property
    def is_cancelled(self) -> bool:
        """Tell whether the meeting does not take place: then nothing that was said of it counts."""
        return self.machine is not None and self.machine.reason == NotExpectedReason.CANCELLED

    @property
    def is_unsettled(self) -> bool:
        """Tell whether all that was seen was taken back since the machine last settled: a close has yet to judge it."""
        return bool(self.history) and self.status is Status.UNMARKED and self.method is None and self.reason is None


def shared_devices(records: Iterable[Record]) -> list[list[str]]:
    """Give the students of one meeting who checked in from one device, together, in order of id."""
    by_device: dict[str, set[str]] = {}
    for record in records:
        for given in record.check_ins:
            if given.device is not None:
                by_device.setdefault(given.device, set()).add(record.student_id)
    return sorted(sorted(students) for students in by_device.values() if len(students) > 1)
