"""Documents as they are stored, pinned in `contract/`: a worker of the next version reads the same database.

The files are MongoDB Extended JSON. What another version wrote must be read; what this one doesn't know must stay.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from bson import json_util

from attendance.events import meeting_closed
from attendance.meetings import MeetingState
from attendance.people import Consent, StoredTemplate
from attendance.records import Block, CheckIn, Excuse, Record, Reversal, Revision, Verdict, Word
from attendance.sealing import Purpose
from attendance.sealing.keyring import bound
from attendance.status import Cause, Method, Status
from attendance.store import Store
from attendance.store.biometrics import BIOMETRICS_SCHEMA
from attendance.store.record_documents import RECORD_SCHEMA
from attendance.tracks import CameraTracks
from recognition import Box, Template
from recognition.tracking import Block as TrackerBlock
from recognition.tracking import Glimpse, TrackerState, TrackState
from tests.attendance.building import CAMERA, MEETING, NOW, STUDENT, at, looked_at, meeting, sighting
from tests.attendance.conftest import Documents
from tests.attendance.stored_documents import LATER, PINNED_KEY, loaded, opened, timeless, with_more

CONTRACT = Path(__file__).parent / "contract"
KEY = f"{MEETING}:{STUDENT}"
OF = meeting()


def _revision(number: int, minute: float, status: Status, before: Status | None, **more: Any) -> Revision:
    fields: dict[str, Any] = {
        "by": "machine",
        "cause": Cause.SIGHTING,
        "provisional": False,
        "method": None,
        "reason": None,
    } | more
    return Revision(
        number=number, at=at(minute), status=status, previous_status=before, first_seen=None, last_seen=None, **fields
    )


RECORD = Record(
    MEETING,
    STUDENT,
    Status.LATE,
    provisional=True,
    method=Method.FACE,
    reason=None,
    sightings=(sighting(15, 20, sighting_id="a track", score=0.25, frames=6),),
    blocks=(Block(CAMERA, at(1), at(2)),),
    reversals=(Reversal("another track", at(3), CAMERA),),
    history=(
        _revision(1, 4, Status.UNMARKED, None, cause=Cause.REVERSAL),
        _revision(2, 15, Status.LATE, Status.UNMARKED, provisional=True, method=Method.FACE),
    ),
    check_ins=(CheckIn(Method.CARD, at(16), "a reader"),),
    machine=Verdict(Status.LATE, provisional=True, method=Method.FACE),
    excuse=Excuse("a notice", at(-60), "ill", "M"),
    words=(
        Word(
            at(17),
            "a teacher",
            block=Block(CAMERA, at(1), at(2)),
            sightings=(sighting(1, 2, sighting_id="a twin's track"),),
        ),
        Word(at(18), "a teacher", Verdict(Status.LATE, method=Method.FACE)),
    ),
)
STATE = TrackerState(
    camera=CAMERA,
    time=12.5,
    tracks=(
        TrackState("a track", Box(1, 2, 3, 4), (0.5, 0.0), 10.0, 12.5, 3, 12.0, STUDENT, 0.25, frozenset({"another"})),
    ),
    blocks=(TrackerBlock("another", 1.0, 2.0),),
    searched_at=12.0,
    glimpses=(Glimpse("a frame", 12.0, (("a track", Box(1, 2, 3, 4)),)),),
)
TRACKS = CameraTracks(
    CAMERA,
    "frames",
    3,
    42,
    at(16),
    at(15),
    {"tracker": STATE.to_document(), "counted": ["a frame"]},
    {MEETING: {STUDENT: 2}},
    NOW,
)
CONSENT = Consent(STUDENT, "consent", "2", "them", at(-60), guardian=None)
TEMPLATE = StoredTemplate("a photo", STUDENT, Template("an-encoder", np.array([1, 0, 0], np.float32)), at(-50))


async def _record(store: Store) -> None:
    await store.records.change(OF, STUDENT, lambda _: RECORD, now=at(15))


async def _meeting(store: Store) -> None:
    await store.meetings.add(OF)


async def _biometrics(store: Store) -> None:
    await store.biometrics.record_consent(CONSENT)
    await store.biometrics.add_template(TEMPLATE)


async def _tracks(store: Store) -> None:
    await store.tracks.save(TRACKS)


class Kind(NamedTuple):
    """One kind of document: where it is, how this version writes it, reads it and goes on writing it."""

    collection: str
    write: Callable[[Store], Awaitable[None]]
    read: Callable[[Store], Awaitable[object]]
    update: Callable[[Store], Awaitable[object]]
    expected: object


async def _read_biometrics(store: Store) -> object:
    templates = await store.biometrics.templates_of([STUDENT])
    return await store.biometrics.consent_of(STUDENT), [
        (each.id, each.template.encoder, each.template.vector.tolist(), each.created_at) for each in templates
    ]


async def _read_tracks(store: Store) -> object:
    tracks = await store.tracks.of_camera(CAMERA)
    assert tracks
    return (
        TrackerState.from_document(tracks.state["tracker"]),
        tracks.state["counted"],
        replace(tracks, state={}),
    )


async def _see_more(store: Store) -> None:
    def more(record: Record | None) -> Record:
        assert record
        seen = replace(record.sightings[0], last_seen=at(30))
        return replace(record, sightings=(seen,), history=(*record.history, _revision(3, 30, Status.LATE, Status.LATE)))

    await store.records.change(OF, STUDENT, more, now=at(30))


async def _close(store: Store) -> None:
    event = meeting_closed(OF, 1, taken=True, coverage=1, counts={}, now=NOW)
    assert await store.meetings.close(OF, MeetingState.CLOSED, event)


# With it the pinned templates were sealed.
VERSIONS = {
    "record": RECORD_SCHEMA,
    "biometrics": BIOMETRICS_SCHEMA,
}  # those that are not 1; earlier ones are in `test_migrations.py`
KINDS = {
    "record": Kind("records", _record, lambda store: store.records.get(MEETING, STUDENT), _see_more, RECORD),
    "meeting": Kind(
        "meetings",
        _meeting,
        lambda store: store.meetings.get(MEETING),
        _close,
        OF,
    ),
    "biometrics": Kind(
        "biometrics",
        _biometrics,
        _read_biometrics,
        lambda store: store.biometrics.record_consent(replace(CONSENT, notice_version="3")),
        (CONSENT, [("a photo", "an-encoder", [1, 0, 0], at(-50))]),
    ),
    "tracks": Kind(
        "tracks",
        _tracks,
        _read_tracks,
        lambda store: store.tracks.save(replace(TRACKS, offset=43)),
        (STATE, ["a frame"], replace(TRACKS, state={})),
    ),
}


@pytest.fixture(autouse=True)
async def with_the_pinned_key(store: Store) -> None:
    wrapped = store.keys.master.wrap(PINNED_KEY, bound(Purpose.FACE, STUDENT))
    await store.keys.store.add(Purpose.FACE, {STUDENT: wrapped})


def _pinned(name: str) -> dict[str, Any]:
    return loaded((CONTRACT / f"stored.{name}.v{VERSIONS.get(name, 1)}.json").read_text())


@pytest.mark.parametrize("name", KINDS)
async def test_a_document_is_written_with_the_fields_that_are_pinned(
    store: Store, documents: Documents, name: str
) -> None:
    kind = KINDS[name]
    await kind.write(store)
    written = await documents[kind.collection].find_one({})
    assert written
    assert timeless(opened(loaded(json_util.dumps(written)))) == timeless(opened(_pinned(name)))


@pytest.mark.parametrize("name", KINDS)
async def test_a_pinned_document_is_read(store: Store, documents: Documents, name: str) -> None:
    kind = KINDS[name]
    await documents[kind.collection].insert_one(_pinned(name))
    assert await kind.read(store) == kind.expected


@pytest.mark.parametrize("name", KINDS)
async def test_fields_of_a_later_version_are_passed_over(store: Store, documents: Documents, name: str) -> None:
    kind = KINDS[name]
    await documents[kind.collection].insert_one(with_more(_pinned(name)))
    assert await kind.read(store) == kind.expected


@pytest.mark.parametrize("name", KINDS)
async def test_fields_of_a_later_version_survive_this_versions_writing(
    store: Store, documents: Documents, name: str
) -> None:
    kind = KINDS[name]
    await documents[kind.collection].insert_one(with_more(_pinned(name)))
    await kind.update(store)
    after = await documents[kind.collection].find_one({})
    assert after
    assert after.items() >= LATER.items()
    if name == "record":
        assert after["revision"] == 3
        parts = ("sightings", "blocks", "check_ins", "words")
        assert all(each.items() >= LATER.items() for part in parts for each in after[part])
        assert after["reversals"][0].items() >= LATER.items()
        assert after["history"][0].items() >= LATER.items()
    if name == "biometrics":
        assert after["templates"][0].items() >= LATER.items()


async def test_templates_from_before_there_were_keys_are_read_and_sealed_once(
    store: Store, documents: Documents
) -> None:
    kind = KINDS["biometrics"]
    await documents[kind.collection].insert_one(loaded((CONTRACT / "stored.biometrics.v1.json").read_text()))
    assert await kind.read(store) == kind.expected
    assert (await store.migrations.run())[f"biometrics {BIOMETRICS_SCHEMA}"] == 1
    assert await kind.read(store) == kind.expected
    kept = await documents[kind.collection].find_one({})
    assert kept
    assert TEMPLATE.template.to_bytes() not in json_util.dumps(kept).encode()
    assert "values" not in kept["templates"][0]


async def test_pending_events_of_a_later_version_are_sent(store: Store, documents: Documents) -> None:
    await documents["records"].insert_one(with_more(_pinned("record")))
    [claim] = await store.pending_events.claim("me", now=NOW, lease=timedelta(seconds=1), limit=10)
    assert [event.key for event in claim.events] == [STUDENT, STUDENT]


async def test_tracks_from_before_the_time_of_arrival_was_kept_are_taken_to_have_arrived_when_they_were_saved(
    store: Store, documents: Documents
) -> None:
    old = {key: value for key, value in _pinned("tracks").items() if key != "arrived_at"}
    await documents["tracks"].insert_one(old)
    tracks = await store.tracks.of_camera(CAMERA)
    assert tracks
    assert tracks.arrived_at == TRACKS.saved_at


async def test_a_record_from_before_reversals_is_read_and_goes_on(store: Store, documents: Documents) -> None:
    old = {key: value for key, value in _pinned("record").items() if key not in ("reversals", "blocks")}
    await documents["records"].insert_one(old)
    assert await store.records.get(MEETING, STUDENT) == replace(RECORD, reversals=(), blocks=())
    await _see_more(store)
    record = await store.records.get(MEETING, STUDENT)
    assert record
    assert record.last_seen == at(30)


async def test_a_record_from_before_words_says_what_the_machine_and_people_said_last(
    store: Store, documents: Documents
) -> None:
    later = ("check_ins", "machine", "excuse", "words", "reason_code")
    old = {key: value for key, value in _pinned("record").items() if key not in later}
    await documents["records"].insert_one(old)
    by_machine = Verdict(Status.LATE, provisional=True, method=Method.FACE)
    assert await store.records.get(MEETING, STUDENT) == replace(
        RECORD, check_ins=(), excuse=None, words=(), machine=by_machine
    )
    by_hand = old["history"][1] | {"number": 3, "cause": "correction", "method": "manual", "status": "absent"}
    history = [*old["history"], by_hand | {"provisional": False, "by": "a teacher"}]
    await documents["records"].update_one({}, {"$set": {"history": history, "status": "absent", "method": "manual"}})
    record = await store.records.get(MEETING, STUDENT)
    assert record
    assert record.machine == by_machine
    assert record.word
    assert (record.word.by, record.word.verdict) == ("a teacher", Verdict(Status.ABSENT, method=Method.MANUAL))


async def test_who_was_seen_by_a_record_from_before_sightings_still_was(store: Store, documents: Documents) -> None:
    gone = ("sightings", "blocks", "reversals")
    old = {key: value for key, value in _pinned("record").items() if key not in gone}
    evidence = {"score": 0.25, "camera_id": CAMERA, "frames": 6}
    await documents["records"].insert_one(old | {"first_seen": at(15), "last_seen": at(20), "evidence": evidence})
    record = await store.records.get(MEETING, STUDENT)
    assert record
    assert (record.first_seen, record.last_seen, record.evidence) == (at(15), at(20), RECORD.evidence)


async def test_coverage_and_progress_of_a_later_version_go_on(store: Store, documents: Documents) -> None:
    await store.progress.cover(MEETING, CAMERA, looked_at((0, 1)))
    await documents["coverage"].update_one({}, {"$set": LATER})
    assert await store.progress.cover(MEETING, CAMERA, looked_at((1, 2))) == looked_at((0, 2))
    after = await documents["coverage"].find_one({})
    assert after
    assert after.items() >= LATER.items()
