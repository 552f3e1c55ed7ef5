"""Every command of `docs/correct.md`, run as it is written against a server of its own."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from attendance import rules
from attendance.coverage import Coverage
from attendance.records import Record, Sighting
from attendance.settings import ConnectionSettings
from attendance.store import Store
from tests.api.callers import Caller
from tests.api.school import School, an_id
from tests.api.serving import environment_of, serving

PAGE = (Path(__file__).parents[2] / "docs" / "correct.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def url(places: ConnectionSettings, administrator_token: str) -> Iterator[str]:
    assert administrator_token  # the database is initialised
    with serving(environment_of(places)) as server:
        yield server.url


async def a_student_who_came_late(store: Store, meeting_id: str, student_id: str) -> None:
    meeting = await store.meetings.get(meeting_id)
    moment = meeting.start + timedelta(minutes=20)
    sighting = Sighting(an_id(), student_id, an_id(), moment, moment, 0.9, 1)
    whole = Coverage(((meeting.opens_at, meeting.end),))

    def decide(record: Record | None) -> Record | None:
        return rules.see(record, sighting, meeting, counts_from=meeting.opens_at, coverage=whole, now=moment)

    await store.records.change(meeting, student_id, decide, now=moment)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_every_line_of_the_page_works_in_its_order(
    url: str, school: School, app: FastAPI, administrator_token: str, administrator: Caller
) -> None:
    student = await school.student()
    class_id, room = await school.class_(student), await school.room()
    meeting = await school.meeting(class_id)
    await a_student_who_came_late(app.state.services.store, meeting, student)
    now = datetime.now(UTC)
    starts, ends = (now - timedelta(minutes=2)).isoformat(), (now + timedelta(minutes=40)).isoformat()
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "API": url,
        "TOKEN": await school.token("teacher", class_id),
        "REGISTRAR": await school.token("registrar"),
        "STUDENT_TOKEN": await school.token("student", student),
        "MEETING": meeting,
        "STUDENT": student,
        "ROOM": room,
        "NOW_ON": await school.meeting(class_id, starts, ends, room_ids=[room]),
        "SPLIT_AT": (now + timedelta(minutes=20)).isoformat(),
    }
    ran = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(BLOCKS)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert "excused (revision 3)" in ran.stdout
    for word in ("confirmation", "undo", '"excused"', '"code"', '"second"', '"denied":1'):
        assert word in ran.stdout
