"""Every consumer of `docs/consume-events.md` counts the same on the real Kafka, run as it is written there."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from attendance.outbox import make_producer
from attendance.settings import ConnectionSettings
from deploy.init import Initialised, initialise
from deploy.topics import TopicSettings
from tests.api.school import School
from tests.api.serving import Server, environment_of, serving

PAGE = (Path(__file__).parents[2] / "docs" / "consume-events.md").read_text(encoding="utf-8")
PROGRAMS = {name: text for text, name in re.findall(r"```python\n(# (\w+\.py)\n.*?)```", PAGE, re.DOTALL)}
LINES = "\n".join(re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL))
PARTITIONS = 8
TOOLS = ("curl", "jq", "kcat")
# Kafka waits a minute for a Faust that was killed, before it gives its partitions to the next.
FAUST_SILENT_SECONDS = 200
SCRIPTS = Path(sys.executable).parent


@pytest.fixture(scope="module")
async def initialised(places: ConnectionSettings) -> Initialised:
    """Topics as they are by default: Faust's table has to have as many partitions."""
    return await initialise(places, TopicSettings(attendance_events_partitions=PARTITIONS))


@pytest.fixture(scope="module")
def environment(places: ConnectionSettings, administrator_token: str) -> dict[str, str]:
    return environment_of(places) | {
        "TOKEN": administrator_token,
        "KAFKA": places.kafka_bootstrap,
        "TOPIC": places.topics.attendance_events,
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
    }


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[Server]:
    with serving(environment) as started:
        yield started


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the page's programs."""
    for name, text in PROGRAMS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
async def absences(school: School, places: ConnectionSettings) -> dict[str, int]:
    """Absences of three new students in three meetings, some taken back; all on Kafka, and all told twice there."""
    students = [await school.student() for _ in range(3)]
    class_id = await school.class_(*students)
    for day in (2, 9, 16):
        meeting = await school.meeting(class_id, f"2026-03-{day:02}T10:00:00Z", f"2026-03-{day:02}T10:50:00Z")
        for student in students:
            await school.mark(meeting, student, "absent")
        await school.mark(meeting, students[0], "excused")
        if day == 9:
            await school.mark(meeting, students[1], "present")
    await tell_again(places, await on_kafka(places, *students, count=13))
    return {students[1]: 2, students[2]: 3}


async def miss_another(school: School, places: ConnectionSettings, student: str) -> None:
    meeting = await school.meeting(await school.class_(student), "2026-03-23T10:00:00Z", "2026-03-23T10:50:00Z")
    await school.mark(meeting, student, "absent")
    while not [event for event in await on_kafka(places, student) if event["data"]["meeting_id"] == meeting]:
        pass


async def on_kafka(places: ConnectionSettings, *students: str, count: int = 0) -> list[dict[str, Any]]:
    """Give what the topic has of these students, once it is so much."""
    command = [str(SCRIPTS / "rollcall"), "events", "tail", "--all", "--once"]
    while True:
        lines = await run(command, environment_of(places), Path.cwd())
        events = [event for line in lines if (event := json.loads(line))["subject"] in students]
        if len(events) >= count:
            return events


async def tell_again(places: ConnectionSettings, events: list[dict[str, Any]]) -> None:
    """Send events once more, and one of a type that nobody knows yet."""
    later = {"type": "org.rollcall.later.v1", "id": "1", "subject": "nobody", "data": {}}
    producer = make_producer(places.kafka_bootstrap, client_id="test")
    await producer.start()
    for event in (*events, later):
        await producer.send_and_wait(
            places.topics.attendance_events,
            key=event["subject"].encode(),
            value=json.dumps(event, separators=(",", ":")).encode(),
        )
    await producer.stop()


async def forget_what_is_old(places: ConnectionSettings) -> None:
    """Delete all that the topic has, as Kafka does with what is older than 30 days."""
    partitions = [TopicPartition(places.topics.attendance_events, number) for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=places.kafka_bootstrap, enable_auto_commit=False)
    admin = AIOKafkaAdminClient(bootstrap_servers=places.kafka_bootstrap)
    await consumer.start()
    await admin.start()
    try:
        ends = await consumer.end_offsets(partitions)
        await admin.delete_records({place: RecordsToDelete(before_offset=end) for place, end in ends.items()})
    finally:
        await admin.close()
        await consumer.stop()


