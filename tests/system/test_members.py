"""Workers as members of the consumer group, on the real Kafka: a restart is no rebalance, and a duel ends."""

import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.system.campus import Campus
from tests.system.conftest import MakeCampus
from tests.system.waiting import until


class Group:
    """The consumer group as the coordinator sees it: who is in it, and with which partitions."""

    def __init__(self, campus: Campus) -> None:
        self._group = campus.environment["ROLLCALL_STREAM_GROUP"]
        self._admin = AIOKafkaAdminClient(bootstrap_servers=campus.connection.kafka_bootstrap)

    async def __aenter__(self) -> "Group":
        await self._admin.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()

    async def members(self) -> tuple[str, dict[str, bytes]]:
        """Give the group's state, and each member's assignment by the name that the coordinator gave it."""
        answer = (await self._admin.describe_consumer_groups([self._group]))[0]
        _error, _group, state, _type, _protocol, members, *_ = answer.groups[0]
        return state, {member[0]: member[-1] for member in members}


@pytest.fixture
async def ending() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


def another_worker(campus: Campus, folder: Path, **settings: str) -> subprocess.Popen[bytes]:
    """Start a second stream app of the same campus, as a machine of its own would.

    `folder` is its home; the campus's keys are the same for every machine.
    """
    folder.mkdir(exist_ok=True)
    environment = {
        **campus.environment,
        "ROLLCALL_HOME": str(folder),
        "ROLLCALL_MASTER_KEY_FILE": str(campus.connection.master_key_file),
        "ROLLCALL_KEY_STORE_FILE": str(campus.connection.key_store_file),
        "ROLLCALL_STREAM_PORT": str(_free_port()),
        **settings,
    }
    with (folder / "second.log").open("ab") as log:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", Path(sys.executable).with_name("rollcall"), "stream"],
            env=environment,
            stdout=log,
            stderr=log,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def log_of(folder: Path) -> str:
    return (folder / "second.log").read_text()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_worker_that_comes_back_within_its_session_costs_the_others_no_rebalance(
    make_campus: MakeCampus, tmp_path: Path, ending: AsyncExitStack, how: signal.Signals
) -> None:
    campus = make_campus()
    await campus.prepare()
    campus.start("stream")
    other = another_worker(campus, tmp_path / "other", ROLLCALL_WORKER="the-other")
    ending.callback(other.kill)
    group = await ending.enter_async_context(Group(campus))

    async def both_are_in() -> bool:
        assert other.poll() is None, log_of(tmp_path / "other")
        state, members = await group.members()
        return state == "Stable" and len(members) == 2

    await until(both_are_in)
    _, before = await group.members()
    (staying,) = (name for name in before if name.startswith("the-other"))
    process = campus.processes.pop("stream")
    process.send_signal(how)
    process.wait(timeout=60)
    campus.start("stream")

    async def is_back() -> bool:
        return await both_are_in() and set((await group.members())[1]) != set(before)

    await until(is_back)
    _, after = await group.members()
    assert after[staying] == before[staying]
    # The one that came back has a new name, and just the partitions that it had.
    assert sorted(after.values()) == sorted(before.values())
    assert log_of(tmp_path / "other").count("rebalance") == 0


async def test_of_two_workers_with_one_id_on_two_machines_one_stops_and_says_why(
    make_campus: MakeCampus, tmp_path: Path, ending: AsyncExitStack
) -> None:
    campus = make_campus(ROLLCALL_WORKER="worker-a")
    await campus.prepare()
    campus.start("stream")
    other = another_worker(campus, tmp_path / "other")
    ending.callback(other.kill)

    async def one_has_stopped() -> bool:
        return other.poll() is not None or campus.processes["stream"].poll() is not None

    await until(one_has_stopped, seconds=100)
    ended = [process.poll() for process in (other, campus.processes["stream"])]
    assert 78 in ended
    assert "another process is the worker 'worker-a' too" in log_of(tmp_path / "other") + campus.log("stream")


async def test_on_one_machine_a_second_worker_with_the_same_id_does_not_start(make_campus: MakeCampus) -> None:
    campus = make_campus(ROLLCALL_WORKER="worker-a")
    await campus.prepare()
    campus.start("stream")
    second = another_worker(campus, campus.connection.home)
    assert second.wait(timeout=60) == 1
    assert "the worker 'worker-a' runs already on this machine" in log_of(campus.connection.home)
    campus.wait_until_ready("stream")
