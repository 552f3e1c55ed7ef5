"""The rules that turn sightings, closings and people's words into a record. Pure: values in, a record out.

Each function gives the record as it stands afterwards. Where nothing that matters changed, its revision is the same.
"""

from dataclasses import replace
from datetime import datetime

from attendance.coverage import Coverage
from attendance.meetings import Meeting
from attendance.records import MACHINE, Block, Record, Reversal, Revision, Sighting
from attendance.sightings import clip, put
from attendance.status import Cause, Method, Status, UnmarkedReason

# They matter while the frames that they speak of may come again, which is for minutes; kept for ever, those of a camera
# at which tracks break every second would fill the record's document.
MOST_REVERSALS = 200

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
    at in the meeting's rooms so far. A track that began before counts from there; one that lies outside of the meeting
    changes nothing, nor does one of which a person said that it is somebody else, nor one that the recogniser took
    back and hasn't seen anew. The order in which sightings come makes no difference to where the student stands.
    """
    clipped = clip(sighting, counts_from, meeting.end)
    if clipped is None:
        return record
    if record and (_is_blocked(record, clipped) or _was_taken_back(record, sighting.id, sighting.last_seen)):
        return record
    known = record or _blank(meeting.id, sighting.student_id)
    seen = replace(known, sightings=put(known.sightings, clipped))
    if seen.is_said_by_person:
        return seen
    return _revise(seen, _judge_seen(seen, meeting, coverage), Cause.SIGHTING, MACHINE, now)


def take_back(
    record: Record | None,
    sighting_id: str,
    meeting: Meeting,
    *,
    coverage: Coverage,
    now: datetime,
    until: datetime | None = None,
) -> Record | None:
    """Let a sighting go, of which the recogniser found that it was not that student after all.

    The rest is judged again. Where nothing is left, the student is unmarked, until a close settles them
    (`Record.is_unsettled`). A person's word stands.

    `until` is the time of the frame that contradicted: the same frame again changes nothing, even where the track got
    the student's name once more since. None: the time at which the sighting ends.
    """
    gone = next((each for each in record.sightings if each.id == sighting_id), None) if record else None
    if record is None or gone is None or (until and _was_taken_back(record, sighting_id, until)):
        return record
    left = _without(record, [gone])
    others = tuple(each for each in record.reversals if each.sighting_id != sighting_id)
    reversals = (*others, Reversal(sighting_id, until or gone.last_seen))[-MOST_REVERSALS:]
    left = replace(left, reversals=reversals)
    if left.is_said_by_person:
        return left
    return _revise(left, _judge_left(left, meeting, coverage), Cause.REVERSAL, MACHINE, now)


def deny(
    record: Record,
    block: Block,
    meeting: Meeting,
    *,
    by: str,
    reason: str | None,
    coverage: Coverage,
    now: datetime,
) -> Record:
    """Take in a person's 'not this person': what the block's camera saw within it goes, and doesn't come again.

    It says what the machine saw wrongly, not where the student stands: the rest is judged again, and the machine may
    see them elsewhere. Each new block is a revision that tells who said it and why; the same one again changes nothing.
    """
    if block in record.blocks:
        return record
    left = _without(record, [each for each in record.sightings if block.overlaps(each)])
    left = replace(left, blocks=(*left.blocks, block))
    lost = len(left.sightings) < len(record.sightings)
    judged = _judge_left(left, meeting, coverage) if lost and not left.is_said_by_person else _verdict(left)
    return _append(left, judged, Cause.CORRECTION, by, now, said=reason)


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
    if settled.sightings:
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


def _judge_left(record: Record, meeting: Meeting, coverage: Coverage) -> _Verdict:
    if record.sightings:
        return _judge_seen(record, meeting, coverage)
    return Status.UNMARKED, False, None, None


def _is_blocked(record: Record, sighting: Sighting) -> bool:
    return any(block.overlaps(sighting) for block in record.blocks)


def _was_taken_back(record: Record, sighting_id: str, moment: datetime) -> bool:
    return any(each.sighting_id == sighting_id and moment <= each.until for each in record.reversals)


def _without(record: Record, gone: list[Sighting]) -> Record:
    return replace(record, sightings=tuple(each for each in record.sightings if each not in gone))


def _blank(meeting_id: str, student_id: str) -> Record:
    return Record(meeting_id, student_id, Status.UNMARKED, provisional=False, method=None, reason=None)


def _verdict(record: Record) -> _Verdict:
    return record.status, record.provisional, record.method, record.reason


def _revise(record: Record, verdict: _Verdict, cause: Cause, by: str, now: datetime) -> Record:
    if record.history and _verdict(record) == verdict:
        return record
    return _append(record, verdict, cause, by, now)


def _append(
    record: Record, verdict: _Verdict, cause: Cause, by: str, now: datetime, *, said: str | None = None
) -> Record:
    # What a person said against a sighting is told in the history; the record's own reason is that of its status.
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
        reason=said or reason,
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
