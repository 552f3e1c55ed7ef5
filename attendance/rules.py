"""The rules that turn sightings, closings and people's words into a record. Pure: values in, a record out.

Each function gives the record as it stands afterwards. Where nothing that matters changed, its revision is the same.
"""

from dataclasses import replace
from datetime import datetime

from attendance.coverage import Coverage
from attendance.meetings import Meeting
from attendance.records import MACHINE, Evidence, Record, Revision, Sighting
from attendance.status import Cause, Method, Status, UnmarkedReason

_Verdict = tuple[Status, bool, Method | None, str | None]  # status, provisional, method, reason


def see(
    record: Record | None,
    sighting: Sighting,
    meeting: Meeting,
    *,
    counts_from: datetime,
    coverage: Coverage,
    now: datetime,
) -> Record | None:
    """Take a sighting into the record of a meeting.

    `counts_from` is the first moment that counts for this student (`meetings.counts_from`), `coverage` what was looked
    at in the meeting's rooms so far. A sighting outside of the meeting changes nothing.
    """
    if not counts_from <= sighting.seen_at < meeting.end:
        return record
    seen = _with_evidence(record or _blank(meeting.id, sighting.student_id), sighting)
    if seen.is_said_by_person:
        return seen
    return _revise(seen, _judge_seen(seen, meeting, coverage), Cause.SIGHTING, MACHINE, now)


def close(
    record: Record | None,
    student_id: str,
    meeting: Meeting,
    *,
    has_template: bool,
    coverage: Coverage,
    now: datetime,
) -> Record:
    """Settle one student of the roster when the meeting closes, with all that was looked at in its rooms.

    Who was seen keeps their status unless the coverage before them, complete now, says otherwise. Who wasn't is absent
    only where they could have been seen; else unmarked.
    """
    settled = record or _blank(meeting.id, student_id)
    if settled.is_said_by_person:
        return settled
    if settled.first_seen is not None:
        verdict = _judge_seen(settled, meeting, coverage)
    elif not has_template:
        verdict = Status.UNMARKED, False, None, UnmarkedReason.NO_TEMPLATE
    elif not meeting.rules.suffices(coverage.share(meeting.start, meeting.end)):
        verdict = Status.UNMARKED, False, None, UnmarkedReason.LOW_COVERAGE
    else:
        verdict = Status.ABSENT, True, None, None
    return _revise(settled, verdict, Cause.CLOSE, MACHINE, now)


def mark(
    record: Record | None,
    meeting_id: str,
    student_id: str,
    status: Status,
    *,
    by: str,
    reason: str | None,
    now: datetime,
) -> Record:
    """Set a status by hand. It is never provisional, and the machine doesn't change it any more."""
    marked = record or _blank(meeting_id, student_id)
    verdict = status, False, Method.MANUAL, reason
    if marked.is_said_by_person and _verdict(marked) == verdict:
        return marked
    return _append(marked, verdict, Cause.CORRECTION, by, now)


def is_taken(meeting: Meeting, coverage: Coverage) -> bool:
    """Tell whether enough of the meeting was looked at to call it taken."""
    return meeting.rules.suffices(coverage.share(meeting.start, meeting.end))


def _judge_seen(record: Record, meeting: Meeting, coverage: Coverage) -> _Verdict:
    first_seen = record.first_seen
    if first_seen is None:
        raise ValueError("a record without a first sighting can't be judged by it")
    if first_seen <= meeting.on_time_until:
        return Status.PRESENT, False, Method.FACE, None
    if meeting.rules.suffices(coverage.share(meeting.start, first_seen)):
        return Status.LATE, True, Method.FACE, None
    # They may have been there all along, while nobody looked.
    return Status.UNMARKED, False, Method.FACE, UnmarkedReason.LOW_COVERAGE


def _with_evidence(record: Record, sighting: Sighting) -> Record:
    before = record.evidence
    best = before if before and before.score >= sighting.score else sighting
    return replace(
        record,
        first_seen=min(record.first_seen or sighting.seen_at, sighting.seen_at),
        last_seen=max(record.last_seen or sighting.seen_at, sighting.seen_at),
        evidence=Evidence(best.score, best.camera_id, (before.frames if before else 0) + 1),
    )


def _blank(meeting_id: str, student_id: str) -> Record:
    return Record(meeting_id, student_id, Status.UNMARKED, provisional=False, method=None, reason=None)


def _verdict(record: Record) -> _Verdict:
    return record.status, record.provisional, record.method, record.reason


def _revise(record: Record, verdict: _Verdict, cause: Cause, by: str, now: datetime) -> Record:
    if record.history and _verdict(record) == verdict:
        return record
    return _append(record, verdict, cause, by, now)


def _append(record: Record, verdict: _Verdict, cause: Cause, by: str, now: datetime) -> Record:
    status, provisional, method, reason = verdict
    revision = Revision(
        number=record.revision + 1,
        at=now,
        by=by,
        cause=cause,
        status=status,
        previous_status=record.status if record.history else None,
        provisional=provisional,
        method=method,
        reason=reason,
        first_seen=record.first_seen,
        last_seen=record.last_seen,
    )
    return replace(
        record,
        status=status,
        provisional=provisional,
        method=method,
        reason=reason,
        history=(*record.history, revision),
    )
