"""`rollcall events tail`: the events of the topic as lines of JSON, chosen by what they say."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from attendance.settings import ConnectionSettings
from tests.api.callers import Caller, body_of
from tests.api.school import School
from tests.api.serving import environment_of

COMMAND = [str(Path(sys.executable).with_name("rollcall")), "events", "tail"]
PIPE = asyncio.subprocess.PIPE


@pytest.fixture(scope="module")
async def told(school: School, administrator: Caller, places: ConnectionSettings) -> list[dict[str, Any]]:
    """Three changes of two students, on Kafka."""
    students = [await school.student() for _ in range(2)]
    meeting = await school.meeting(await school.class_(*students))
    for student in students:
        await school.mark(meeting, student, "absent")
    await school.mark(meeting, students[0], "late")
    items: list[dict[str, Any]] = body_of(await administrator.get("/v1/events"))["items"]
    lines: list[str] = []
    while len(lines) < len(items):
        lines, err, code = await run(places, "--all", "--once")
        assert code == 0, err
    return items


@asynccontextmanager
async def started(places: ConnectionSettings, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, env=environment_of(places), stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def run(places: ConnectionSettings, *arguments: str) -> tuple[list[str], str, int | None]:
    async with started(places, *arguments) as process:
        out, err = await process.communicate()
    return out.decode().splitlines(), err.decode(), process.returncode


async def test_all_that_kafka_has_comes_as_the_bytes_that_it_has(
    places: ConnectionSettings, told: list[dict[str, Any]]
) -> None:
    lines, _, code = await run(places, "--all", "--once")
    assert code == 0
    assert sorted(lines) == sorted(json.dumps(event, separators=(",", ":")) for event in told)


async def test_events_are_chosen_by_what_they_say(places: ConnectionSettings, told: list[dict[str, Any]]) -> None:
    (third,) = (event for event in told if event["data"]["revision"] == 2)
    (first,) = (event for event in told if event["subject"] == third["subject"] and event is not third)
    (second,) = (event for event in told if event["subject"] != third["subject"])
    of = first["data"]
    for arguments, expected in {
        ("--student", of["student_id"], "--meeting", of["meeting_id"]): [first, third],
        ("--status", "absent", "--class", of["class_id"], "--type", "attendance.changed.v1"): [first, second],
        ("--student", of["student_id"], "--status", "late", "--since", "2000-01-01T00:00:00Z"): [third],
        ("--type", "org.rollcall.meeting.closed.v1"): [],
    }.items():
        begin = () if "--since" in arguments else ("--all",)
        lines, err, _ = await run(places, *begin, "--once", *arguments)
        shown = sorted(json.loads(line)["id"] for line in lines)
        assert shown == sorted(event["id"] for event in expected), (arguments, err)
    assert (await run(places, "--once"))[0] == []


async def test_what_comes_is_printed_at_once_until_it_is_interrupted(
    places: ConnectionSettings, told: list[dict[str, Any]], school: School
) -> None:
    of = told[1]["data"]
    async with started(places, "--student", of["student_id"], "--since", "1s") as process:
        assert process.stdout
        line = asyncio.create_task(process.stdout.readline())
        status = "excused"
        while not line.done():  # it can't be seen from outside when the process has found its place
            await school.mark(of["meeting_id"], of["student_id"], status)
            status = "late" if status == "excused" else "excused"
            await asyncio.wait({line}, timeout=1)
        assert json.loads(await line)["data"]["student_id"] == of["student_id"]
        process.send_signal(2)
        assert await process.wait() == 0
        assert process.stderr
        assert b"Traceback" not in await process.stderr.read()


async def test_a_reader_that_has_enough_may_close_the_pipe(
    places: ConnectionSettings, told: list[dict[str, Any]]
) -> None:
    assert told
    shell = f"{' '.join(COMMAND)} --all --once | head -n 1"
    process = await asyncio.create_subprocess_shell(shell, env=environment_of(places), stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    assert len(out.splitlines()) == 1
    assert b"Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "yesterday"], "neither an age"),
        (["--student", "7"], "no id"),
        (["--status", "asleep"], "asleep"),
    ],
)
async def test_an_option_that_cannot_be_is_refused(places: ConnectionSettings, arguments: list[str], said: str) -> None:
    _, err, code = await run(places, *arguments)
    assert code in (1, 2)
    assert said in err
    assert "Traceback" not in err


async def test_without_the_topic_it_says_how_it_comes_to_be(places: ConnectionSettings) -> None:
    missing = places.model_copy(update={"topic_prefix": f"none-{os.getpid()}."})
    _, err, code = await run(missing, "--once")
    assert code == 1
    assert "rollcall topics" in err
