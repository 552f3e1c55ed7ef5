from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.init import make_key
from deploy.local.stack import LocalStack
from tests.attendance.databases import DatabaseProcess

Documents = AsyncDatabase[dict[str, Any]]


def with_keys(settings: ConnectionSettings) -> ConnectionSettings:
    """Make the keys that these settings name."""
    for path in (settings.look_up_key_file, settings.audit_key_file, settings.master_key_file):
        make_key(path)
    return settings


@pytest.fixture
def database_settings(stack: LocalStack, tmp_path: Path) -> ConnectionSettings:
    """A database of the test's own, and a look-up key."""
    return with_keys(ConnectionSettings(mongo_url=stack.mongo_url, database=f"test-{uuid4().hex}", home=tmp_path))


@pytest.fixture
async def documents(database_settings: ConnectionSettings) -> AsyncIterator[Documents]:
    """The documents themselves, past the store; dropped afterwards."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        database_settings.mongo_url, serverSelectionTimeoutMS=5000, tz_aware=True
    )
    yield client[database_settings.database]
    await client.drop_database(database_settings.database)
    await client.close()


@pytest.fixture
async def open_store(database_settings: ConnectionSettings, documents: Documents) -> AsyncIterator[Callable[[], Store]]:
    """Opens further connections to the test's database, each as another process would have it."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(Store(database_settings))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
async def store(open_store: Callable[[], Store]) -> Store:
    store = open_store()
    await store.ensure_indexes()
    return store


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[DatabaseProcess]:
    """A database that a test may kill; not started yet."""
    database = DatabaseProcess(tmp_path / "database")
    yield database
    database.kill()
