"""Retention: what is older than the settings say goes, kind by kind, and what is left can still be checked."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fastapi import FastAPI

from api.audit_writer import AuditWriter
from api.sweeping import sweep
from api.times import now
from attendance.audit import AuditKey, HeadFile, verify
from attendance.people import StoredTemplate
from attendance.retention import RetentionSettings
from attendance.settings import ConnectionSettings
from attendance.store import Store
from recognition import Template
from tests.api.callers import Caller, body_of, problem_of
from tests.api.school import School, an_id

# All that the school's meetings here (in March 2026) have is older then than everything is kept.
YEARS_LATER = datetime(2031, 1, 1, tzinfo=UTC)
RETENTION = RetentionSettings()
# What a sweep of the future writes is of the future too: the audit's comes first.


@pytest.fixture
def store(app: FastAPI) -> Store:
    found: Store = app.state.services.store
    return found


@pytest.fixture
def audit(app: FastAPI) -> AuditWriter:
    found: AuditWriter = app.state.services.audit
    return found


async def test_the_audit_is_still_whole_when_its_oldest_lines_are_gone(
    administrator: Caller, store: Store, audit: AuditWriter, places: ConnectionSettings
) -> None:
    for _ in range(3):
        body_of(await administrator.get("/v1/me"))
        body_of(await administrator.get("/v1/tokens"))
    assert (await sweep(store, audit, RETENTION, YEARS_LATER))["audit batches"] >= 3
    batches = [batch async for batch in store.audit.all()]
    assert batches[0].number > 1
    key, head = AuditKey(places.audit_key_file), HeadFile(places.audit_head_file).read()
    assert verify(batches, key.seal, head) == []
    assert verify(batches[1:], key.seal, head) != []


async def add_template(store: Store, student: str) -> None:
    vector = np.linspace(-1, 1, 128, dtype=np.float32)
    await store.biometrics.add_template(StoredTemplate(an_id(), student, Template("dlib", vector), now()))


async def test_records_older_than_they_are_kept_go_with_their_meetings_and_events(
    school: School, administrator: Caller, store: Store, audit: AuditWriter
) -> None:
    student = await school.student()
    class_id = await school.class_(student)
    old = await school.meeting(class_id)
    new = await school.meeting(class_id, "2026-11-02T10:00:00Z", "2026-11-02T10:50:00Z")
    for meeting in (old, new):
        await school.mark(meeting, student, "late")
    notice = {"first_day": "2026-03-02", "last_day": "2026-03-03", "reason": "ill"}
    body_of(await administrator.post(f"/v1/students/{student}/notices", notice), 201)
    await store.event_log.number()
    await published(store)
    retention = RetentionSettings(keep_records_days=365)
    found = await sweep(store, audit, retention, datetime(2027, 6, 1, tzinfo=UTC))
    assert found.items() >= {"records": 1, "meetings": 1, "notices": 1}.items()
    problem_of(await administrator.get(f"/v1/meetings/{old}"), 404, "not_found")
    history = body_of(await administrator.get(f"/v1/students/{student}/attendance"))
    assert [each["meeting_id"] for each in history["items"]] == [new]
    events = body_of(await administrator.get(f"/v1/events?class_id={class_id}"))["items"]
    assert {each["data"]["meeting_id"] for each in events} == {new}
    assert "records" not in await sweep(store, audit, retention, datetime(2027, 6, 1, tzinfo=UTC))


async def published(store: Store) -> None:
    """Wait until the relay has put every event on Kafka: what isn't there yet is never deleted."""
    while await store.pending_events.oldest() is not None:
        await asyncio.sleep(0.05)


async def test_a_legal_hold_keeps_old_records_and_the_meeting_that_they_are_of(
    school: School, administrator: Caller, store: Store, audit: AuditWriter
) -> None:
    held, other = await school.student(), await school.student()
    meeting = await school.meeting(await school.class_(held, other))
    for student in (held, other):
        await school.mark(meeting, student, "absent")
    body_of(await administrator.put(f"/v1/students/{held}/hold", {"reason": "an appeal"}))
    await store.event_log.number()
    await published(store)
    await sweep(store, audit, RETENTION, YEARS_LATER)
    assert await store.records.get(meeting, held)
    assert await store.records.get(meeting, other) is None
    assert (await store.meetings.get(meeting)).id == meeting


async def test_the_consent_of_whoever_left_their_last_class_ends_by_itself(
    school: School, store: Store, audit: AuditWriter
) -> None:
    stays, left, was_taken_out, never_in = [await school.consenting_student() for _ in range(4)]
    for each in (stays, left, was_taken_out, never_in):
        await add_template(store, each)
    class_id = await school.class_(stays, was_taken_out)
    await school.enroll(class_id, left, end=(now() + timedelta(days=1)).date().isoformat())
    await store.classes.enrollments.take_out(class_id, was_taken_out)
    assert "consents" not in await sweep(store, audit, RETENTION, now() + timedelta(days=20))
    assert (await sweep(store, audit, RETENTION, now() + timedelta(days=40)))["consents"] >= 3
    consenting = await store.biometrics.consenting([stays, left, was_taken_out, never_in])
    assert consenting == {stays}
    assert {each.student_id for each in await store.biometrics.templates_of([stays, left])} == {stays}
    assert [each.step for each in await store.biometrics.history_of(left)] == ["given", "ended"]


async def test_tokens_that_ended_long_ago_go(
    school: School, administrator: Caller, calling: Callable[[str | None], Caller], store: Store, audit: AuditWriter
) -> None:
    text = await school.token("registrar")
    token_id = body_of(await calling(text).get("/v1/me"))["token_id"]
    assert (await administrator.delete(f"/v1/tokens/{token_id}")).status_code == 204
    assert (await sweep(store, audit, RETENTION, YEARS_LATER))["tokens"] >= 1
    assert token_id not in [each.id for each in await store.tokens.page(after=None, limit=500)]
    assert (await administrator.get("/v1/me")).status_code == 200
