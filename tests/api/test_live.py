"""A roll followed live, from servers in processes of their own behind which one database stands."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api import live
from attendance.events import meeting_closed
from attendance.meetings import MeetingState
from attendance.settings import ConnectionSettings
from attendance.store import Store
from tests.api.callers import Caller, body_of, problem_of
from tests.api.school import School, an_id
from tests.api.serving import Server, environment_of, serving

PATIENCE_S = 60


@dataclass(frozen=True)
class Told:
    name: str
    data: Any
    id: str


class Stream:
    """Reads server-sent events off an answer."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def next(self) -> Told:
        """Give the next event; comments are passed over. Raises StopAsyncIteration at the end."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                fields = await self._block()
                if "data" in fields:
                    return Told(fields["event"], json.loads(fields["data"]), fields["id"])

    async def _block(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        while True:
            line = await anext(self._lines)
            if not line:
                return fields
            name, _, value = line.partition(": ")
            fields[name] = value

    async def rest(self) -> list[Told]:
        """Read to the end."""
        found: list[Told] = []
        while True:
            try:
                found.append(await self.next())
            except StopAsyncIteration:
                return found


@asynccontextmanager
async def following(
    server: Server, token: str, meeting: str, last: str | None = None, **options: Any
) -> AsyncIterator[Stream]:
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": last} if last is not None else {})
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S) as client,
        client.stream("GET", f"/v1/meetings/{meeting}/live", headers=headers, **options) as answer,
    ):
        yield Stream(answer)


@pytest.fixture(scope="module")
def servers(places: ConnectionSettings, administrator_token: str) -> Iterator[tuple[Server, Server]]:
    assert administrator_token  # the database is initialised
    with (
        serving(environment_of(places)) as one,
        serving(environment_of(places) | {"ROLLCALL_LIVE_STREAMS": "2"}) as other,
    ):
        yield one, other


@pytest.fixture
def store(app: FastAPI) -> Store:
    store: Store = app.state.services.store
    return store


@pytest.fixture
async def lecture(school: School) -> tuple[str, list[str]]:
    students = [await school.student("Ada"), await school.student("Alan", "Turing")]
    return await school.meeting(await school.class_(*students)), students


async def close(store: Store, meeting_id: str) -> None:
    meeting = await store.meetings.get(meeting_id)
    counts = await store.records.totals_of_meeting(meeting_id)
    event = meeting_closed(meeting, 1, taken=True, coverage=1, counts=counts, now=meeting.end)
    assert await store.meetings.close(meeting, MeetingState.CLOSED, event)


async def test_first_the_roll_then_each_change_whoever_made_it_then_the_close(
    servers: tuple[Server, Server],
    administrator: Caller,
    administrator_token: str,
    school: School,
    store: Store,
    lecture: tuple[str, list[str]],
) -> None:
    meeting, (ada, alan) = lecture
    await school.mark(meeting, ada, "late")
    async with following(servers[0], administrator_token, meeting) as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        first = await stream.next()
        assert first.name == "roll"
        assert first.data == body_of(await administrator.get(f"/v1/meetings/{meeting}/roll"))
        await school.mark(meeting, ada, "present")  # in this process
        change = await stream.next()
        assert (change.name, change.data["student_id"], change.data["revision"]) == ("change", ada, 2)
        assert change.data == body_of(await administrator.get(f"/v1/meetings/{meeting}/roll/{ada}"))["entry"]
        async with Caller.over_the_network(servers[1].url, administrator_token) as elsewhere:
            await School(elsewhere).mark(meeting, alan, "present")
        assert (await stream.next()).data["student_id"] == alan
        await close(store, meeting)
        closed, *more = await stream.rest()
        assert (closed.name, closed.data["counts"]["present"], more) == ("closed", 2, [])


async def test_changes_of_other_meetings_are_not_told(
    servers: tuple[Server, Server],
    administrator_token: str,
    school: School,
    lecture: tuple[str, list[str]],
) -> None:
    meeting, (ada, _) = lecture
    other = await school.meeting(await school.class_(ada))
    async with following(servers[0], administrator_token, meeting) as stream:
        await stream.next()
        await school.mark(other, ada, "late")
        await school.mark(meeting, ada, "present")
        assert (await stream.next()).data["status"] == "present"


async def test_who_comes_back_to_another_process_gets_what_they_missed_and_no_roll(
    servers: tuple[Server, Server],
    administrator_token: str,
    school: School,
    store: Store,
    lecture: tuple[str, list[str]],
) -> None:
    meeting, (ada, alan) = lecture
    async with following(servers[0], administrator_token, meeting) as stream:
        await stream.next()
        await school.mark(meeting, ada, "late")
        last = (await stream.next()).id
    await school.mark(meeting, alan, "late")
    await school.mark(meeting, alan, "present")
    async with following(servers[1], administrator_token, meeting, last) as stream:
        missed = await stream.next()
        assert (missed.name, missed.data["student_id"], missed.data["status"]) == ("change", alan, "present")
    await close(store, meeting)
    async with following(servers[0], administrator_token, meeting, missed.id) as stream:
        assert [told.name for told in await stream.rest()] == ["closed"]
    async with following(servers[0], administrator_token, meeting) as stream:
        (roll,) = await stream.rest()
        assert (roll.name, roll.data["meeting"]["state"]) == ("roll", "closed")
    async with following(servers[0], administrator_token, meeting, roll.id) as stream:
        assert stream.answer.status_code == 204, "a browser doesn't come back after it"


@pytest.mark.parametrize("last", ["", "x", "-1", "99999999", "9" * 40, "1.5"])
async def test_a_place_that_was_not_given_out_gets_the_whole_roll(
    servers: tuple[Server, Server], administrator_token: str, lecture: tuple[str, list[str]], last: str
) -> None:
    async with following(servers[0], administrator_token, lecture[0], last) as stream:
        assert (await stream.next()).name == "roll"


async def test_the_place_may_stand_in_the_address(
    servers: tuple[Server, Server],
    administrator_token: str,
    school: School,
    lecture: tuple[str, list[str]],
) -> None:
    meeting, (ada, _) = lecture
    async with following(servers[0], administrator_token, meeting) as stream:
        last = (await stream.next()).id
    await school.mark(meeting, ada, "present")
    async with following(servers[0], administrator_token, meeting, params={"last_event_id": last}) as stream:
        assert (await stream.next()).name == "change"


async def test_more_streams_than_there_are_places_for_are_refused_and_a_place_that_is_left_is_free(
    servers: tuple[Server, Server], administrator_token: str, lecture: tuple[str, list[str]]
) -> None:
    meeting = lecture[0]
    async with following(servers[1], administrator_token, meeting) as first:
        await first.next()
        async with following(servers[1], administrator_token, meeting) as second:
            await second.next()
            async with following(servers[1], administrator_token, meeting) as third:
                await third.answer.aread()
                problem_of(third.answer, 503, "busy")
                assert third.answer.headers["retry-after"]
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with following(servers[1], administrator_token, meeting) as stream:
                if stream.answer.status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def test_whoever_may_not_read_the_roll_may_not_follow_it(
    servers: tuple[Server, Server], school: School, lecture: tuple[str, list[str]]
) -> None:
    teacher = await school.token("teacher", await school.class_())
    for meeting in (lecture[0], an_id()):
        async with following(servers[0], teacher, meeting) as stream:
            await stream.answer.aread()
            problem_of(stream.answer, 404, "not_found")


async def test_told_to_stop_a_server_ends_its_streams_in_order(
    places: ConnectionSettings, administrator_token: str, lecture: tuple[str, list[str]]
) -> None:
    with serving(environment_of(places)) as server:
        async with following(server, administrator_token, lecture[0]) as stream:
            await stream.next()
            server.process.terminate()
            assert await stream.rest() == []  # the end of a whole answer: one that is cut off raises
        assert await asyncio.to_thread(server.process.wait, 30) in (0, -15)


@pytest.fixture
def quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.2)


class Reader:
    """Reads in this process, as slowly as a test wants: the app's own `send` waits for it."""

    def __init__(self, app: FastAPI, token: str, meeting: str) -> None:
        self._app = app
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": f"/v1/meetings/{meeting}/live",
            "raw_path": b"",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"authorization", f"Bearer {token}".encode())],
            "client": None,
            "server": None,
        }
        self.may_read = asyncio.Semaphore(0)
        self.read: asyncio.Queue[str] = asyncio.Queue()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                await self.may_read.acquire()
                self.read.put_nowait(bytes(message["body"]).decode())

        await self._app(self._scope, receive, send)

    async def next(self) -> str:
        self.may_read.release()
        async with asyncio.timeout(PATIENCE_S):
            return await self.read.get()

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


