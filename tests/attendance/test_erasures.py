"""Erasing a student: everywhere at once, again for what came late, resumed after a crash, told once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from attendance import rules
from attendance.codes import Claim
from attendance.erasures import SECOND_PASS_AFTER, Hold
from attendance.events import EventType
from attendance.ids import new_id
from attendance.keys import KeyUnusable
from attendance.meetings import ClassRules
from attendance.notices import Notice
from attendance.people import Class, Consent, Enrollment, Student, Teacher
from attendance.records import Record
from attendance.rights import Role
from attendance.sealing import Purpose
from attendance.status import Status
from attendance.store import Missing, Store
from attendance.store.idempotency import KeptAnswer
from attendance.store.traces import Traces, _names
from attendance.tracks import CameraTracks
from recognition import Box
from recognition.tracking import Block as TrackerBlock
from recognition.tracking import Glimpse, TrackerState, TrackState
from tests.attendance.building import CAMERA, CLASS, MEETING, NOW, at, meeting
from tests.attendance.conftest import Documents
from tests.attendance.test_store_biometrics import template

COMMITMENT = "what stands for them"
LATER = NOW + SECOND_PASS_AFTER
OF = meeting()


async def plant(store: Store, student: str, given_name: str = "Ada") -> None:
    """Put one of everything that names a student into the store."""
    await store.students.add(Student(student, given_name, "Lovelace", f"S-{student}", f"{given_name}@example.org"))
    await store.biometrics.record_consent(Consent(student, "consent", "1", given_name, NOW))
    await store.biometrics.add_template(template(student))
    await store.classes.enroll(Enrollment(CLASS, student))
    await store.cards.assign(f"card of {student}", student)
    await store.codes.redeem(Claim(new_id(), MEETING, NOW, "a phone"), student)
    await store.notices.add(Notice(new_id(), student, OF.local_date, OF.local_date, "ill", None, "t", NOW))
    await store.tokens.create(Role.STUDENT, now=NOW, subjects=frozenset({student}))
    await store.tokens.create(Role.ADVISER, now=NOW, subjects=frozenset({student, "another"}))
    await mark(store, student, Status.ABSENT)
    await mark(store, student, Status.PRESENT)
    await store.event_log.number()
    await keep_answer(store, student)


async def mark(store: Store, student: str, status: Status) -> None:
    def decide(record: Record | None) -> Record:
        return rules.mark(record, MEETING, student, status, by="t", reason="seen", now=NOW)

    await store.records.change(OF, student, decide, now=NOW)


async def keep_answer(store: Store, student: str) -> None:
    await store.idempotency_keys.begin(f"key {student}", "POST", "w", now=datetime.now(UTC))
    await store.idempotency_keys.keep(f"key {student}", "w", KeptAnswer(201, (), f'{{"id":"{student}"}}'.encode()))


def _track(student: str) -> str:
    return f"t-{student[:8]}"


def tracks_of(*students: str) -> CameraTracks:
    state = TrackerState(
        camera=CAMERA,
        time=12.5,
        tracks=tuple(
            TrackState(_track(each), Box(1, 2, 3, 4), (0.5, 0.0), 10.0, 12.5, 3, 12.0, each, 0.25, frozenset(students))
            for each in students
        ),
        blocks=tuple(TrackerBlock(each, 1.0, 2.0) for each in students),
        searched_at=12.0,
        glimpses=(Glimpse("f", 12.0, tuple((_track(each), Box(1, 2, 3, 4)) for each in students)),),
    )
    chances = {MEETING: dict.fromkeys(students, 2)}
    return CameraTracks(CAMERA, "frames", 3, 42, at(16), at(15), {"tracker": state.to_document()}, chances, NOW)


async def naming(documents: Documents, *texts: str) -> dict[str, int]:
    """Search every document of the database, whatever collection it is in, for texts."""
    found: dict[str, int] = {}
    for name in await documents.list_collection_names():
        async for document in documents[name].find({}):
            if any(_names({**document}, text) for text in texts):
                found[name] = found.get(name, 0) + 1
    return found


@pytest.fixture
async def student(store: Store) -> str:
    await store.classes.add(Class(CLASS, "a class"), ClassRules())
    await store.meetings.add(OF)
    student = new_id()
    await plant(store, student)
    return student


async def erase(store: Store, student: str) -> None:
    await store.erasures.begin(student, COMMITMENT, by="officer", now=NOW)


async def test_what_is_planted_here_is_all_that_a_document_may_name_a_student_in(
    store: Store, documents: Documents, student: str
) -> None:
    await store.tracks.save(tracks_of(student))
    found = await naming(documents, student)
    assert found == await Traces(store.archive._database).count(student)


async def test_no_document_names_them_afterwards_but_the_event_that_tells_it(
    store: Store, documents: Documents, student: str
) -> None:
    other = new_id()
    await plant(store, other, "Grace")
    await store.tracks.save(tracks_of(student, other))
    before = await naming(documents, other)
    await erase(store, student)
    await store.erasures.go_on(LATER + timedelta(seconds=1))
    receipt = await store.erasures.receipt(COMMITMENT)
    assert receipt
    assert receipt.finished_at
    assert receipt.deleted["records"] == 1
    assert await store.erasures.remaining(student) == {}
    assert await naming(documents, student, "Ada", "S-" + student) == {"erasures": 1}
    assert await naming(documents, other) == before
    tracks = await store.tracks.of_camera(CAMERA)
    assert tracks
    state = TrackerState.from_document(tracks.state["tracker"])
    assert [each.person for each in state.tracks] == [None, other]
    assert [each.person for each in state.blocks] == [other]
    assert state.glimpses == TrackerState.from_document(tracks_of(student, other).state["tracker"]).glimpses


async def test_their_names_are_unreadable_at_once_even_from_a_copy(
    store: Store, documents: Documents, student: str
) -> None:
    copy = await documents["students"].find_one({"_id": student})
    assert copy
    await erase(store, student)
    await documents["students"].insert_one(copy)
    with pytest.raises(Missing):
        await store.students.get(student)
    for purpose in Purpose:
        with pytest.raises(KeyUnusable):
            await store.keys.to_write(purpose, [student])


async def test_workers_can_hear_of_it_before_the_last_documents_go(store: Store, student: str) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    await erase(store, student)
    assert student in await store.biometrics.changed_since(since)
    assert CLASS in await store.classes.changed_since(since)
    assert await store.classes.roster(CLASS, OF.local_date) == []


async def test_a_record_that_a_worker_wrote_late_goes_in_the_second_pass(
    store: Store, documents: Documents, student: str
) -> None:
    await erase(store, student)
    await mark(store, student, Status.PRESENT)
    assert await store.erasures.go_on(LATER - timedelta(seconds=1)) == 0
    assert "records" in await store.erasures.remaining(student)
    assert await store.erasures.go_on(LATER + timedelta(seconds=1)) == 1
    assert await naming(documents, student) == {"erasures": 1}


async def test_numbers_of_the_log_have_no_gap_and_no_event_of_theirs(store: Store, student: str) -> None:
    before = await store.event_log.highest()
    await erase(store, student)
    page = await store.event_log.read(after=0, limit=200)
    assert [(event.number, event.type) for event in page.events] == [(before + 1, EventType.STUDENT_ERASED)]
    assert student in page.events[0].payload


async def test_it_is_told_once_however_often_it_is_asked_for(store: Store, student: str) -> None:
    for _ in range(3):
        await erase(store, student)
    pending = await store.pending_events.claim("me", now=NOW, lease=timedelta(seconds=1), limit=10)
    told = [event for claim in pending for event in claim.events if event.key == student]
    assert len(told) == 1


async def test_the_event_is_forgotten_when_consumers_had_their_time(
    store: Store, documents: Documents, student: str
) -> None:
    await erase(store, student)
    await store.erasures.go_on(LATER + timedelta(seconds=1))
    claims = await store.pending_events.claim("me", now=NOW, lease=timedelta(seconds=1), limit=10)
    await store.pending_events.confirm("me", claims)
    await store.event_log.number()
    assert await store.erasures.forget_told(NOW - timedelta(days=1)) == 0
    assert await store.erasures.forget_told(NOW + timedelta(days=46)) == 1
    assert await naming(documents, student) == {}
    assert (await store.event_log.read(after=0, limit=200)).events == ()


@pytest.mark.parametrize("crash", range(1, 6))
async def test_wherever_it_was_broken_off_it_is_gone_on_with(
    store: Store,
    open_store: Callable[[], Store],
    documents: Documents,
    student: str,
    crash: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(BaseException):
        pass

    steps = 0

    def killing(name: str, of: Any) -> None:
        true = getattr(of, name)

        async def step(*arguments: Any, **options: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == crash:
                raise Killed
            return await true(*arguments, **options)

        monkeypatch.setattr(of, name, step)

    erasures = store.erasures
    killing("erase", store.keys)
    killing("withdraw_consent", store.biometrics)
    killing("leave_rosters", erasures._traces)
    killing("delete", erasures._traces)
    killing("_tell", erasures)
    with pytest.raises(Killed):
        await erase(store, student)
    fresh = open_store()
    await fresh.erasures.go_on(NOW + timedelta(seconds=1))
    await fresh.erasures.go_on(LATER + timedelta(seconds=2))
    assert await naming(documents, student) == {"erasures": 1}
    receipt = await fresh.erasures.receipt(COMMITMENT)
    assert receipt
    assert receipt.finished_at


async def test_a_legal_hold_keeps_records_and_names_and_never_templates(
    store: Store, documents: Documents, student: str
) -> None:
    await store.erasures.hold(Hold(student, "an appeal", "officer", NOW))
    await erase(store, student)
    await store.erasures.go_on(LATER + timedelta(seconds=1))
    receipt = await store.erasures.receipt(COMMITMENT)
    assert receipt
    assert (receipt.held, receipt.finished_at is not None) == (True, True)
    assert (await store.students.get(student)).given_name == "Ada"
    assert await store.records.get(MEETING, student)
    assert await store.biometrics.templates_of([student]) == []
    assert await store.keys.to_read(Purpose.FACE, [student], at_hand=False) == {}
    assert await store.erasures.remaining(student) == {}
    assert set(await naming(documents, student)) <= {
        "erasures",
        "holds",
        "records",
        "students",
        "notices",
        "enrollments",
        "event_log",
    }


async def test_when_the_hold_ends_the_erasure_is_finished(store: Store, documents: Documents, student: str) -> None:
    await store.erasures.hold(Hold(student, "an appeal", "officer", NOW))
    await erase(store, student)
    await store.erasures.go_on(LATER + timedelta(seconds=1))
    assert await store.erasures.release(student, COMMITMENT, LATER)
    assert not await store.erasures.release(student, COMMITMENT, LATER)
    await store.erasures.go_on(LATER + SECOND_PASS_AFTER + timedelta(seconds=1))
    assert await naming(documents, student) == {"erasures": 1}


async def test_a_hold_that_ends_without_an_erasure_deletes_nothing(store: Store, student: str) -> None:
    await store.erasures.hold(Hold(student, "an appeal", "officer", NOW))
    assert await store.erasures.hold_of(student)
    assert await store.erasures.release(student, COMMITMENT, NOW)
    assert (await store.students.get(student)).given_name == "Ada"


async def test_who_is_a_teacher_too_stays_one(store: Store, student: str) -> None:
    await store.teachers.add(Teacher(student, "Ada", "Lovelace"))
    await erase(store, student)
    await store.erasures.go_on(LATER + timedelta(seconds=1))
    with pytest.raises(Missing):
        await store.students.get(student)
    assert (await store.teachers.get(student)).given_name == "Ada"
    assert await store.erasures.remaining(student) == {}


async def test_a_restored_backup_brings_nobody_back(store: Store, documents: Documents, student: str) -> None:
    withdrawn = new_id()
    await plant(store, withdrawn, "Grace")
    backup = {name: await documents[name].find({}).to_list() for name in ("students", "records", "biometrics")}
    await erase(store, student)
    await store.erasures.go_on(LATER + timedelta(seconds=1))
    await store.biometrics.withdraw_consent(withdrawn, datetime.now(UTC))
    for name, kept in backup.items():
        await documents[name].delete_many({})
        await documents[name].insert_many(kept)
    assert await store.erasures.repeat(lambda _: COMMITMENT, LATER) == 2
    assert await store.biometrics.consent_of(withdrawn) is None
    assert await store.biometrics.templates_of([withdrawn]) == []
    assert (await store.students.get(withdrawn)).given_name == "Grace"
    await store.erasures.go_on(LATER + SECOND_PASS_AFTER + timedelta(seconds=1))
    assert set(await naming(documents, student)) <= {"erasures"}


async def test_whoever_consented_again_after_withdrawing_is_left_alone_by_a_restore(store: Store, student: str) -> None:
    await store.biometrics.withdraw_consent(student, datetime.now(UTC))
    await store.biometrics.record_consent(Consent(student, "consent", "1", "Ada", NOW))
    assert await store.erasures.repeat(lambda _: COMMITMENT, NOW) == 0
    assert await store.biometrics.consent_of(student)
