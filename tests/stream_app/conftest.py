"""A store of the test's own, on the real database."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.local.stack import LocalStack
from tests.attendance.conftest import with_keys


@pytest.fixture
def database_settings(stack: LocalStack, tmp_path: Path) -> ConnectionSettings:
    settings = ConnectionSettings(mongo_url=stack.mongo_url, database=f"stream_{uuid4().hex}", home=tmp_path / "home")
    return with_keys(settings)


@pytest.fixture
async def store(database_settings: ConnectionSettings) -> AsyncIterator[Store]:
    opened = Store(database_settings)
    await opened.ensure_indexes()
    yield opened
    opened.close()


@pytest.fixture
async def database(database_settings: ConnectionSettings) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """The documents themselves, past the store."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(database_settings.mongo_url)
    yield client[database_settings.database]
    await client.close()
