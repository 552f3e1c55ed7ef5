"""How a record stands in its document.

Two versions of a worker run beside each other: what one of them doesn't know is passed over when it reads, and stays
when it writes.
"""

from collections.abc import Iterable

from attendance.cameras import CameraKind
from attendance.records import Block, CheckIn, Excuse, Record, Reversal, Revision, Sighting, Verdict, Word
from attendance.status import Cause, Method, Status
from attendance.store.collection import Document

# Which form new documents have; `migrations.py` brings earlier ones to it.
RECORD_SCHEMA = 2
# By what an entry of a list is known again.
_KEYS = {
    "sightings": ("id",),
    "blocks": ("camera_id", "since", "until"),
    "reversals": ("sighting_id",),
    "check_ins": ("method",),
    "words": ("at", "kind"),
}
_BY_THE_MACHINE = {Cause.SIGHTING, Cause.CLOSE, Cause.REVERSAL}  # what made a revision before records held `machine`


def record_to_fields(record: Record, before: Document | None = None) -> Document:
    """Write what a change of a record may touch; the history is pushed beside it.

    `before`: the document as it was, of which the fields that this version doesn't know are kept.
    """
    lists: dict[str, list[Document]] = {
        "sightings": [_sighting_to_document(each) for each in record.sightings],
        "blocks": [_block_to_document(each) for each in record.blocks],
        "reversals": [
            {"sighting_id": each.sighting_id, "until": each.until, "camera_id": each.camera_id}
            for each in record.reversals
        ],
        "check_ins": [
            {"method": each.method.value, "at": each.at, "by": each.by, "device": each.device}
            for each in record.check_ins
        ],
        "words": [_word_to_document(each) for each in record.words],
    }
    excuse = record.excuse
    return {
        "status": record.status.value,
        "provisional": record.provisional,
        "method": record.method.value if record.method else None,
        "reason": record.reason,
        "reason_code": record.reason_code,
        "machine": _verdict_to_document(record.machine) if record.machine else None,
        "excuse": (
            {
                "notice_id": excuse.notice_id,
                "at": excuse.at,
                "reason": excuse.reason,
                "reason_code": excuse.reason_code,
            }
            if excuse
            else None
        ),
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
        "reason_code": revision.reason_code,
        "first_seen": revision.first_seen,
        "last_seen": revision.last_seen,
        "event": event,
    }


def record_from_document(document: Document) -> Record:
    """Read a record with its history."""
    history = tuple(_revision(step) for step in document["history"])
    excuse = document.get("excuse")
    return Record(
        meeting_id=document["meeting_id"],
        student_id=document["student_id"],
        status=Status(document["status"]),
        provisional=document["provisional"],
        method=Method(document["method"]) if document["method"] else None,
        reason=document["reason"],
        sightings=_sightings(document),
        blocks=tuple(_block(each) for each in document.get("blocks") or ()),
        reversals=tuple(
            Reversal(sighting_id=each["sighting_id"], until=each["until"], camera_id=each.get("camera_id"))
            for each in document.get("reversals") or ()
        ),
        history=history,
        reason_code=document.get("reason_code"),
        check_ins=tuple(
            CheckIn(method=Method(each["method"]), at=each["at"], by=each["by"], device=each.get("device"))
            for each in document.get("check_ins") or ()
        ),
        machine=_verdict(document["machine"]) if document.get("machine") else _machine_before(document, history),
        excuse=(
            Excuse(excuse["notice_id"], excuse["at"], excuse["reason"], excuse.get("reason_code")) if excuse else None
        ),
        words=(
            tuple(_word(each, document["student_id"]) for each in document["words"])
            if "words" in document
            else _words_before(history)
        ),
    )


def _sightings(document: Document) -> tuple[Sighting, ...]:
    student_id = document["student_id"]
    if "sightings" not in document:
        return _of_earlier_version(document)
    return tuple(_sighting(each, student_id) for each in document["sightings"])


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
        reason_code=step.get("reason_code"),
    )


def _machine_before(document: Document, history: tuple[Revision, ...]) -> Verdict | None:
    """Give what the machine said last, of a record by a version that kept it in the history only."""
    if "machine" in document:
        return None
    said = [step for step in history if step.cause in _BY_THE_MACHINE]
    return _of(said[-1]) if said else None


def _words_before(history: tuple[Revision, ...]) -> tuple[Word, ...]:
    """Give the person's word that stands, of such a record."""
    last = history[-1] if history else None
    return (Word(last.at, last.by, _of(last)),) if last and last.method is Method.MANUAL else ()


def _of(step: Revision) -> Verdict:
    return Verdict(step.status, step.provisional, step.method, step.reason, step.reason_code)


def _sighting_to_document(sighting: Sighting) -> Document:
    return {
        "id": sighting.id,
        "camera_id": sighting.camera_id,
        "first_seen": sighting.first_seen,
        "last_seen": sighting.last_seen,
        "score": sighting.score,
        "frames": sighting.frames,
        "kind": sighting.kind.value,
    }


def _sighting(document: Document, student_id: str) -> Sighting:
    return Sighting(
        id=document["id"],
        student_id=student_id,
        camera_id=document["camera_id"],
        first_seen=document["first_seen"],
        last_seen=document["last_seen"],
        score=document["score"],
        frames=document["frames"],
        kind=CameraKind(document.get("kind", CameraKind.ROOM)),
    )


def _block_to_document(block: Block) -> Document:
    return {"camera_id": block.camera_id, "since": block.since, "until": block.until}


def _block(document: Document) -> Block:
    return Block(camera_id=document["camera_id"], since=document["since"], until=document["until"])


def _verdict_to_document(verdict: Verdict) -> Document:
    return {
        "status": verdict.status.value,
        "provisional": verdict.provisional,
        "method": verdict.method.value if verdict.method else None,
        "reason": verdict.reason,
        "reason_code": verdict.reason_code,
    }


def _verdict(document: Document) -> Verdict:
    return Verdict(
        status=Status(document["status"]),
        provisional=document["provisional"],
        method=Method(document["method"]) if document["method"] else None,
        reason=document["reason"],
        reason_code=document.get("reason_code"),
    )


def _word_to_document(word: Word) -> Document:
    return {
        "at": word.at,
        "by": word.by,
        "kind": "status" if word.verdict else "not_this_person",
        "verdict": _verdict_to_document(word.verdict) if word.verdict else None,
        "block": _block_to_document(word.block) if word.block else None,
        "sightings": [_sighting_to_document(each) for each in word.sightings],
    }


def _word(document: Document, student_id: str) -> Word:
    return Word(
        at=document["at"],
        by=document["by"],
        verdict=_verdict(document["verdict"]) if document["verdict"] else None,
        block=_block(document["block"]) if document["block"] else None,
        sightings=tuple(_sighting(each, student_id) for each in document["sightings"]),
    )
