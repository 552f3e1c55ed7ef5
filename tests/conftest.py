"""What every test can ask for: the real Kafka and the real database, started once for the whole session."""

import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.stack import LocalStack
from stream_app.cores import use_one_thread_a_process

# Before anything loads NumPy: its threads wait for each other on a machine that has other things to do, and a fit that
# takes seconds takes minutes.
use_one_thread_a_process()

# A shell has what it runs in the background ignore Ctrl-C, and so would every command that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


# Files that mostly wait for other processes. In a row, as they are collected, they leave the cores idle for minutes.
_WAITING = ("tests/system/", "tests/stack/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files that wait evenly among those that compute; the order within a file stays."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    computing = [file for file in files if not file.startswith(_WAITING)]
    waiting = [file for file in files if file.startswith(_WAITING)]
    place = {file: number / len(computing) for number, file in enumerate(computing)}
    place |= {file: number / len(waiting) for number, file in enumerate(waiting)}
    items[:] = [item for file in sorted(files, key=place.__getitem__) for item in files[file]]


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[LocalStack]:
    """Kafka and SecantusDB on free ports in a home of their own, ended with the session.

    `stack.kafka_bootstrap` and `stack.mongo_url` are their addresses; `stack.settings` are the connection settings.
    Use a topic prefix and a database name of your own: all tests share the two. Its Kafka looks for old segments every
    second, so that a topic's own short retention shows.
    """
    # Not pytest's own folder: its path is too long for a Unix socket's name.
    home = Path(tempfile.mkdtemp(prefix="rollcall-"))
    stack = LocalStack.on_free_ports(home, retention_check_s=1, delete_delay_s=1)
    try:
        await stack.start_backends()
        yield stack
    finally:
        await stack.stop()
        shutil.rmtree(home)
