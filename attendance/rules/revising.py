"""How a record takes in what changed: the revision that tells it, where there is something to tell. Pure."""

from dataclasses import replace
from datetime import datetime

from attendance.records import Record, Revision
from attendance.rules.verdicts import of_all
from attendance.status import Cause, Status


def blank(meeting_id: str, student_id: str) -> Record:
    """Give a record of which nothing is known yet."""
    return Record(meeting_id, student_id, Status.UNMARKED, provisional=False, method=None, reason=None)


def revised(record: Record, cause: Cause, by: str, now: datetime) -> Record:
    """Give the record where it stands by all that is in it, with a revision where that is news."""
    if record.history and of_all(record) == record.verdict:
        return record
    return told(record, cause, by, now)


def told(record: Record, cause: Cause, by: str, now: datetime, *, said: str | None = None) -> Record:
    """Give the record with a revision in any case. `said`: a reason that is of this revision, not of the status."""
    verdict = of_all(record)
    revision = Revision(
        number=record.revision + 1,
        at=now,
        by=by,
        cause=cause,
        status=verdict.status,
        previous_status=record.status if record.history else None,
        provisional=verdict.provisional,
        method=verdict.method,
        reason=said or verdict.reason,
        first_seen=record.first_seen,
        last_seen=record.last_seen,
        reason_code=verdict.reason_code,
    )
    return replace(
        record,
        status=verdict.status,
        provisional=verdict.provisional,
        method=verdict.method,
        reason=verdict.reason,
        reason_code=verdict.reason_code,
        history=(*record.history, revision),
    )
