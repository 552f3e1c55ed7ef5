"""How a roll and its records are shown."""

from typing import Literal, Self

from pydantic import Field

from api.bodies import BodyOut
from api.meeting_out import MeetingOut
from api.times import MomentOut
from attendance.cameras import CameraKind
from attendance.meetings import Meeting, MeetingState
from attendance.people import Student
from attendance.records import Record, shared_devices
from attendance.rules.verdicts import CANCELLED
from attendance.status import Cause, Method, Status
from attendance.store import Store

# A student of whom nothing was said yet: not seen so far, and the meeting isn't closed. No record holds this word.
PENDING: Literal["pending"] = "pending"
RollStatus = Status | Literal["pending"]


class RollEntryOut(BodyOut):
    """Where one student stands in a meeting."""

    student_id: str
    given_name: str | None
    family_name: str | None
    on_roster: bool = Field(description="false for somebody with a record who is not enrolled on that day any more")
    status: RollStatus = Field(description="`pending`: nothing was said yet")
    provisional: bool = Field(description="true until a person confirms what counts against the student")
    method: Method | None
    reason: str | None
    reason_code: str | None = Field(description="the institution's own, of an excuse")
    first_seen: MomentOut | None
    last_seen: MomentOut | None
    revision: int = Field(description="the number of changes so far; give it to say which state a correction is of")

    @classmethod
    def of(
        cls,
        student_id: str,
        student: Student | None,
        record: Record | None,
        *,
        on_roster: bool,
        is_cancelled: bool = False,
    ) -> Self:
        """Show a record, or that there is none yet. Of a cancelled meeting the records follow within seconds."""
        stands = record.verdict if record else None
        if is_cancelled:
            stands = CANCELLED
        return cls(
            student_id=student_id,
            given_name=student.given_name if student else None,
            family_name=student.family_name if student else None,
            on_roster=on_roster,
            status=stands.status if stands else PENDING,
            provisional=stands.provisional if stands else False,
            method=stands.method if stands else None,
            reason=stands.reason if stands else None,
            reason_code=stands.reason_code if stands else None,
            first_seen=record.first_seen if record else None,
            last_seen=record.last_seen if record else None,
            revision=record.revision if record else 0,
        )


class RollOut(BodyOut):
    """A meeting's roll."""

    meeting: MeetingOut
    coverage: float = Field(description="the share of the meeting's whole time that cameras looked at so far")
    totals: dict[RollStatus, int]
    shared_devices: list[list[str]] = Field(
        description="students who gave the code from one device, together: somebody may have answered for others"
    )
    entries: list[RollEntryOut]

    @classmethod
    def of(
        cls, meeting: MeetingOut, coverage: float, entries: list[RollEntryOut], shared_devices: list[list[str]]
    ) -> Self:
        """Show a roll, in order of name."""
        totals: dict[RollStatus, int] = dict.fromkeys([*Status, PENDING], 0)
        for entry in entries:
            totals[entry.status] += 1
        ordered = sorted(entries, key=lambda each: (each.family_name or "", each.given_name or "", each.student_id))
        return cls(
            meeting=meeting,
            coverage=round(coverage, 4),
            totals=totals,
            shared_devices=shared_devices,
            entries=ordered,
        )


class RevisionOut(BodyOut):
    """One step of a record's history."""

    number: int
    at: MomentOut
    by: str = Field(description="`machine`, or the id of the token by which a person said it")
    cause: Cause
    status: Status
    previous_status: Status | None
    provisional: bool
    method: Method | None
    reason: str | None
    reason_code: str | None
    first_seen: MomentOut | None
    last_seen: MomentOut | None


class SightingOut(BodyOut):
    """One track of the student before one camera; say of its `id` where it isn't them."""

    id: str
    camera_id: str
    kind: CameraKind
    first_seen: MomentOut
    last_seen: MomentOut
    score: float
    frames: int


class CheckInOut(BodyOut):
    """A card or a code that the student gave."""

    method: Method
    at: MomentOut


class EvidenceOut(BodyOut):
    """What the machine saw."""

    score: float
    camera_id: str
    frames: int


class RecordOut(BodyOut):
    """One student's record of one meeting, with how it came to that."""

    meeting: MeetingOut
    entry: RollEntryOut
    evidence: EvidenceOut | None
    sightings: list[SightingOut]
    check_ins: list[CheckInOut]
    history: list[RevisionOut]

    @classmethod
    def of(cls, meeting: MeetingOut, entry: RollEntryOut, record: Record | None) -> Self:
        """Show a record, or that there is none yet."""
        evidence = record.evidence if record else None
        return cls(
            meeting=meeting,
            entry=entry,
            evidence=EvidenceOut.model_validate(evidence) if evidence else None,
            sightings=[SightingOut.model_validate(each) for each in record.sightings] if record else [],
            check_ins=[CheckInOut.model_validate(each) for each in record.check_ins] if record else [],
            history=[RevisionOut.model_validate(revision) for revision in record.history] if record else [],
        )


async def roll_of(store: Store, meeting: Meeting) -> RollOut:
    """Show a meeting's roll as it is now."""
    roster = frozenset(await store.classes.roster(meeting.class_id, meeting.local_date))
    records = {record.student_id: record for record in await store.records.of_meeting(meeting.id)}
    everybody = sorted(roster | records.keys())
    known = await store.students.get_many(everybody)
    coverage = await store.progress.coverage_of(meeting.id, meeting.room_ids)
    is_cancelled = meeting.state is MeetingState.CANCELLED
    entries = [
        RollEntryOut.of(each, known.get(each), records.get(each), on_roster=each in roster, is_cancelled=is_cancelled)
        for each in everybody
    ]
    share = coverage.share(meeting.start, meeting.end)
    return RollOut.of(MeetingOut.model_validate(meeting), share, entries, shared_devices(records.values()))
