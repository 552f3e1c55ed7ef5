"""What people say of a record: a status, a confirmation, 'not this person', a notice; and taking it back. Pure."""

from dataclasses import replace
from datetime import datetime
from functools import reduce

from attendance.coverage import Coverage
from attendance.meetings import Meeting
from attendance.records import Block, Excuse, Record, Verdict, Word
from attendance.rules.machine import judged, without
from attendance.rules.revising import blank, revised, told
from attendance.rules.verdicts import confirmed
from attendance.sightings import put
from attendance.status import Cause, Method, Status


class NothingToUndo(ValueError):
    """No person said anything of the record, or all of it was taken back."""


def mark(
    record: Record | None,
    meeting_id: str,
    student_id: str,
    status: Status,
    *,
    by: str,
    reason: str | None,
    now: datetime,
    reason_code: str | None = None,
) -> Record:
    """Set a status by hand. It is never provisional, and the machine doesn't change it any more."""
    marked = record or blank(meeting_id, student_id)
    verdict = Verdict(status, method=Method.MANUAL, reason=reason, reason_code=reason_code)
    if marked.is_said_by_person and marked.verdict == verdict:
        return marked
    return told(_with(marked, Word(now, by, verdict)), Cause.CORRECTION, by, now)


def confirm(record: Record, *, by: str, now: datetime) -> Record:
    """Agree with what the machine said provisionally; where nothing is provisional, nothing changes."""
    if not record.provisional:
        return record
    return told(_with(record, Word(now, by, confirmed(record.verdict))), Cause.CONFIRMATION, by, now)


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
    gone = tuple(each for each in record.sightings if block.overlaps(each))
    left = replace(record, sightings=without(record.sightings, *gone), blocks=(*record.blocks, block))
    left = judged(left, meeting, coverage) if gone else left
    return told(_with(left, Word(now, by, block=block, sightings=gone)), Cause.CORRECTION, by, now, said=reason)


def undo(
    record: Record, meeting: Meeting, *, by: str, coverage: Coverage, now: datetime, reason: str | None = None
) -> Record:
    """Take back the last thing that a person said: the record stands where it would without it.

    The history keeps both. What a 'not this person' took off comes back; where the meeting is over and nothing is left
    to go by, the next look of the closer settles it.

    Raises:
        NothingToUndo: no person's word stands.
    """
    if not record.words:
        raise NothingToUndo("no person said anything of this record, or all of it was taken back")
    *words, last = record.words
    left = replace(record, words=tuple(words))
    if last.block is not None:
        left = replace(left, blocks=tuple(each for each in left.blocks if each != last.block))
        if last.sightings:
            left = replace(left, sightings=reduce(put, last.sightings, left.sightings))
            left = judged(left, meeting, coverage)
    return told(left, Cause.UNDO, by, now, said=reason)


def excuse(record: Record, given: Excuse | None, *, by: str, now: datetime) -> Record:
    """Let an absence notice hold for a record that is there already, or none any more."""
    return revised(replace(record, excuse=given), Cause.NOTICE, by, now)


def _with(record: Record, word: Word) -> Record:
    return replace(record, words=(*record.words, word))
