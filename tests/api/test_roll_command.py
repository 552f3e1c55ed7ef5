"""`rollcall roll`, typed against a server of its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from attendance.settings import ConnectionSettings
from tests.api.callers import Caller, body_of
from tests.api.school import School, an_id
from tests.api.serving import environment_of, serving
from tests.attendance.databases import free_port

ROLLCALL = str(Path(sys.executable).parent / "rollcall")
Typed = Callable[..., Awaitable["subprocess.CompletedProcess[str]"]]


@dataclass(frozen=True)
class Lesson:
    meeting: str
    student: str
    teacher: str
    student_token: str


@pytest.fixture(scope="module")
def url(places: ConnectionSettings, administrator_token: str) -> Iterator[str]:
    assert administrator_token  # the database is initialised
    with serving(environment_of(places)) as server:
        yield server.url


@pytest.fixture(scope="module")
def typed(url: str, places: ConnectionSettings) -> Typed:
    async def run(*words: str, token: str, api: str = url) -> "subprocess.CompletedProcess[str]":
        return await asyncio.to_thread(
            subprocess.run,
            [ROLLCALL, "roll", *words],
            env=os.environ | {"ROLLCALL_API": api, "ROLLCALL_TOKEN": token, "COLUMNS": "80"},
            cwd=places.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
async def lesson(school: School) -> Lesson:
    """A meeting that is on, with one student."""
    student = await school.student("Łucja", "Nowak")
    class_id = await school.class_(student)
    now = datetime.now(UTC)
    starts, ends = (now - timedelta(minutes=2)).isoformat(), (now + timedelta(minutes=40)).isoformat()
    meeting = await school.meeting(class_id, starts, ends)
    return Lesson(meeting, student, await school.token("teacher", class_id), await school.token("student", student))


async def test_a_roll_is_shown_set_confirmed_and_what_was_said_taken_back(typed: Typed, lesson: Lesson) -> None:
    who = (lesson.meeting, lesson.student)
    done = await typed("set", *who, "late", "--reason", "the bus", token=lesson.teacher)
    assert (done.returncode, done.stdout) == (0, "late (revision 1)\n")
    assert (await typed("set", *who, "absent", token=lesson.teacher)).stdout == "absent (revision 2)\n"
    assert (await typed("confirm", *who, token=lesson.teacher)).stdout == "absent (revision 2)\n"
    assert (await typed("confirm", lesson.meeting, token=lesson.teacher)).stdout == "0 confirmed\n"
    assert (await typed("undo", *who, token=lesson.teacher)).stdout == "late (revision 3)\n"
    shown = (await typed("show", lesson.meeting, token=lesson.teacher)).stdout
    (line,) = [each for each in shown.splitlines() if lesson.student in each]
    assert [part.strip() for part in line.split("│")[1:4]] == ["Łucja Nowak", "late", "manual"]


async def test_a_code_is_shown_to_the_teacher_and_given_by_the_student(
    typed: Typed, lesson: Lesson, administrator: Caller
) -> None:
    code = (await typed("code", lesson.meeting, token=lesson.teacher)).stdout.strip()
    given = await typed("check-in", code, token=lesson.student_token)
    assert (given.returncode, given.stdout) == (0, "present, by code\n")
    (entry,) = body_of(await administrator.get(f"/v1/meetings/{lesson.meeting}/roll"))["entries"]
    assert (entry["status"], entry["method"]) == ("present", "code")


async def test_what_the_api_refuses_is_told_in_its_words(typed: Typed, lesson: Lesson) -> None:
    for words, token, told in (
        (("set", lesson.meeting, lesson.student, "excused"), lesson.teacher, "excused"),
        (("show", an_id()), lesson.teacher, "not_found"),
        (("confirm", lesson.meeting), lesson.student_token, "forbidden"),
        (("show", lesson.meeting), "rc_nobody", "not_authenticated"),
        (("show", lesson.meeting), "ключ", "ROLLCALL_TOKEN"),
        (("check-in", "AAAAAA"), lesson.student_token, "code"),
        (("show", "7"), lesson.teacher, "no id"),
        (("show", lesson.meeting), "", "ROLLCALL_TOKEN"),
    ):
        done = await typed(*words, token=token)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("error: ")
        assert told in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("api", "told"), [("http://127.0.0.1:{port}", "can't be reached"), ("nonsense", "ROLLCALL_API")]
)
async def test_an_api_that_is_not_there_is_said(typed: Typed, lesson: Lesson, api: str, told: str) -> None:
    done = await typed("show", lesson.meeting, token=lesson.teacher, api=api.format(port=free_port()))
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
