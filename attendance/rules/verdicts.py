"""Where a student stands: by what was seen, by the close of the meeting, and by all that is in a record. Pure."""

from dataclasses import replace
from datetime import datetime

from attendance.cameras import CameraKind
from attendance.coverage import Coverage
from attendance.meetings import Meeting, MeetingState
from attendance.records import Excuse, Record, Verdict
from attendance.status import AbsentReason, Method, NotExpectedReason, Status, UnmarkedReason

# Nothing is known yet, or not any more; a close settles it.
OPEN = Verdict(Status.UNMARKED)
ABSENT = Verdict(Status.ABSENT, provisional=True)
NOT_ENROLLED = Verdict(Status.NOT_EXPECTED, reason=NotExpectedReason.NOT_ENROLLED)
CANCELLED = Verdict(Status.NOT_EXPECTED, reason=NotExpectedReason.CANCELLED)
NO_TEMPLATE = Verdict(Status.UNMARKED, reason=UnmarkedReason.NO_TEMPLATE)
ENROLLED_LATER = Verdict(Status.UNMARKED, reason=UnmarkedReason.ENROLLED_LATER)
LOW_COVERAGE = Verdict(Status.UNMARKED, reason=UnmarkedReason.LOW_COVERAGE)
_SHORT_STAY = Verdict(Status.ABSENT, provisional=True, reason=AbsentReason.SHORT_STAY)


def by_evidence(record: Record, meeting: Meeting, coverage: Coverage, *, is_over: bool) -> Verdict | None:
    """Judge by what cameras saw, and by cards and codes; None where there is nothing of these.

    How long somebody stayed is judged where the meeting is over, and only of who was seen in the room: a card, a code,
    a kiosk or an entrance tell when they came and nothing of when they went.
    """
    arrival = _arrival(record)
    if arrival is None:
        return None
    came, is_chosen, method = arrival
    verdict = _by_arrival(came, meeting, coverage, method, is_chosen=is_chosen)
    if is_over and any(each.kind is CameraKind.ROOM for each in record.sightings):
        went = max([each.last_seen for each in record.sightings] + [each.at for each in record.check_ins])
        if _stayed_too_short(came, went, meeting, coverage):
            return _SHORT_STAY
        if verdict.status is Status.PRESENT and _left_early(went, meeting, coverage):
            return Verdict(Status.LEFT_EARLY, provisional=True, method=method)
    return verdict


def at_close(
    record: Record, meeting: Meeting, coverage: Coverage, *, has_template: bool, is_expected: bool, was_looked_for: bool
) -> Verdict:
    """Judge at the close, with all that was looked at: who wasn't seen is absent only where they could have been."""
    if meeting.state is MeetingState.CANCELLED:
        return CANCELLED
    if not is_expected:
        return NOT_ENROLLED
    seen = by_evidence(record, meeting, coverage, is_over=True)
    if seen is not None:
        return seen
    if not has_template:
        return NO_TEMPLATE
    if not was_looked_for:
        return ENROLLED_LATER
    if not meeting.rules.suffices(coverage.share(meeting.start, meeting.end)):
        return LOW_COVERAGE
    return ABSENT


def of_all(record: Record) -> Verdict:
    """Judge by all that a record holds: a person's word before the machine's, a notice where it would be an absence.

    An absence that a person said or confirmed is excused by a notice that came later; said against a notice that was
    there already, it stands. Of a meeting that does not take place nothing counts.
    """
    machine = record.machine or OPEN
    word = record.word
    if record.is_cancelled:
        return machine
    stands = word.verdict if word and word.verdict else machine
    excuse = record.excuse
    if stands.status is Status.ABSENT and excuse and (word is None or word.at < excuse.at):
        return _excused(excuse)
    return stands


def confirmed(verdict: Verdict) -> Verdict:
    """Give what a person agreed with."""
    return replace(verdict, provisional=False)


def _arrival(record: Record) -> tuple[datetime, bool, Method] | None:
    """Give when the student came, whether they said so by choice, and how."""
    seen = [(each.first_seen, each.kind is CameraKind.KIOSK, Method.FACE) for each in record.sightings]
    given = [(each.at, True, each.method) for each in record.check_ins]
    # Of two at one moment, first the one that they chose; then always the same.
    return min(
        [*seen, *given], key=lambda each: (each[0], not each[1], each[2] is not Method.FACE, each[2]), default=None
    )


def _by_arrival(came: datetime, meeting: Meeting, coverage: Coverage, method: Method, *, is_chosen: bool) -> Verdict:
    if came <= meeting.on_time_until:
        return Verdict(Status.PRESENT, method=method)
    # Who steps up to a reader says when they come. Who is only seen may have been there all along, while nobody looked.
    if is_chosen or meeting.rules.suffices(coverage.share(meeting.start, came)):
        return Verdict(Status.LATE, provisional=True, method=method)
    return replace(LOW_COVERAGE, method=method)


def _stayed_too_short(came: datetime, went: datetime, meeting: Meeting, coverage: Coverage) -> bool:
    # Before and after, too, they must have been looked for: they may have stayed unseen.
    return (
        meeting.rules.minimum_stay is not None
        and went - came < meeting.rules.minimum_stay
        and meeting.rules.suffices(coverage.share(meeting.start, came))
        and meeting.rules.suffices(coverage.share(went, meeting.end))
    )


def _left_early(went: datetime, meeting: Meeting, coverage: Coverage) -> bool:
    return (
        meeting.rules.left_early_before is not None
        and meeting.end - went > meeting.rules.left_early_before
        and meeting.rules.suffices(coverage.share(went, meeting.end))
    )


def _excused(excuse: Excuse) -> Verdict:
    return Verdict(Status.EXCUSED, reason=excuse.reason, reason_code=excuse.reason_code)
