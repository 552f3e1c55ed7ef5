"""How a record stands in its document."""

from attendance.records import Block, Record, Reversal, Revision, Sighting
from attendance.status import Cause, Method, Status
from attendance.store.collection import Document


def record_to_fields(record: Record) -> Document:
    """Write what a change of a record may touch; the history is pushed beside it."""
    return {
        "status": record.status.value,
        "provisional": record.provisional,
        "method": record.method.value if record.method else None,
        "reason": record.reason,
        "sightings": [
            {
                "id": each.id,
                "camera_id": each.camera_id,
                "first_seen": each.first_seen,
                "last_seen": each.last_seen,
                "score": each.score,
                "frames": each.frames,
            }
            for each in record.sightings
        ],
        "blocks": [{"camera_id": each.camera_id, "since": each.since, "until": each.until} for each in record.blocks],
        "reversals": [{"sighting_id": each.sighting_id, "until": each.until} for each in record.reversals],
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
    return Record(
        meeting_id=document["meeting_id"],
        student_id=document["student_id"],
        status=Status(document["status"]),
        provisional=document["provisional"],
        method=Method(document["method"]) if document["method"] else None,
        reason=document["reason"],
        sightings=tuple(Sighting(student_id=document["student_id"], **each) for each in document["sightings"]),
        blocks=tuple(Block(**each) for each in document["blocks"]),
        reversals=tuple(Reversal(**each) for each in document["reversals"]),
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
