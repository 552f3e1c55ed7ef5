"""The program of `docs/consume-events.md` does on the real Kafka what the page says."""

import asyncio
import json
import re
import secrets
import sys
from pathlib import Path

from attendance.outbox import make_producer
from deploy.local.stack import LocalStack
from tests.attendance.test_events import EXAMPLES, pinned
from tests.attendance.topics import create_topic

PAGE = (Path(__file__).parents[2] / "docs" / "consume-events.md").read_text(encoding="utf-8")


async def test_the_program_prints_each_change_once_and_goes_on_where_it_was(stack: LocalStack, tmp_path: Path) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    program = tmp_path / "follow.py"
    program.write_text(text, encoding="utf-8")
    topic = f"docs-{secrets.token_hex(4)}.attendance.events"
    await create_topic(stack.kafka_bootstrap, topic)

    late = pinned("attendance.changed.v1.late.json")
    closed = pinned("meeting.closed.v1.json")
    unknown = {**closed, "type": "org.rollcall.later.v1"}
    corrected = {**late, "data": {**late["data"], "revision": 9, "status": "present", "provisional": False}}
    await send(stack.kafka_bootstrap, topic, late, late, closed, unknown)
    student, meeting = late["data"]["student_id"], closed["data"]["meeting_id"]
    first = await run(program, stack.kafka_bootstrap, topic)
    assert sorted(line.split(" {")[0] for line in first) == sorted(
        [f"{student} late (provisional)", f"meeting {meeting}"]
    )
    await send(stack.kafka_bootstrap, topic, corrected)
    assert await run(program, stack.kafka_bootstrap, topic) == [f"{student} present"]


def test_every_type_of_event_that_is_pinned_is_on_the_page() -> None:
    types = {json.loads(path.read_text())["type"] for path in EXAMPLES.glob("*.json")}
    assert types
    assert not [each for each in types if each not in PAGE]


def test_every_field_of_a_sighting_is_on_the_page() -> None:
    fields = pinned("sighting.v1.decided.json")["data"]
    assert not [field for field in fields if f"`{field}`" not in PAGE]


async def send(bootstrap: str, topic: str, *events: dict[str, object]) -> None:
    producer = make_producer(bootstrap, client_id="test")
    await producer.start()
    for event in events:
        await producer.send_and_wait(topic, key=str(event["subject"]).encode(), value=json.dumps(event).encode())
    await producer.stop()


async def run(program: Path, bootstrap: str, topic: str) -> list[str]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), bootstrap, topic, "--once", stdout=pipe, stderr=pipe
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode().splitlines()
