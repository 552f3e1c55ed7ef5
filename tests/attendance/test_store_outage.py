"""The database away, killed and back: said in one way, and nothing acknowledged is lost."""

import asyncio
from collections.abc import Awaitable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from bson.errors import InvalidDocument
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    CursorNotFound,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteError,
)

from attendance import rules
from attendance.cameras import Camera
from attendance.coverage import Coverage
from attendance.events import meeting_closed
from attendance.ids import new_id
from attendance.meetings import ClassRules, MeetingState
from attendance.people import Class, Consent, Enrollment, StoredTemplate, Student
from attendance.rights import Role, make_token
from attendance.settings import ConnectionSettings
from attendance.status import Status
from attendance.store import Store, StoreUnavailable, connection
from attendance.store.cameras import Room
from attendance.store.errors import unavailable_on_network_error
from attendance.store.idempotency import KeptAnswer
from attendance.store.outbox import Claim
from attendance.tracks import CameraTracks
from recognition import Template
from tests.attendance.building import CAMERA, CLASS, MEETING, NOW, ROOM, STUDENT, at, looked_at, meeting
from tests.attendance.conftest import with_keys
from tests.attendance.databases import DatabaseProcess, free_port

BACK_WITHIN_SECONDS = 60.0


def _everything(store: Store) -> dict[str, Awaitable[object]]:
    of = meeting()
    closing = meeting_closed(of, 1, taken=True, coverage=1, counts={}, now=NOW)
    mark = lambda record: rules.mark(record, MEETING, STUDENT, Status.PRESENT, by="t", reason=None, now=NOW)  # noqa: E731
    claims = [Claim(0, f"{MEETING}:{STUDENT}", ())]
    return {
        "ping": store.ping(),
        "ping_with_keys": store.ping_with_keys(),
        "ensure_indexes": store.ensure_indexes(),
        "students.add": store.students.add(Student(STUDENT, "A", "B")),
        "students.get": store.students.get(STUDENT),
        "students.get_many": store.students.get_many([STUDENT]),
        "students.page": store.students.page(after=None, limit=1),
        "biometrics.record_consent": store.biometrics.record_consent(Consent(STUDENT, "b", "1", "s", NOW)),
        "biometrics.consent_of": store.biometrics.consent_of(STUDENT),
        "biometrics.withdraw_consent": store.biometrics.withdraw_consent(STUDENT, NOW),
        "biometrics.add_template": store.biometrics.add_template(
            StoredTemplate("t", STUDENT, Template("e", np.ones(4, np.float32)), NOW)
        ),
        "biometrics.templates_of": store.biometrics.templates_of([STUDENT]),
        "classes.add": store.classes.add(Class(CLASS, "c"), ClassRules()),
        "classes.get": store.classes.get(CLASS),
        "classes.enroll": store.classes.enroll(Enrollment(CLASS, STUDENT)),
        "classes.roster": store.classes.roster(CLASS, date(2026, 3, 2)),
        "cameras.add": store.cameras.add(Camera(CAMERA, ROOM)),
        "cameras.get": store.cameras.get(CAMERA),
        "cameras.add_room": store.cameras.add_room(Room(ROOM, "r")),
        "cameras.of_rooms": store.cameras.of_rooms((ROOM,)),
        "meetings.add": store.meetings.add(of),
        "meetings.get": store.meetings.get(MEETING),
        "meetings.in_room": store.meetings.in_room(ROOM, opening_before=NOW, ending_after=NOW),
        "meetings.of_class": store.meetings.of_class(CLASS, after=None, limit=1),
        "meetings.open_and_over": store.meetings.open_and_over(NOW, limit=1),
        "meetings.close": store.meetings.close(of, MeetingState.CLOSED, closing),
        "meetings.changed_since": store.meetings.changed_since(NOW),
        "biometrics.changed_since": store.biometrics.changed_since(NOW),
        "classes.changed_since": store.classes.changed_since(NOW),
        "cameras.changed_since": store.cameras.changed_since(NOW),
        "progress.meetings_covered_since": store.progress.meetings_covered_since(NOW),
        "progress.skip": store.progress.skip(MEETING, CAMERA, "behind", 1),
        "progress.skips_of": store.progress.skips_of(MEETING),
        "tracks.save": store.tracks.save(CameraTracks(CAMERA, "frames", 0, 1, NOW, NOW, {}, {}, NOW)),
        "tracks.of_camera": store.tracks.of_camera(CAMERA),
        "tracks.of_partition": store.tracks.of_partition("frames", 0),
        "tracks.forget": store.tracks.forget(NOW),
        "records.change": store.records.change(of, STUDENT, mark, now=NOW),
        "records.get": store.records.get(MEETING, STUDENT),
        "records.of_meeting": store.records.of_meeting(MEETING),
        "records.unsettled_of_meeting": store.records.unsettled_of_meeting(of),
        "records.of_student": store.records.of_student(STUDENT, start=None, end=None, after=None, limit=1),
        "records.totals_of_student": store.records.totals_of_student(STUDENT, start=None, end=None),
        "records.totals_of_meeting": store.records.totals_of_meeting(MEETING),
        "records.meetings_revised_since": store.records.meetings_revised_since(NOW),
        "records.meetings_denied_since": store.records.meetings_denied_since(NOW),
        "records.blocks_of": store.records.blocks_of(MEETING),
        "idempotency_keys.begin": store.idempotency_keys.begin("k", "r", "w", now=NOW),
        "idempotency_keys.keep": store.idempotency_keys.keep("k", "w", KeptAnswer(201, (), b"")),
        "idempotency_keys.forget": store.idempotency_keys.forget("k", "w"),
        "event_log.read": store.event_log.read(after=0, limit=1),
        "event_log.number": store.event_log.number(),
        "event_log.highest": store.event_log.highest(),
        "progress.advance": store.progress.advance(CAMERA, NOW),
        "progress.processed_through": store.progress.processed_through([CAMERA]),
        "progress.cover": store.progress.cover(MEETING, CAMERA, looked_at((0, 1))),
        "progress.coverage_of": store.progress.coverage_of(MEETING),
        "partitions.take": store.partitions.take("frames", 0, "a"),
        "partitions.leave": store.partitions.leave("frames", 0, "a"),
        "partitions.reserve": store.partitions.reserve("frames", 0, 1),
        "partitions.count_try": store.partitions.count_try("frames", 0, 1, 1),
        "partitions.tries": store.partitions.tries("frames", 0),
        "tokens.create": store.tokens.create(Role.STUDENT, now=NOW),
        "tokens.principal_of": store.tokens.principal_of(make_token().text, NOW),
        "tokens.revoke": store.tokens.revoke("t", NOW),
        "tokens.count_administrators": store.tokens.count_administrators(),
        "pending_events.claim": store.pending_events.claim("o", now=NOW, lease=timedelta(seconds=1), limit=1),
        "pending_events.confirm": store.pending_events.confirm("o", claims),
        "pending_events.release": store.pending_events.release("o", claims),
        "pending_events.oldest": store.pending_events.oldest(),
    }


