"""What the machine makes of what is seen, of cards and codes, of a close, and of another schedule. Pure."""

from dataclasses import replace
from datetime import datetime

from attendance.coverage import Coverage
from attendance.meetings import Meeting, MeetingState
from attendance.records import MACHINE, CheckIn, Excuse, Record, Reversal, Sighting
from attendance.rules.revising import blank, revised
from attendance.rules.verdicts import CANCELLED, ENROLLED_LATER, NOT_ENROLLED, OPEN, at_close, by_evidence
from attendance.sightings import clip, put
from attendance.status import AbsentReason, Cause, Status

# They matter while the frames that they speak of may come again, which is for minutes; kept for ever, those of a camera
# at which tracks break every second would fill the record's document.
MOST_REVERSALS = 200


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
    known = record or blank(meeting.id, sighting.student_id)
    seen = replace(known, sightings=put(known.sightings, clipped))
    return _judged(seen, meeting, coverage, Cause.SIGHTING, MACHINE, now)


def check_in(
    record: Record | None,
    student_id: str,
    meeting: Meeting,
    given: CheckIn,
    *,
    counts_from: datetime,
    coverage: Coverage,
    now: datetime,
) -> Record | None:
    """Take in a student's card or code: they were there at that moment, by the same rule as one who is seen.

    Of each method the earliest counts; outside of the meeting it changes nothing. It is no person's word.
    """
    if not counts_from <= given.at < meeting.end:
        return record
    known = record or blank(meeting.id, student_id)
    before = next((each for each in known.check_ins if each.method is given.method), None)
    if before and before.at <= given.at:
        return record
    others = tuple(each for each in known.check_ins if each is not before)
    there = replace(known, check_ins=tuple(sorted((*others, given), key=lambda each: (each.at, each.method))))
    return _judged(there, meeting, coverage, Cause.CHECK_IN, given.by, now)


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
    others = tuple(each for each in record.reversals if each.sighting_id != sighting_id)
    reversals = (*others, Reversal(sighting_id, until or gone.last_seen, gone.camera_id))[-MOST_REVERSALS:]
    left = replace(record, sightings=without(record.sightings, gone), reversals=reversals)
    return _judged(left, meeting, coverage, Cause.REVERSAL, MACHINE, now)


def close(
    record: Record | None,
    student_id: str,
    meeting: Meeting,
    *,
    has_template: bool,
    coverage: Coverage,
    now: datetime,
    is_expected: bool = True,
    was_looked_for: bool = True,
    excuse: Excuse | None = None,
    cause: Cause = Cause.CLOSE,
) -> Record:
    """Settle one student of the roster when the meeting closes, with all that was looked at in its rooms.

    Who was seen keeps their status unless the coverage around that, complete now, says otherwise. Who wasn't is absent
    only where they could have been seen; else unmarked. `is_expected`: enrolled on that civil date. `was_looked_for`:
    the enrolment was known while the meeting went on. `excuse`: the notice that holds. A closed meeting is settled in
    the same way again where something changed; `cause` says what.
    """
    settled = replace(record or blank(meeting.id, student_id), excuse=excuse)
    was_looked_for = was_looked_for and settled.machine != ENROLLED_LATER
    machine = at_close(
        settled,
        meeting,
        coverage,
        has_template=has_template,
        is_expected=is_expected,
        was_looked_for=was_looked_for,
    )
    return revised(replace(settled, machine=machine), cause, MACHINE, now)


def reschedule(
    record: Record, meeting: Meeting, *, is_expected: bool, coverage: Coverage, counts_from: datetime, now: datetime
) -> Record:
    """Judge a record again after its meeting was moved or cancelled, or its student's enrolment changed.

    `meeting` as it is now. What was seen outside of its new time doesn't count any more. Where the meeting is still to
    be closed, who wasn't seen is unmarked until then; the close of one that is over is for `close`.
    """
    clips = (clip(each, counts_from, meeting.end) for each in record.sightings)
    if meeting.state is MeetingState.CANCELLED:
        return revised(replace(record, machine=CANCELLED), Cause.SCHEDULE, MACHINE, now)
    moved = replace(
        record,
        sightings=tuple(each for each in clips if each is not None),
        check_ins=tuple(each for each in record.check_ins if counts_from <= each.at < meeting.end),
    )
    seen = by_evidence(moved, meeting, coverage, is_over=False)
    machine = (seen or OPEN) if is_expected else NOT_ENROLLED
    return revised(replace(moved, machine=machine), Cause.SCHEDULE, MACHINE, now)


def is_taken(meeting: Meeting, coverage: Coverage) -> bool:
    """Tell whether enough of the meeting was looked at to call it taken."""
    return meeting.rules.suffices(coverage.share(meeting.start, meeting.end))


def without(sightings: tuple[Sighting, ...], *gone: Sighting) -> tuple[Sighting, ...]:
    """Give the other sightings."""
    return tuple(each for each in sightings if each not in gone)


def judged(record: Record, meeting: Meeting, coverage: Coverage) -> Record:
    """Give the record with what the machine makes of what is left in it."""
    is_over = meeting.is_over or _was_judged_by_stay(record)
    return replace(record, machine=by_evidence(record, meeting, coverage, is_over=is_over) or OPEN)


def _judged(record: Record, meeting: Meeting, coverage: Coverage, cause: Cause, by: str, now: datetime) -> Record:
    return revised(judged(record, meeting, coverage), cause, by, now)


def _was_judged_by_stay(record: Record) -> bool:
    # A caller may hold the meeting as it was before its close. Who left early stays so, whatever frame comes again.
    machine = record.machine
    return machine is not None and (machine.status is Status.LEFT_EARLY or machine.reason == AbsentReason.SHORT_STAY)


def _is_blocked(record: Record, sighting: Sighting) -> bool:
    return any(block.overlaps(sighting) for block in record.blocks)


def _was_taken_back(record: Record, sighting_id: str, moment: datetime) -> bool:
    return any(each.sighting_id == sighting_id and moment <= each.until for each in record.reversals)
