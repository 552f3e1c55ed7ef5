"""A lecture before a camera that nobody had registered: replayed once it is, it is on the roll."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attendance.ids import new_id
from attendance.status import Status
from ingest.contract import Frame
from tests.system.campus import Campus
from tests.system.conftest import MakeCampus
from tests.system.pictures import hopper, jpeg
from tests.system.school import School
from tests.system.waiting import until


def dead(campus: Campus, *arguments: str) -> str:
    command = [str(Path(sys.executable).with_name("rollcall")), "dead", *arguments]
    done = subprocess.run(command, env=campus.environment, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


async def test_frames_of_a_camera_that_was_registered_later_count_for_the_minute_in_which_they_were_taken(
    make_campus: MakeCampus,
) -> None:
    campus, school = make_campus(), School.of("replay", minutes=10)
    await campus.prepare()
    await school.plant(campus.store)
    late = replace(school.camera, id=new_id())
    moment = school.meeting.start + timedelta(minutes=1)
    picture = jpeg(hopper())
    frames = [
        Frame(f"late-{number}", late.id, moment + timedelta(seconds=number), "image/jpeg", picture)
        for number in range(4)
    ]
    await campus.produce([*frames, Frame("never", new_id(), datetime.now(UTC), "image/jpeg", picture)])
    campus.start("stream")
    assert len(await campus.read(campus.connection.topics.frames_dead, 5)) == 5
    await campus.store.cameras.add(late)
    said = await asyncio.to_thread(dead, campus, "replay", "--reason", "unknown_camera", "--yes")
    assert "sent 5 frames" in said

    async def is_on_the_roll() -> bool:
        record = await campus.store.records.get(school.meeting.id, school.students["hopper"])
        return record is not None and record.status is Status.PRESENT

    await until(is_on_the_roll)
    # Five letters, five receipts, and the one frame whose camera is still nobody's.
    assert len(await campus.read(campus.connection.topics.frames_dead, 11)) == 11
    again = await asyncio.to_thread(dead, campus, "replay", "--yes")
    assert "nothing to replay" in again
