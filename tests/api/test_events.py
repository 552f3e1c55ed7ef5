"""`GET /v1/events`: what Kafka has, in an order to follow, for those who may see it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from fastapi import FastAPI

from api.cursors import write_number
from attendance.events import meeting_closed
from attendance.ids import attendance_event_id
from attendance.meetings import MeetingState
from attendance.settings import ConnectionSettings
from attendance.store import Store
from tests.api.callers import Caller, body_of, fields_of, problem_of
from tests.api.school import School, an_id
from tests.api.serving import environment_of, serving

Call = Callable[[str | None], Caller]
CHANGED = "org.rollcall.attendance.changed.v1"
CLOSED = "org.rollcall.meeting.closed.v1"


async def now_of(caller: Caller, query: str = "") -> str:
    """Give a cursor behind all that there is now."""
    return str(body_of(await caller.get(f"/v1/events?start=latest&limit=1{query}"))["next_cursor"])


async def follow(caller: Caller, cursor: str, query: str = "") -> list[dict[str, Any]]:
    """Read on to the end as it is now."""
    found: list[dict[str, Any]] = []
    while True:
        page = body_of(await caller.get(f"/v1/events?cursor={cursor}&limit=2{query}"))
        found += page["items"]
        assert page["next_cursor"]
        cursor = page["next_cursor"]
        if not page["more"]:
            return found


@pytest.fixture
async def store(app: FastAPI) -> Store:
    store: Store = app.state.services.store
    return store


async def close(store: Store, meeting_id: str) -> None:
    meeting = await store.meetings.get(meeting_id)
    event = meeting_closed(meeting, 1, taken=True, coverage=1, counts={}, now=meeting.end)
    assert await store.meetings.close(meeting, MeetingState.CLOSED, event)


@pytest.fixture
async def kafka(places: ConnectionSettings, administrator: Caller) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        places.topics.attendance_events, bootstrap_servers=places.kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    yield consumer
    await consumer.stop()


async def test_each_event_is_the_one_that_is_on_kafka_byte_for_byte(
    administrator: Caller, school: School, store: Store, kafka: AIOKafkaConsumer
) -> None:
    cursor = await now_of(administrator)
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    for status in ("absent", "late", "present"):
        await school.mark(meeting, student, status)
    await close(store, meeting)
    sent: list[bytes] = []
    while len(sent) < 4:
        message = await kafka.getone()
        if message.key in (student.encode(), meeting.encode()):
            sent.append(message.value)
    answer = await administrator.get(f"/v1/events?cursor={cursor}")
    assert sorted(each["id"] for each in body_of(answer)["items"]) == sorted(json.loads(each)["id"] for each in sent)
    assert all(each in answer.content for each in sent)


async def test_who_goes_on_from_each_cursor_gets_each_event_once_in_order_of_revision(
    administrator: Caller, school: School
) -> None:
    cursor = await now_of(administrator)
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    for status in ("absent", "late", "present", "absent", "late"):
        await school.mark(meeting, student, status)
    told = await follow(administrator, cursor)
    assert [each["id"] for each in told] == [attendance_event_id(meeting, student, number) for number in range(1, 6)]
    assert await follow(administrator, await now_of(administrator)) == []


async def test_without_a_cursor_it_begins_at_the_first_event_of_all(administrator: Caller, school: School) -> None:
    student = await school.student()
    await school.mark(await school.meeting(await school.class_(student)), student, "present")
    first = body_of(await administrator.get("/v1/events?limit=1"))
    assert first == body_of(await administrator.get(f"/v1/events?limit=1&cursor={write_number(0)}"))
    assert len(first["items"]) == 1


async def test_what_another_process_wrote_is_there(
    administrator: Caller, administrator_token: str, school: School, places: ConnectionSettings
) -> None:
    cursor = await now_of(administrator)
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    with serving(environment_of(places)) as server:
        async with Caller.over_the_network(server.url, administrator_token) as other:
            await School(other).mark(meeting, student, "late")
            assert [each["subject"] for each in await follow(administrator, cursor)] == [student]
            await school.mark(meeting, student, "present")
            assert [each["data"]["revision"] for each in await follow(other, cursor)] == [1, 2]


async def test_who_waits_is_told_as_soon_as_something_happens_and_else_that_nothing_did(
    administrator: Caller, school: School
) -> None:
    cursor = await now_of(administrator)
    nothing = body_of(await administrator.get(f"/v1/events?cursor={cursor}&wait_s=1"))
    assert (nothing["items"], nothing["more"]) == ([], False)
    student = await school.student()
    meeting = await school.meeting(await school.class_(student))
    waiting = asyncio.create_task(administrator.get(f"/v1/events?cursor={nothing['next_cursor']}&wait_s=30"))
    await asyncio.sleep(0)
    await school.mark(meeting, student, "present")
    assert [each["subject"] for each in body_of(await waiting)["items"]] == [student]


async def test_filters_leave_out_the_rest(administrator: Caller, school: School, store: Store) -> None:
    cursor = await now_of(administrator)
    ada, alan = await school.student(), await school.student("Alan", "Turing")
    class_id = await school.class_(ada, alan)
    meeting, other = await school.meeting(class_id), await school.meeting(await school.class_(ada))
    for meeting_id, student in ((meeting, ada), (meeting, alan), (other, ada)):
        await school.mark(meeting_id, student, "present")
    await close(store, meeting)

    async def told(query: str) -> list[str]:
        return [each["subject"] for each in await follow(administrator, cursor, f"&{query}")]

    assert await told(f"student_id={ada}") == [ada, ada]
    assert sorted(await told(f"class_id={class_id}")) == sorted([ada, alan, meeting])
    assert await told(f"type={CLOSED}") == [meeting]
    assert sorted(await told(f"type={CHANGED}&class_id={class_id}")) == sorted([ada, alan])
    assert await told(f"student_id={an_id()}") == []


async def test_a_teacher_follows_their_classes_and_a_student_themself(
    administrator: Caller, school: School, store: Store, calling: Call
) -> None:
    cursor = await now_of(administrator)
    ada, alan = await school.student(), await school.student("Alan", "Turing")
    mine, also_mine, foreign = [await school.class_(ada, alan) for _ in range(3)]
    meetings = [await school.meeting(each) for each in (mine, also_mine, foreign)]
    for meeting in meetings:
        await school.mark(meeting, ada, "present")
        await school.mark(meeting, alan, "late")
    await close(store, meetings[0])

    teacher = calling(await school.token("teacher", mine, also_mine))
    assert len(await follow(administrator, cursor)) == 7
    told = await follow(teacher, cursor)
    assert {each["data"]["class_id"] for each in told} == {mine, also_mine}
    assert len(told) == 5
    assert len(await follow(teacher, cursor, f"&class_id={mine}&student_id={ada}")) == 1
    problem_of(await teacher.get(f"/v1/events?class_id={foreign}"), 404, "not_found")

    student = calling(await school.token("student", ada))
    assert [each["subject"] for each in await follow(student, cursor)] == [ada] * 3
    assert [each["subject"] for each in await follow(student, cursor, f"&student_id={ada}")] == [ada] * 3
    problem_of(await student.get(f"/v1/events?student_id={alan}"), 404, "not_found")


async def test_a_teacher_of_very_many_classes_names_one(school: School, calling: Call) -> None:
    classes = [await school.class_() for _ in range(51)]
    teacher = calling(await school.token("teacher", *classes))
    assert fields_of(await teacher.get("/v1/events")) == {"class_id"}
    body_of(await teacher.get(f"/v1/events?class_id={classes[0]}"))


@pytest.mark.parametrize("cursor", ["", "x", "WzFd!", write_number(2**40), "WzEuNV0", "W3RydWVd", "Wy0xXQ", "WzFlOTld"])
async def test_a_cursor_that_was_not_given_out_is_refused(administrator: Caller, cursor: str) -> None:
    assert fields_of(await administrator.get(f"/v1/events?cursor={cursor}")) == {"cursor"}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "wait_s=31", "wait_s=-1", "start=now", "type=x", "class_id=x"]
)
async def test_other_words_are_refused_in_their_place(administrator: Caller, query: str) -> None:
    assert fields_of(await administrator.get(f"/v1/events?{query}")) == {query.partition("=")[0]}
