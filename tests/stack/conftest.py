"""Further stacks, for the tests that kill them."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.stack import LocalStack


@pytest.fixture(scope="module")
def short_home() -> Iterator[Path]:
    """A new folder with a path that is short enough for a Unix socket."""
    home = Path(tempfile.mkdtemp(prefix="rollcall-"))
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="module")
async def own_stack(short_home: Path) -> AsyncIterator[LocalStack]:
    """Kafka and the database of this module alone. Its tests may kill them; each finds them running."""
    stack = LocalStack.on_free_ports(short_home)
    try:
        await stack.start_backends()
        yield stack
    finally:
        await stack.stop()


@pytest.fixture
async def small_stack(short_home: Path, stack: LocalStack) -> AsyncIterator[LocalStack]:
    """A stack, not started yet, of the database alone beside the session's Kafka: it is up in a second."""
    small = LocalStack.on_free_ports(short_home / "small", kafka_bootstrap=stack.kafka_bootstrap)
    yield small
    await small.stop()
