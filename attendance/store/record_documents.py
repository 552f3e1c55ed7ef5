"""How a record stands in its document."""

from attendance.records import Evidence, Record, Revision
from attendance.status import Cause, Method, Status
from attendance.store.collection import Document


def record_to_fields(record: Record) -> Document:
    """Write what a change of a record may touch; the history is pushed beside it."""
    evidence = record.evidence
    return {
        "status": record.status.value,
        "provisional": record.provisional,
        "method": record.method.value if record.method else None,
        "reason": record.reason,
        "first_seen": record.first_seen,
        "last_seen": record.last_seen,
        "evidence": (
            {"score": evidence.score, "camera_id": evidence.camera_id, "frames": evidence.frames} if evidence else None
        ),
        "revision": record.revision,
    }


def revision_to_document(revision: Revision, event: str) -> Document:
    """Write one step of the history, with its event's frozen payload."""
    return {
        "number": revision.number,
        "at": revision.at,
        "by": revision.by,
        "cause": revision.cause.value,
        "status": revision.status.value,
        "previous_status": revision.previous_status.value if revision.previous_status else None,
        "provisional": revision.provisional,
        "method": revision.method.value if revision.method else None,
        "reason": revision.reason,
        "first_seen": revision.first_seen,
        "last_seen": revision.last_seen,
        "event": event,
    }


def record_from_document(document: Document) -> Record:
    """Read a record with its history."""
    evidence = document["evidence"]
    return Record(
        meeting_id=document["meeting_id"],
        student_id=document["student_id"],
        status=Status(document["status"]),
        provisional=document["provisional"],
        method=Method(document["method"]) if document["method"] else None,
        reason=document["reason"],
        first_seen=document["first_seen"],
        last_seen=document["last_seen"],
        evidence=Evidence(**evidence) if evidence else None,
        history=tuple(_revision(step) for step in document["history"]),
    )


def _revision(step: Document) -> Revision:
    return Revision(
        number=step["number"],
        at=step["at"],
        by=step["by"],
        cause=Cause(step["cause"]),
        status=Status(step["status"]),
        previous_status=Status(step["previous_status"]) if step["previous_status"] else None,
        provisional=step["provisional"],
        method=Method(step["method"]) if step["method"] else None,
        reason=step["reason"],
        first_seen=step["first_seen"],
        last_seen=step["last_seen"],
    )
