"""The database ended in the middle of writes, and back: every answer said so, nothing is half done or done twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api import ApiSettings
from attendance.rights import Role
from attendance.settings import ConnectionSettings
from attendance.store import Store, connection
from deploy.init import make_key
from tests.api.callers import Caller, body_of, problem_of
from tests.api.conftest import running
from tests.api.school import School
from tests.attendance.databases import DatabaseProcess

PATIENCE_S = 90


@dataclass(frozen=True)
class Place:
    """An API of a test's own, on a database that it may end."""

    database: DatabaseProcess
    caller: Caller
    school: School
    store: Store

    async def come_back(self) -> None:
        self.database.start()
        async with asyncio.timeout(PATIENCE_S):
            while (await self.caller.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.1)


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[DatabaseProcess]:
    database = DatabaseProcess(tmp_path / "database")
    database.start()
    yield database
    database.kill()


@pytest.fixture
async def place(own_database: DatabaseProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Place]:
    monkeypatch.setattr(connection, "SERVER_SELECTION_MS", 500)  # each request would wait for so long
    places = ConnectionSettings(
        mongo_url=own_database.url, kafka_bootstrap="127.0.0.1:1", database=f"api-{uuid4().hex}", home=tmp_path
    )
    make_key(places.audit_key_file)
    make_key(places.master_key_file)
    async with running(places, ApiSettings()) as app:
        store: Store = app.state.services.store
        await store.ensure_indexes()
        token = await store.tokens.create(Role.ADMINISTRATOR, now=datetime.now(UTC))
        async with Caller(app, token.text) as caller:
            school = School(caller)
            await school.publish()
            yield Place(own_database, caller, school, store)


async def test_every_route_says_that_the_database_is_away_and_when_to_come_again(place: Place) -> None:
    student = await place.school.student()
    class_id = await place.school.class_(student)
    meeting = await place.school.meeting(class_id)
    body_of(await place.caller.get("/v1/me"))  # who asks is known for some seconds, so that the routes are reached
    place.database.kill()
    asked: list[tuple[str, str, Any]] = [
        ("GET", f"/v1/students/{student}/attendance", None),
        ("GET", "/v1/events", None),
        ("GET", f"/v1/meetings/{meeting}/roll", None),
        ("POST", "/v1/students", {"given_name": "Ada"}),
        ("PUT", f"/v1/meetings/{meeting}/roll/{student}", {"status": "present"}),
        ("PATCH", f"/v1/meetings/{meeting}", {"end": "2026-03-02T11:00:00Z"}),
        ("POST", f"/v1/meetings/{meeting}/roll/all-present", {}),
        ("GET", "/readyz", None),
    ]
    answers = await asyncio.gather(*(place.caller.request(method, path, json=body) for method, path, body in asked))
    for answer in answers:
        problem_of(answer, 503, "store_unavailable")
        assert int(answer.headers["retry-after"]) > 0


async def test_writes_that_the_end_of_the_database_met_are_whole_or_not_there_and_sent_again_done_once(
    place: Place,
) -> None:
    students = [await place.school.student() for _ in range(4)]
    meeting = await place.school.meeting(await place.school.class_(*students))
    sent: dict[str, tuple[str, str, dict[str, Any]]] = {}
    answered: dict[str, httpx.Response] = {}
    gone = asyncio.Event()

    async def send(key: str) -> httpx.Response:
        method, path, body = sent[key]
        return await place.caller.request(method, path, json=body, headers={"Idempotency-Key": key})

    async def write(number: int) -> None:
        turn = 0
        while not gone.is_set():
            key, turn = str(uuid4()), turn + 1
            status = ("present", "late", "absent")[turn % 3]
            path = f"/v1/meetings/{meeting}/roll/{students[number]}"
            sent[key] = (
                ("PUT", path, {"status": status}) if turn % 2 else ("POST", "/v1/rooms", {"title": f"Hall {key}"})
            )
            answered[key] = await send(key)
            if answered[key].status_code == 503:
                gone.set()

    writing = [asyncio.create_task(write(number)) for number in range(4)]
    async with asyncio.timeout(PATIENCE_S):
        while len(answered) < 40:
            await asyncio.sleep(0.01)
        place.database.kill()
        await asyncio.gather(*writing)
    assert {answer.status_code for answer in answered.values()} <= {200, 201, 503}
    lost = [key for key, answer in answered.items() if answer.status_code == 503]
    assert lost

    await place.come_back()
    # Sent again, with the key that they had.
    async with asyncio.timeout(PATIENCE_S):
        for key in lost:
            while not (again := await send(key)).is_success:
                assert again.status_code in (409, 503), again.text
                await asyncio.sleep(0.2)

    made = [sent[key][2]["title"] for key in sent if sent[key][0] == "POST"]
    rooms: list[str] = []
    cursor = ""
    while True:
        page = body_of(await place.caller.get(f"/v1/rooms?limit=200{cursor}"))
        rooms += [room["title"] for room in page["items"] if room["title"].startswith("Hall ")]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(rooms) == sorted(made)

    # Each revision has its event, in order, once: a record and its events are one write.
    told: dict[str, list[int]] = {student: [] for student in students}
    cursor, more = "", True
    while more:
        page = body_of(await place.caller.get(f"/v1/events?limit=200{cursor}"))
        for event in page["items"]:
            told[event["subject"]].append(event["data"]["revision"])
        cursor, more = f"&cursor={page['next_cursor']}", page["more"]
    for student in students:
        record = body_of(await place.caller.get(f"/v1/meetings/{meeting}/roll/{student}"))
        assert told[student] == [step["number"] for step in record["history"]]
        assert told[student] == list(range(1, record["entry"]["revision"] + 1))
