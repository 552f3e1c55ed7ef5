"""`frames` gets more partitions between meetings, never fewer, and not while one is on."""

import asyncio
import os
import secrets
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from attendance.ids import new_id
from attendance.meetings import Meeting
from attendance.settings import ConnectionSettings
from attendance.store import Store
from attendance.store.cameras import Room
from deploy.frames_partitions import PartitionsStay, grow_frames
from deploy.local.stack import LocalStack
from deploy.topics import TopicSettings, ensure_topics

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def site(stack: LocalStack, *starts: timedelta) -> ConnectionSettings:
    """Give an installation with two partitions and meetings of an hour that start so long after now."""
    mark = secrets.token_hex(4)
    connection = stack.settings.model_copy(update={"topic_prefix": f"grow-{mark}.", "database": f"grow_{mark}"})
    await ensure_topics(connection, TopicSettings(frames_partitions=2))
    store = Store(connection)
    room = new_id()
    await store.cameras.add_room(Room(room, "Hall"))
    for start in starts:
        begin = NOW + start
        await store.meetings.add(Meeting(new_id(), new_id(), (room,), begin, begin + timedelta(hours=1), "UTC"))
    store.close()
    return connection


async def frames_fit(connection: ConnectionSettings, partitions: int) -> bool:
    return not (await ensure_topics(connection, TopicSettings(frames_partitions=partitions)))[0].differences


async def test_between_meetings_the_number_grows(stack: LocalStack) -> None:
    connection = await site(stack, timedelta(hours=2))
    assert await grow_frames(connection, 5, force=False, now=NOW) == 2
    assert await frames_fit(connection, 5)
    assert await grow_frames(connection, 5, force=False, now=NOW) == 5


@pytest.mark.parametrize("start", [timedelta(minutes=9), timedelta(minutes=-30), timedelta(hours=-3)])
async def test_while_a_meeting_is_on_or_waits_for_its_close_it_stays_and_says_why(
    stack: LocalStack, start: timedelta
) -> None:
    connection = await site(stack, start)
    with pytest.raises(PartitionsStay, match=r"the meeting .* (is on until|not closed yet).*--force"):
        await grow_frames(connection, 5, force=False, now=NOW)
    assert await frames_fit(connection, 2)
    assert await grow_frames(connection, 5, force=True, now=NOW) == 2
    assert await frames_fit(connection, 5)


async def test_it_never_shrinks_even_by_force(stack: LocalStack) -> None:
    connection = await site(stack)
    with pytest.raises(PartitionsStay, match="can't take any away"):
        await grow_frames(connection, 1, force=True, now=NOW)


async def test_the_command_grows_it_and_tells_a_refusal_in_a_sentence(stack: LocalStack) -> None:
    connection = await site(stack)
    environment = {
        **os.environ,
        "KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
        "MONGO_URL": stack.mongo_url,
        "ROLLCALL_DATABASE": connection.database,
        "ROLLCALL_TOPIC_PREFIX": connection.topic_prefix,
    }
    rollcall = Path(sys.executable).with_name("rollcall")

    async def topics(partitions: int) -> tuple[int | None, str]:
        command = (rollcall, "topics", "--partitions", str(partitions))
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)
        out, err = await process.communicate()
        return process.returncode, (out + err).decode()

    code, said = await topics(3)
    assert code == 0, said
    assert "2 partitions before, 3 now" in said
    assert await frames_fit(connection, 3)
    code, said = await topics(1)
    assert code == 1
    assert said.startswith("error: ")
    assert "can't take any away" in said
