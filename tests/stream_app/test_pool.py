"""The recognition pool, with real processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from recognition import Glance, PictureLimits, UnknownEngine, glance_with
from stream_app.messages import Refused
from stream_app.pool import RecognitionPool, look_patiently
from tests.stream_app.looks import SEEN, look


async def look_in(pool: RecognitionPool, picture: bytes) -> Glance:
    async with pool.free_process() as process:
        return await look_patiently(process, picture, 40, None)


@pytest.fixture(scope="module")
def pool() -> Iterator[RecognitionPool]:
    pool = RecognitionPool(look, size=2, deadline_s=60)
    yield pool
    pool.stop()


async def test_a_sound_picture_is_looked_at(pool: RecognitionPool) -> None:
    assert await look_in(pool, b"see") == SEEN


async def test_a_picture_that_ends_its_process_is_refused_after_three_tries(
    pool: RecognitionPool, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as refused:
        await look_in(pool, f"die {tmp_path / 'tries'}".encode())
    assert refused.value.code == "recognition_crashed"
    assert refused.value.tries == 3
    assert (tmp_path / "tries").read_text() == "..."


async def test_the_blame_for_a_dead_process_falls_on_no_picture_beside_it(pool: RecognitionPool) -> None:
    bad = asyncio.gather(*(look_in(pool, b"die") for _ in range(3)), return_exceptions=True)
    good = await asyncio.gather(*(look_in(pool, b"see") for _ in range(10)))
    assert good == [SEEN] * 10
    assert all(isinstance(result, Refused) for result in await bad)


async def test_a_process_that_died_once_is_forgiven(pool: RecognitionPool, tmp_path: Path) -> None:
    assert await look_in(pool, f"die-once {tmp_path / 'tries'}".encode()) == SEEN


async def test_a_picture_that_never_ends_is_refused_by_the_deadline_and_its_processes_are_ended(tmp_path: Path) -> None:
    pool = RecognitionPool(look, size=1, deadline_s=2)
    try:
        with pytest.raises(Refused) as refused:
            await look_in(pool, f"hang {tmp_path / 'tries'}".encode())
    finally:
        pool.stop()
    assert refused.value.code == "recognition_timeout"
    assert refused.value.tries == 2


async def test_a_refused_picture_keeps_its_own_code(pool: RecognitionPool) -> None:
    with pytest.raises(Refused) as refused:
        await look_in(pool, b"refuse")
    assert refused.value.code == "not_a_picture"


async def test_the_real_engine_refuses_what_is_no_picture() -> None:
    pool = RecognitionPool(glance_with("face_recognition", PictureLimits()), size=1, deadline_s=30)
    try:
        with pytest.raises(Refused) as refused:
            await look_in(pool, b"this is text")
    finally:
        pool.stop()
    assert refused.value.code == "not_a_picture"


def test_an_engine_that_there_is_not_is_refused_at_the_start() -> None:
    with pytest.raises(UnknownEngine):
        glance_with("crystal_ball", PictureLimits())


async def test_a_process_that_died_with_nothing_to_do_is_replaced_and_nobody_is_blamed(tmp_path: Path) -> None:
    pool = RecognitionPool(look, size=1, deadline_s=60)
    try:
        await look_in(pool, f"pid {tmp_path / 'pid'}".encode())
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        assert await look_in(pool, b"see") == SEEN
        assert [await look_in(pool, b"see") for _ in range(5)] == [SEEN] * 5
    finally:
        pool.stop()


def test_a_killed_app_leaves_no_process_behind(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = (
        "import asyncio, sys\n"
        "from stream_app.pool import RecognitionPool\n"
        "from tests.stream_app.looks import look\n"
        "async def main():\n"
        "    pool = RecognitionPool(look, size=1, deadline_s=60)\n"
        "    async with pool.free_process() as process:\n"
        "        await process.look(b'pid ' + sys.argv[1].encode(), 40, None)\n"
        "        print('ready', flush=True)\n"
        "        await process.look(b'hang', 40, None)\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n"
    )
    path = tmp_path / "app.py"
    path.write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    app = subprocess.Popen([sys.executable, str(path), str(pid_file)], stdout=subprocess.PIPE, env=environment)
    assert app.stdout is not None
    assert app.stdout.readline() == b"ready\n"
    worker = int(pid_file.read_text())
    app.kill()
    app.wait()
    deadline = time.monotonic() + 10
    while psutil.pid_exists(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not psutil.pid_exists(worker)
