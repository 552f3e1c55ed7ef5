"""Workers that are killed, stopped and joined by others in mid-lecture: the same records and the same events."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.system.conftest import MakeCampus, MakeWorkers
from tests.system.disturbing import LONGER_THAN_THE_SESSION, Fault, disturbed
from tests.system.lecture import Lecture
from tests.system.outcome import Outcome, outcome_of
from tests.system.workers import Workers, paused

# The lecture's frames come so fast while two processes throw each other out, once a second or so.
PACE = 0.3


class Mishaps:
    """What befalls workers, by the name of the one at work."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._newest = 1

    async def recogniser_killed(self, at_work: str) -> None:
        await self._workers.kill_pool_process(at_work)

    async def recogniser_stopped(self, at_work: str) -> None:
        with paused((await self._workers.pool_process(at_work)).pid):
            await asyncio.sleep(LONGER_THAN_THE_SESSION)

    async def another_comes(self, _at_work: str) -> None:
        self._newest += 1
        self._workers.start(str(self._newest))
        await self._workers.ready(str(self._newest))

    async def stopped(self, at_work: str) -> None:
        with paused(self._workers.running[at_work].pid):
            await asyncio.sleep(LONGER_THAN_THE_SESSION)

    async def killed(self, at_work: str) -> None:
        self._workers.kill(at_work)

    async def leaves(self, at_work: str) -> None:
        assert await self._workers.stop(at_work) == 0

    async def killed_and_started(self, at_work: str) -> None:
        self._workers.kill(at_work)
        await self.another_comes(at_work)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(
            "recogniser_killed another_comes stopped killed another_comes recogniser_stopped leaves", id="each once"
        ),
        pytest.param(" ".join(["another_comes", "leaves"] * 8), id="rebalances", marks=pytest.mark.long),
        pytest.param(" ".join(["another_comes", *["stopped"] * 4]), id="stops", marks=pytest.mark.long),
        pytest.param(" ".join(["killed_and_started"] * 5), id="kills", marks=pytest.mark.long),
        pytest.param(" ".join(["recogniser_killed"] * 12), id="recognisers", marks=pytest.mark.long),
        pytest.param(" ".join(["recogniser_stopped"] * 4), id="stopped recognisers", marks=pytest.mark.long),
    ],
)
async def test_whatever_befalls_workers_records_and_events_are_those_of_a_quiet_day(
    make_campus: MakeCampus, make_workers: MakeWorkers, lecture: Lecture, undisturbed: Outcome, names: str
) -> None:
    campus = make_campus()
    workers = make_workers(campus)
    await campus.prepare()
    await lecture.school.plant(campus.store)
    workers.start("1")
    await workers.ready("1")
    mishaps = Mishaps(workers)
    faults: list[Fault] = [getattr(mishaps, name) for name in names.split()]
    assert await disturbed(campus, workers, lecture, faults) == undisturbed


@pytest.mark.long
async def test_two_workers_with_one_id_on_two_machines_do_not_disturb_the_roll(
    make_campus: MakeCampus, make_workers: MakeWorkers, lecture: Lecture, undisturbed: Outcome, tmp_path: Path
) -> None:
    campus = make_campus(ROLLCALL_WORKER="worker-a")
    machines = [make_workers(campus, ROLLCALL_HOME=str(tmp_path / name)) for name in ("here", "there")]
    await campus.prepare()
    await lecture.school.plant(campus.store)
    async with AsyncExitStack() as supervisors:
        for number, workers in enumerate(machines):
            workers.start(str(number))
            await supervisors.enter_async_context(workers.supervised())
        for frame in lecture.all:
            await campus.produce([frame])
            await asyncio.sleep(PACE)
        outcome = await outcome_of(campus, lecture.school, letters=len(lecture.refused))
    assert outcome == undisturbed
