"""A correction made over the API reaches Kafka, at once or when Kafka is back."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Self
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer

from api import ApiSettings
from attendance.ids import attendance_event_id
from attendance.settings import ConnectionSettings
from deploy.init import initialise
from tests.api.callers import Caller, body_of
from tests.api.conftest import ONE_PARTITION, running
from tests.api.school import School


@pytest.fixture(scope="module")
async def events(places: ConnectionSettings, administrator: Caller) -> AsyncIterator[AIOKafkaConsumer]:
    """Read the topic of events from its beginning."""
    consumer = AIOKafkaConsumer(
        places.topics.attendance_events, bootstrap_servers=places.kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    yield consumer
    await consumer.stop()


async def next_of(events: AIOKafkaConsumer, student: str, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < count:
        message = await events.getone()
        if message.key == student.encode():
            found.append(json.loads(message.value))
    return found


async def test_each_mark_is_an_event_with_the_whole_state_in_order_of_revision(
    administrator: Caller, school: School, events: AIOKafkaConsumer
) -> None:
    student = await school.student("Ada", "Lovelace")
    meeting = await school.meeting(await school.class_(student))
    for status in ("absent", "late", "present"):
        await school.mark(meeting, student, status)
    told = await next_of(events, student, 3)
    assert [event["data"]["status"] for event in told] == ["absent", "late", "present"]
    assert [event["data"]["revision"] for event in told] == [1, 2, 3]
    assert [event["id"] for event in told] == [attendance_event_id(meeting, student, number) for number in (1, 2, 3)]
    last = told[-1]
    assert last["type"] == "org.rollcall.attendance.changed.v1"
    assert (last["data"]["cause"], last["data"]["method"], last["data"]["previous_status"]) == (
        "correction",
        "manual",
        "late",
    )
    assert "Lovelace" not in json.dumps(told)


async def test_every_kind_of_correction_is_an_event_in_order_of_revision_with_its_cause(
    administrator: Caller, school: School, events: AIOKafkaConsumer
) -> None:
    student = await school.student("Ada", "Lovelace")
    meeting = await school.meeting(await school.class_(student))
    entry = f"/v1/meetings/{meeting}/roll/{student}"
    await school.mark(meeting, student, "absent")
    notice = {"first_day": "2026-03-02", "last_day": "2026-03-02", "reason": "a secret illness", "reason_code": "M7"}
    given = body_of(await administrator.post(f"/v1/students/{student}/notices", notice), 201)
    assert given["changed"] == 1
    body_of(await administrator.delete(f"/v1/students/{student}/notices/{given['id']}"))
    body_of(await administrator.post(f"{entry}/undo", {}))
    body_of(await administrator.post(f"/v1/meetings/{meeting}/roll/all-present", {}))
    told = await next_of(events, student, 5)
    assert [(event["data"]["revision"], event["data"]["cause"], event["data"]["status"]) for event in told] == [
        (1, "correction", "absent"),
        (2, "notice", "excused"),
        (3, "notice", "absent"),
        (4, "undo", "unmarked"),
        (5, "correction", "present"),
    ]
    assert "secret" not in json.dumps(told)
    assert "M7" not in json.dumps(told)


async def test_with_kafka_away_marks_are_made_and_their_events_are_sent_when_it_is_back(
    places: ConnectionSettings, events: AIOKafkaConsumer
) -> None:
    apart = places.model_copy(update={"database": f"api-{uuid4().hex}"})  # where no other relay looks
    token = (await initialise(apart, ONE_PARTITION)).administrator_token
    async with Door(places.kafka_bootstrap) as door:
        away = apart.model_copy(update={"kafka_bootstrap": door.address})
        async with running(away, ApiSettings()) as app, Caller(app, token) as caller:
            school = School(caller)
            student = await school.student()
            meeting = await school.meeting(await school.class_(student))
            await school.mark(meeting, student, "present")
            await door.was_knocked_at.wait()
            assert (await caller.get("/readyz")).status_code == 200
            assert await app.state.services.store.pending_events.oldest() is not None
            door.is_open = True
            (told,) = await next_of(events, student, 1)
    assert told["id"] == attendance_event_id(meeting, student, 1)


class Door:
    """A port that leads to Kafka once it is open; until then it hangs up."""

    def __init__(self, to: str) -> None:
        self._host, _, self._port = to.partition(":")
        self.is_open = False
        self.was_knocked_at = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.was_knocked_at.set()
        if not self.is_open:
            writer.close()
            return
        other_reader, other_writer = await asyncio.open_connection(self._host, int(self._port))
        await asyncio.gather(_pour(reader, other_writer), _pour(other_reader, writer))


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65536):
        sink.write(chunk)
        await sink.drain()
    sink.close()


async def test_what_was_sent_is_taken_off(administrator: Caller, school: School, events: AIOKafkaConsumer) -> None:
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    await school.mark(meeting, student, "present")
    await next_of(events, student, 1)
    while True:
        figures = (await administrator.get("/metrics")).text
        if "\nrollcall_api_outbox_age_seconds 0.0\n" in figures:
            break
        await asyncio.sleep(0.05)