async def test_a_slow_reader_gets_what_changed_meanwhile_as_it_is_by_then(
    app: FastAPI, administrator_token: str, school: School, lecture: tuple[str, list[str]]
) -> None:
    meeting, (ada, _) = lecture
    reader = Reader(app, administrator_token, meeting)
    assert "event: roll" in await reader.next()
    for turn in range(20):
        await school.mark(meeting, ada, "late" if turn % 2 else "present")
    told = [await reader.next()]
    while '"revision":20' not in told[-1]:
        told.append(await reader.next())
    # Nothing was kept for it: one that was under way when it stopped reading, and what it is now.
    assert len(told) <= 2
    await reader.stop()


async def test_who_takes_nothing_for_too_long_is_let_go(
    app: FastAPI, administrator_token: str, lecture: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LONGEST_SEND_SECONDS", 0.1)
    reader = Reader(app, administrator_token, lecture[0])
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.wait([reader.task])
    assert app.state.services.streams._open == 0


@pytest.mark.usefixtures("quick_beats")
async def test_while_nothing_happens_it_says_that_it_is_still_there(
    app: FastAPI, administrator_token: str, lecture: tuple[str, list[str]]
) -> None:
    reader = Reader(app, administrator_token, lecture[0])
    await reader.next()
    assert await reader.next() == ": still here\n\n"
    await reader.stop()


@pytest.mark.usefixtures("quick_beats")
async def test_a_token_that_is_revoked_ends_its_streams(
    app: FastAPI, administrator: Caller, lecture: tuple[str, list[str]]
) -> None:
    made = body_of(await administrator.post("/v1/tokens", {"role": "registrar"}), 201)
    reader = Reader(app, made["token"], lecture[0])
    await reader.next()
    await administrator.delete(f"/v1/tokens/{made['id']}")
    while await reader.next():
        pass
    await asyncio.wait([reader.task])
    assert reader.task.exception() is None
