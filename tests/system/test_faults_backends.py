"""Database, broker and ingest that are killed, stopped or away, while a camera sends through ingest."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.stack import LocalStack
from tests.system.backends import NAMES, Backends
from tests.system.camera import PersistentCamera
from tests.system.campus import Campus
from tests.system.conftest import MakeCampus, MakeWorkers
from tests.system.disturbing import LONGER_THAN_THE_SESSION
from tests.system.lecture import Lecture
from tests.system.outcome import Outcome, outcome_of
from tests.system.workers import paused

# The camera's pace while something may happen; afterwards it sends what is left at once.
EVERY_SECONDS = 0.7


@pytest.fixture(scope="module")
async def own_stack() -> AsyncIterator[LocalStack]:
    """Kafka and the database of this module alone."""
    home = Path(tempfile.mkdtemp(prefix="rollcall-"))
    stack = LocalStack.on_free_ports(home)
    try:
        await stack.start_backends()
        yield stack
    finally:
        await stack.stop()
        shutil.rmtree(home)


class Mishaps:
    """What befalls the backends and ingest."""

    def __init__(self, campus: Campus, backends: Backends) -> None:
        self._campus = campus
        self._backends = backends

    async def ingest_killed(self) -> None:
        self._campus.kill("ingest")
        await asyncio.to_thread(self._campus.start, "ingest")

    async def database_killed(self) -> None:
        self._backends.kill("database")

    async def broker_killed(self) -> None:
        self._backends.kill("kafka")

    async def ingest_stopped(self) -> None:
        with paused(self._campus.processes["ingest"].pid):
            await asyncio.sleep(LONGER_THAN_THE_SESSION)

    async def database_stopped(self) -> None:
        await self._backends.pause("database", seconds=LONGER_THAN_THE_SESSION)

    async def broker_stopped(self) -> None:
        await self._backends.pause("kafka", seconds=LONGER_THAN_THE_SESSION)

    async def all_stopped(self) -> None:
        with paused(self._campus.processes["ingest"].pid):
            await self._backends.pause(*NAMES, seconds=LONGER_THAN_THE_SESSION)

    async def both_away(self) -> None:
        await self._backends.be_away(*NAMES, seconds=2)

    async def database_away_for_a_minute(self) -> None:
        await self._backends.be_away("database", seconds=60)

    async def broker_away_for_a_minute(self) -> None:
        await self._backends.be_away("kafka", seconds=60)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param("ingest_killed database_killed broker_killed all_stopped both_away", id="each once"),
        pytest.param("ingest_stopped database_stopped broker_stopped", id="stops", marks=pytest.mark.long),
        pytest.param("database_away_for_a_minute broker_away_for_a_minute", id="away", marks=pytest.mark.long),
        pytest.param(" ".join(["database_killed", "broker_killed"] * 4), id="kills", marks=pytest.mark.long),
    ],
)
async def test_whatever_befalls_the_backends_records_and_events_are_those_of_a_quiet_day(
    own_stack: LocalStack,
    make_campus: MakeCampus,
    make_workers: MakeWorkers,
    lecture: Lecture,
    undisturbed: Outcome,
    names: str,
) -> None:
    campus, backends = make_campus(own_stack), Backends(own_stack)
    workers = make_workers(campus)
    await campus.prepare()
    await lecture.school.plant(campus.store)
    workers.start()
    await asyncio.to_thread(campus.start, "ingest")
    await workers.ready()
    # Ingest refuses these itself; by this way they reach the topic.
    await campus.produce([frame for frame, _ in lecture.refused])
    camera, is_over = await PersistentCamera.of(campus, lecture.school.camera.id), asyncio.Event()
    sending = asyncio.create_task(_send(camera, lecture, is_over))
    mishaps = Mishaps(campus, backends)
    async with workers.supervised():
        for name in names.split():
            await getattr(mishaps, name)()
            await backends.healthy()
        is_over.set()
        await sending
        outcome = await outcome_of(campus, lecture.school, letters=len(lecture.refused))
    await camera.close()
    assert camera.resends, "nothing of what happened reached the camera"
    assert outcome == undisturbed


async def _send(camera: PersistentCamera, lecture: Lecture, is_over: asyncio.Event) -> None:
    for frame in lecture.sound:
        await camera.send(frame)
        if not is_over.is_set():
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await is_over.wait()
            except TimeoutError:
                continue
