"""An API that starts on a database of an earlier version."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from pymongo import AsyncMongoClient

from api import ApiSettings
from attendance.settings import ConnectionSettings
from tests.api.conftest import running

OLD = Path(__file__).parents[1] / "attendance" / "contract" / "stored.record.v1.json"


@pytest.fixture
def own_places(places: ConnectionSettings) -> ConnectionSettings:
    """A database that no process has looked at."""
    return places.model_copy(update={"database": f"{places.database}-old"})


async def test_it_brings_old_documents_to_the_present_form(own_places: ConnectionSettings, initialised: object) -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(own_places.mongo_url)
    records = client[own_places.database]["records"]
    await records.insert_one(json_util.loads(OLD.read_text()))
    async with running(own_places, ApiSettings()):
        async with asyncio.timeout(60):
            while await records.count_documents({"schema": 2}) == 0:
                await asyncio.sleep(0.05)
    await client.drop_database(own_places.database)
    await client.close()
