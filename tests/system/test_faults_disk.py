"""A database whose disk is full: frames wait, and nothing is refused or lost for it."""

import pytest

from tests.system.conftest import MakeCampus, MakeWorkers
from tests.system.lecture import Lecture
from tests.system.outcome import Outcome, outcome_of
from tests.system.waiting import until
from tests.system.wire import FullDisk

# So many refused writes: a worker that gave up on the first would be gone by then, and one that dead-letters too.
ENOUGH = 6


@pytest.mark.parametrize("error_of", ["command", "write"])
async def test_a_full_disk_is_waited_out_as_a_database_that_is_away(
    make_campus: MakeCampus, make_workers: MakeWorkers, lecture: Lecture, undisturbed: Outcome, error_of: str
) -> None:
    campus = make_campus()
    async with FullDisk.before(campus.connection.mongo_url) as disk:
        workers = make_workers(campus, MONGO_URL=disk.url)
        await campus.prepare()
        await lecture.school.plant(campus.store)
        workers.start()
        await workers.ready()
        disk.by_write = error_of == "write"
        disk.full = frozenset({"partitions", "records", "coverage", "progress", "tracks", "meetings"})
        await campus.produce(lecture.all)

        async def enough_are_refused() -> bool:
            return disk.refused >= ENOUGH

        await until(enough_are_refused)
        # Some of it has room again: what is written of a frame is then half of it.
        disk.full, disk.refused = frozenset({"records", "tracks"}), 0
        await until(enough_are_refused)
        assert workers.running["one"].poll() is None, "the worker ended"
        disk.full = frozenset()
        assert await outcome_of(campus, lecture.school, letters=len(lecture.refused)) == undisturbed
        assert workers.running["one"].poll() is None, "the worker ended"
