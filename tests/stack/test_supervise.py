"""The supervisor with small programs of its own: retries, orphans, refusals."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from supervisor import events

from deploy.local.processes import marked
from deploy.local.supervise import Program, Supervisor, SupervisorError
from deploy.supervisor_backoff import LONGEST_WAIT_S, BoundedBackoff
from tests.stack.waiting import until


@pytest.fixture
def home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="rollcall-"))
    yield home
    shutil.rmtree(home)


@pytest.fixture
def supervisor(home: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(home / "run", home / "logs", home)
    yield supervisor
    supervisor.shutdown(within_s=5)


def program(name: str, script: str, stop_wait_s: int = 2) -> Program:
    return Program(name, ["sh", "-c", script], 1, stop_wait_s)


async def test_a_program_that_fails_at_its_start_is_tried_again_and_again(supervisor: Supervisor, home: Path) -> None:
    tries = home / "tries"
    supervisor.start([program("failing", f"echo try >> {tries}; exit 1")], {}, end_with_caller=True)
    supervisor.start_process("failing")
    await until(lambda: tries.exists() and len(tries.read_text().splitlines()) >= 3, "a third try")
    assert supervisor.processes()["failing"].state in {"BACKOFF", "STARTING"}


def test_the_wait_between_two_tries_grows_and_has_an_end() -> None:
    events.clear()
    BoundedBackoff()

    def wait_after(failures: int) -> float:
        now = time.time()
        process = SimpleNamespace(backoff=failures, delay=now + failures)
        event = SimpleNamespace(process=process)
        for kind, callback in events.callbacks:
            assert kind is events.ProcessStateBackoffEvent
            callback(event)
        return float(process.delay - now)

    try:
        assert wait_after(1) < wait_after(2) < wait_after(10) < LONGEST_WAIT_S
        assert wait_after(1000) == pytest.approx(LONGEST_WAIT_S, abs=1)
    finally:
        events.clear()


async def test_a_program_that_ignores_its_end_is_killed(supervisor: Supervisor, home: Path) -> None:
    ready = home / "ready"
    script = f"trap '' TERM; touch {ready}; while :; do sleep 0.1; done"
    supervisor.start([program("stubborn", script, stop_wait_s=1)], {}, end_with_caller=True)
    supervisor.start_process("stubborn")
    await until(ready.exists, "it ignores signals")
    stubborn = psutil.Process(supervisor.processes()["stubborn"].pid)
    assert supervisor.shutdown(within_s=5)
    assert not stubborn.is_running()
    assert not marked(home)


async def test_a_supervisor_that_hangs_is_ended_with_all_below_it(supervisor: Supervisor, home: Path) -> None:
    supervisor.start([program("sleeper", "exec sleep 1000")], {}, end_with_caller=True)
    supervisor.start_process("sleeper")
    sleeper = psutil.Process(supervisor.processes()["sleeper"].pid)
    identity = supervisor.alive()
    assert identity is not None
    os.kill(identity.pid, signal.SIGSTOP)
    assert supervisor.shutdown(within_s=0)
    assert not sleeper.is_running()
    assert not marked(home)


async def test_programs_find_the_given_environment(supervisor: Supervisor, home: Path) -> None:
    seen = home / "seen"
    value = "100% 'quoted' \"text\""
    supervisor.start(
        [program("reader", f'printf %s "$GIVEN" > {seen}; exec sleep 1000')], {"GIVEN": value}, end_with_caller=True
    )
    supervisor.start_process("reader")
    await until(lambda: seen.exists() and seen.read_text() == value, "it saw the value")


def test_a_second_start_leaves_the_running_one_alone(supervisor: Supervisor) -> None:
    programs = [program("sleeper", "exec sleep 1000")]
    supervisor.start(programs, {}, end_with_caller=True)
    first = supervisor.alive()
    supervisor.start(programs, {}, end_with_caller=True)
    assert supervisor.alive() == first


def test_a_home_whose_path_is_too_long_for_a_socket_is_refused_with_what_to_do(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    with pytest.raises(SupervisorError, match="ROLLCALL_HOME"):
        Supervisor(home / "run", home / "logs", home).start([], {}, end_with_caller=True)


def test_an_unknown_program_is_refused(supervisor: Supervisor) -> None:
    supervisor.start([], {}, end_with_caller=True)
    with pytest.raises(SupervisorError, match="BAD_NAME"):
        supervisor.start_process("nobody")