async def run(command: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    ran = await asyncio.to_thread(
        subprocess.run, command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout.splitlines()


def counts(lines: list[str], students: Iterable[str]) -> list[tuple[str, int]]:
    """Read what consumers printed of these students, in order."""
    pairs = [re.fullmatch(r"([0-9a-f-]{36}) (\d+)", line) for line in lines]
    return [(pair[1], int(pair[2])) for pair in pairs if pair and pair[1] in students]


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}")
async def test_every_line_of_the_page_works_in_its_order_and_each_consumer_counts_the_same(
    server: Server, environment: dict[str, str], programs: Path, absences: dict[str, int]
) -> None:
    command = ["bash", "-c", f"set -euo pipefail\n{LINES}"]
    lines = await run(command, environment | {"API": server.url}, programs)
    consumers = len(re.findall(r"^(?:python3 \w+\.py|.*jq -rs|.*\| python3)", LINES, re.MULTILINE))
    assert consumers == 6
    assert Counter(counts(lines, absences)) == dict.fromkeys(absences.items(), consumers)


async def test_a_consumer_that_was_killed_goes_on_where_it_was(
    programs: Path, environment: dict[str, str], school: School, places: ConnectionSettings, absences: dict[str, int]
) -> None:
    follow = python("absences.py", "follow", environment["KAFKA"], environment["TOPIC"])
    process = await asyncio.create_subprocess_exec(*follow, env=environment, cwd=programs)
    while not has_some(programs / "absences.db"):
        await asyncio.sleep(0.01)
    process.kill()
    await process.wait()
    first = next(iter(absences))
    await miss_another(school, places, first)
    lines = await run([*follow, "--once"], environment, programs)
    assert dict(counts(lines, absences)) == absences | {first: absences[first] + 1}


def has_some(path: Path) -> bool:
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(sqlite3.connect(path)) as db:
        return bool(db.execute("SELECT count(*) FROM latest").fetchone()[0])
    return False


async def faust_counts(
    environment: dict[str, str], folder: Path, students: Iterable[str]
) -> AsyncGenerator[tuple[str, int], None]:
    """Give what the page's Faust program prints, until it says nothing for long; it is killed then, or before."""
    process = await asyncio.create_subprocess_exec(
        *python("absences_faust.py"), env=environment, cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        with contextlib.suppress(TimeoutError):
            while True:
                line = await asyncio.wait_for(process.stdout.readline(), FAUST_SILENT_SECONDS)
                assert line, "faust ended"
                for pair in counts([line.decode().strip()], students):
                    yield pair
    finally:
        process.kill()
        await process.wait()


async def test_faust_counts_each_students_absences_once_and_finds_its_table_again_after_a_kill(
    programs: Path, environment: dict[str, str], school: School, places: ConnectionSettings, absences: dict[str, int]
) -> None:
    seen: dict[str, int] = {}
    for _ in range(2):
        while {student: seen.get(student) for student in absences} != absences:
            async with contextlib.aclosing(faust_counts(environment, programs, absences)) as printed:
                async for student, count in printed:
                    seen[student] = count
                    if {student: seen.get(student) for student in absences} == absences:
                        break
        first = next(iter(absences))
        await miss_another(school, places, first)
        absences = absences | {first: absences[first] + 1}


async def test_what_the_topic_no_longer_has_comes_from_the_api_and_is_not_counted_twice(
    server: Server,
    programs: Path,
    environment: dict[str, str],
    school: School,
    places: ConnectionSettings,
    absences: dict[str, int],
) -> None:
    await forget_what_is_old(places)
    first = next(iter(absences))
    await miss_another(school, places, first)
    follow = python("absences.py", "follow", environment["KAFKA"], environment["TOPIC"], "--once")
    of_topic = await run(follow, environment, programs)
    assert dict(counts(of_topic, absences)) == {first: 1}
    for command in (python("absences.py", "history", server.url), follow):
        lines = await run(command, environment, programs)
        assert dict(counts(lines, absences)) == absences | {first: absences[first] + 1}
