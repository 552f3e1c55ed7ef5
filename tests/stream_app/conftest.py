"""A store of the test's own, on the real database."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.local.stack import LocalStack


@pytest.fixture
async def store(stack: LocalStack) -> AsyncIterator[Store]:
    settings = ConnectionSettings(mongo_url=stack.mongo_url, database=f"stream_{uuid4().hex}")
    opened = Store(settings)
    await opened.ensure_indexes()
    yield opened
    opened.close()