async def test_whatever_is_asked_of_a_database_that_is_away_the_answer_is_that_it_is_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(connection, "SERVER_SELECTION_MS", 200)  # for each of them, and few run at once
    store = Store(with_keys(ConnectionSettings(mongo_url=f"mongodb://127.0.0.1:{free_port()}/", home=tmp_path)))
    calls = _everything(store)
    answers = await asyncio.gather(*calls.values(), return_exceptions=True)
    store.close()
    assert {name: type(answer) for name, answer in zip(calls, answers, strict=True)} == dict.fromkeys(
        calls, StoreUnavailable
    )


async def _until_available(store: Store) -> None:
    async with asyncio.timeout(BACK_WITHIN_SECONDS):
        while True:
            try:
                await store.ping()
            except StoreUnavailable:
                await asyncio.sleep(0.1)
            else:
                return


async def test_a_killed_database_that_comes_back_has_all_that_was_acknowledged(
    own_database: DatabaseProcess, tmp_path: Path
) -> None:
    own_database.start()
    store = Store(with_keys(ConnectionSettings(mongo_url=own_database.url, home=tmp_path)))
    await store.ensure_indexes()
    acknowledged: list[str] = []
    unavailable = asyncio.Event()

    async def write() -> None:
        while not unavailable.is_set():
            student_id = new_id()
            try:
                await store.records.change(
                    meeting(),
                    student_id,
                    lambda record: rules.mark(
                        record,
                        MEETING,
                        student_id,  # noqa: B023 (called before the next turn)
                        Status.PRESENT,
                        by="t",
                        reason=None,
                        now=NOW,
                    ),
                    now=NOW,
                )
            except StoreUnavailable:
                unavailable.set()
            else:
                acknowledged.append(student_id)

    writing = [asyncio.ensure_future(write()) for _ in range(4)]
    async with asyncio.timeout(BACK_WITHIN_SECONDS):
        while len(acknowledged) < 100:
            await asyncio.sleep(0.01)
        own_database.kill()
        await asyncio.gather(*writing)
    with pytest.raises(StoreUnavailable):
        await store.ping()

    own_database.start()
    await _until_available(store)
    kept = {record.student_id for record in await store.records.of_meeting(MEETING)}
    assert set(acknowledged) <= kept
    waiting = await store.pending_events.claim("o", now=at(0), lease=timedelta(seconds=9), limit=10_000)
    assert {claim.events[0].key for claim in waiting} == kept
    assert await store.progress.cover(MEETING, CAMERA, looked_at((0, 1))) == looked_at((0, 1))
    assert await store.progress.coverage_of(MEETING) != Coverage()
    store.close()


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (AutoReconnect("gone"), StoreUnavailable),
        (ServerSelectionTimeoutError("nobody there"), StoreUnavailable),
        (NetworkTimeout("slow"), StoreUnavailable),
        (NotPrimaryError("stepped down"), StoreUnavailable),
        (WaitQueueTimeoutError("all connections are busy"), StoreUnavailable),
        (CursorNotFound("the server was started again between two batches", 43), StoreUnavailable),
        (ExecutionTimeout("too slow", 50), StoreUnavailable),
        (OperationFailure("the disk is full", 14031), StoreUnavailable),
        (WriteError("the disk is full", 14031), StoreUnavailable),
        (BulkWriteError({"writeErrors": [{"code": 14031}, {"code": 11000}]}), StoreUnavailable),
        (OperationFailure("internal server error", 1), StoreUnavailable),
        (BulkWriteError({"writeErrors": [{"code": 11000}]}), BulkWriteError),
        (OperationFailure("no such thing", 59), OperationFailure),
        (InvalidDocument("a key that can't be", {}), InvalidDocument),
    ],
)
def test_what_can_be_tried_again_is_told_apart_from_what_is_our_own_fault(
    error: Exception, becomes: type[Exception]
) -> None:
    with pytest.raises(Exception) as raised, unavailable_on_network_error():  # noqa: PT011 (which one is the question)
        raise error
    assert type(raised.value) is becomes


@pytest.mark.parametrize("times", [1, 3])
async def test_indexes_can_be_ensured_again(store: Store, times: int) -> None:
    for _ in range(times):
        await store.ensure_indexes()


async def test_several_processes_that_start_at_once_may_all_ensure_the_indexes(
    database_settings: ConnectionSettings,
) -> None:
    stores = [Store(database_settings) for _ in range(4)]
    await asyncio.gather(*(store.ensure_indexes() for store in stores))
    for store in stores:
        store.close()
