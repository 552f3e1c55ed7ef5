"""A campus puts a new calibration in place while a worker runs."""

import asyncio
import dataclasses
from pathlib import Path

from recognition.scoring import shipped_calibration
from tests.system.conftest import MakeCampus, MakeWorkers
from tests.system.waiting import until


async def test_a_new_calibration_reaches_a_running_worker_and_one_that_cannot_be_used_does_not(
    make_campus: MakeCampus, make_workers: MakeWorkers, tmp_path: Path
) -> None:
    campus, path = make_campus(), tmp_path / "campus.npz"
    shipped = shipped_calibration()
    shipped.save(path)
    workers = make_workers(campus, ROLLCALL_CALIBRATION=str(path))
    await campus.prepare()
    workers.start()
    await workers.ready()
    worker = workers.running["one"]

    async def is_refused() -> bool:
        assert worker.poll() is None
        return "can't be used" in workers.log_file("one").read_text()

    path.write_bytes(b"no calibration")
    await until(is_refused)
    dataclasses.replace(shipped, offset=shipped.offset + 1.0).save(path)
    assert await asyncio.to_thread(worker.wait, 60) == 0
    workers.start()
    await workers.ready()
