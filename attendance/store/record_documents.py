"""How a record stands in its document.

Two versions of a worker run beside each other: what one of them doesn't know is passed over when it reads, and stays
when it writes.
"""

from collections.abc import Iterable

from attendance.records import Block, Record, Reversal, Revision, Sighting
from attendance.status import Cause, Method, Status
from attendance.store.collection import Document

# By what an entry of a list is known again.
_KEYS = {
    "sightings": ("id",),
    "blocks": ("camera_id", "since", "until"),
    "reversals": ("sighting_id",),
}


def record_to_fields(record: Record, before: Document | None = None) -> Document:
    """Write what a change of a record may touch; the history is pushed beside it.

    `before`: the document as it was, of which the fields that this version doesn't know are kept.
    """
    lists: dict[str, list[Document]] = {
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
    }
    return {
        "status": record.status.value,
        "provisional": record.provisional,
        "method": record.method.value if record.method else None,
        "reason": record.reason,
        **{name: _over(_KEYS[name], (before or {}).get(name) or (), entries) for name, entries in lists.items()},
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
        sightings=_sightings(document),
        blocks=tuple(
            Block(camera_id=each["camera_id"], since=each["since"], until=each["until"])
            for each in document.get("blocks") or ()
        ),
        reversals=tuple(
            Reversal(sighting_id=each["sighting_id"], until=each["until"]) for each in document.get("reversals") or ()
        ),
        history=tuple(_revision(step) for step in document["history"]),
    )


def _sightings(document: Document) -> tuple[Sighting, ...]:
    student_id = document["student_id"]
    if "sightings" not in document:
        return _of_earlier_version(document)
    return tuple(
        Sighting(
            id=each["id"],
            student_id=student_id,
            camera_id=each["camera_id"],
            first_seen=each["first_seen"],
            last_seen=each["last_seen"],
            score=each["score"],
            frames=each["frames"],
        )
        for each in document["sightings"]
    )


def _of_earlier_version(document: Document) -> tuple[Sighting, ...]:
    # It kept only what followed from the sightings. Read as none at all, who was present would be absent at the close.
    seen = document.get("evidence")
    if not seen:
        return ()
    whole = Sighting(
        id=f"{document['_id']}:earlier",
        student_id=document["student_id"],
        camera_id=seen["camera_id"],
        first_seen=document["first_seen"],
        last_seen=document["last_seen"],
        score=seen["score"],
        frames=seen["frames"],
    )
    return (whole,)


def _over(key: tuple[str, ...], before: Iterable[Document], entries: list[Document]) -> list[Document]:
    """Put entries over those before them, so that fields that only a later version knows stay."""
    known = {tuple(each.get(field) for field in key): each for each in before}
    return [{**known.get(tuple(each[field] for field in key), {}), **each} for each in entries]


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
