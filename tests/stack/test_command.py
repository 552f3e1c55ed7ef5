"""The `rollcall` command, run as a person runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploy.local.ports import free_ports, listens
from deploy.local.processes import marked
from deploy.local.stack import LocalStack
from tests.stack.waiting import until

ROLLCALL = str(Path(sys.executable).parent / "rollcall")
PORTS = ("KAFKA", "KAFKA_CONTROLLER", "MONGO", "INGEST", "STREAM", "API")
LONGEST_S = 150


@pytest.fixture(scope="module")
def terminal() -> Iterator[dict[str, str]]:
    """The environment of a terminal that is set to a stack of its own."""
    home = Path(tempfile.mkdtemp(prefix="rollcall-"))
    ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
    inherited = {key: value for key, value in os.environ.items() if key not in {"KAFKA_BOOTSTRAP", "MONGO_URL"}}
    own = {f"ROLLCALL_{name}_PORT": port for name, port in ports.items()}
    yield {**inherited, **own, "ROLLCALL_HOME": str(home), "COLUMNS": "200"}
    shutil.rmtree(home)


def rollcall(terminal: dict[str, str], *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROLLCALL, *arguments],
        env=terminal,
        input=typed,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )


def status(terminal: dict[str, str]) -> dict[str, Any]:
    return {part["name"]: part for part in json.loads(rollcall(terminal, "status", "--json").stdout)}


def home_of(terminal: dict[str, str]) -> Path:
    return Path(terminal["ROLLCALL_HOME"])


async def test_up_status_kill_and_down(terminal: dict[str, str]) -> None:
    up = rollcall(terminal, "up")
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        assert "rc_" in up.stdout, "the first administrator's token is shown"
        assert f"http://127.0.0.1:{terminal['ROLLCALL_API_PORT']}/docs" in up.stdout
        parts = status(terminal)
        assert list(parts) == ["kafka", "database", "ingest", "stream", "api"]
        assert all(part["healthy"] for part in parts.values())

        again = rollcall(terminal, "up")
        assert again.returncode == 0
        assert "rc_" not in again.stdout, "the token is shown once"
        assert {name: part["pid"] for name, part in status(terminal).items()} == {
            name: part["pid"] for name, part in parts.items()
        }

        os.kill(parts["api"]["pid"], signal.SIGKILL)
        await until(
            lambda: (api := status(terminal)["api"])["healthy"] and api["pid"] != parts["api"]["pid"],
            "the API is back",
        )
        assert rollcall(terminal, "logs", "-n", "5", "kafka").stdout
        assert rollcall(terminal, "logs", "nobody").returncode == 2
    finally:
        down = rollcall(terminal, "down")
    assert down.returncode == 0
    assert not marked(home_of(terminal))
    assert not any(listens(int(terminal[f"ROLLCALL_{name}_PORT"])) for name in PORTS)
    assert "nothing was running" in rollcall(terminal, "down").stdout
    assert rollcall(terminal, "status").returncode == 1


@pytest.fixture
def small_terminal(terminal: dict[str, str], stack: LocalStack) -> dict[str, str]:
    """The same with the session's Kafka as the real cluster, so that only the database is started: that is quicker."""
    return {**terminal, "KAFKA_BOOTSTRAP": stack.kafka_bootstrap, "ROLLCALL_TOPIC_PREFIX": "command."}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_foreground_stack_ends_with_its_command(small_terminal: dict[str, str], ending: signal.Signals) -> None:
    command = [ROLLCALL, "up", "--only-backends", "--foreground"]
    with subprocess.Popen(
        command, env=small_terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as up:
        assert up.stdout is not None
        lines = []
        for line in up.stdout:
            lines.append(line)
            if "rollcall down" in line:
                break
        supervised = marked(home_of(small_terminal))
        assert supervised, "".join(lines)
        up.send_signal(ending)
        up.communicate(timeout=LONGEST_S)
    # A command that was killed waits for nobody: the kernel tells the supervisor, which ends the rest in order.
    psutil.wait_procs(supervised, timeout=LONGEST_S)
    assert not marked(home_of(small_terminal))


def test_up_that_is_interrupted_while_it_starts_leaves_nothing(small_terminal: dict[str, str]) -> None:
    with subprocess.Popen([ROLLCALL, "up"], env=small_terminal, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        for line in up.stdout:
            if "starting" in line:
                break
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=LONGEST_S)
    assert up.returncode == 130
    assert not marked(home_of(small_terminal))


def test_a_failure_is_a_sentence_and_not_a_traceback(terminal: dict[str, str]) -> None:
    bad = rollcall({**terminal, "ROLLCALL_KAFKA_PORT": "99999"}, "up")
    assert bad.returncode == 1
    assert bad.stderr.startswith("error: ")
    assert "Traceback" not in bad.stderr
    away = rollcall(terminal, "topics")
    assert away.returncode == 1
    assert "Kafka" in away.stderr
    assert "Traceback" not in away.stderr


def test_reset_asks_and_then_deletes_data_keys_and_logs(terminal: dict[str, str]) -> None:
    home = home_of(terminal)
    (home / "keys").mkdir(exist_ok=True)
    (home / "keys" / "gateway.key").write_text("00")
    kept = home / "kept"
    kept.touch()
    assert rollcall(terminal, "reset", typed="n\n").returncode == 1
    assert (home / "keys" / "gateway.key").exists()
    assert rollcall(terminal, "reset", "--yes").returncode == 0
    assert not (home / "keys").exists()
    assert not (home / "database").exists()
    assert not (home / "kafka" / "data").exists()
    assert kept.exists()


def test_the_command_itself_imports_none_of_the_packages_that_it_can_start() -> None:
    script = (
        "import deploy.cli, sys;"
        "heavy = ('faust', 'fastapi', 'aiokafka', 'numpy', 'stream_app', 'api');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_package_that_is_broken_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['stream_app.cli'] = None; sys.argv = ['rollcall', 'status', '--help'];"
        "from deploy.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "--json" in done.stdout
