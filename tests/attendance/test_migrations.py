"""Documents of earlier versions, pinned in `contract/`, are brought to the present form: once, whoever starts."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from pymongo import MongoClient

from attendance.records import Record
from attendance.settings import ConnectionSettings
from attendance.store import Store, migrations
from attendance.store.people import PERSON_SCHEMA
from attendance.store.record_documents import RECORD_SCHEMA
from tests.attendance.building import CAMERA, MEETING, STUDENT, at
from tests.attendance.conftest import Documents

CONTRACT = Path(__file__).parent / "contract"
NAME = f"records {RECORD_SCHEMA}"
LATER = {"from_a_later_version": {"more": [1, 2]}}


async def not_these(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    raise AssertionError("only records are changed here")


ALL = migrations.migrations(students=not_these, teachers=not_these, biometrics=not_these)
RECORDS = ALL[0]


def pinned(version: int) -> dict[str, Any]:
    text = (CONTRACT / f"stored.record.v{version}.json").read_text()
    document: dict[str, Any] = json_util.loads(text, json_options=json_util.JSONOptions(tz_aware=True, tzinfo=UTC))
    return document


def before_sightings() -> dict[str, Any]:
    """A record of the very first version, which kept only what followed from the sightings."""
    gone = ("sightings", "blocks", "reversals")
    evidence = {"score": 0.25, "camera_id": CAMERA, "frames": 6}
    kept = {key: value for key, value in pinned(1).items() if key not in gone}
    return kept | {"first_seen": at(15), "last_seen": at(20), "evidence": evidence}


async def many(documents: Documents, count: int) -> None:
    old = pinned(1)
    await documents["records"].insert_many(
        [old | {"_id": f"{number}:{STUDENT}", "meeting_id": str(number)} for number in range(count)]
    )


@pytest.mark.parametrize("old", [pinned(1), pinned(1) | LATER, before_sightings()], ids=["1", "with more", "first"])
async def test_an_old_record_is_brought_to_the_present_form_and_means_the_same(
    store: Store, documents: Documents, old: dict[str, Any]
) -> None:
    await documents["records"].insert_one(old)
    before = await store.records.get(MEETING, STUDENT)
    assert (await store.migrations.run())[NAME] == 1
    after = await documents["records"].find_one({})
    assert after is not None
    assert after["schema"] == RECORD_SCHEMA
    assert after["version"] == old["version"] + 1
    assert after.keys() >= pinned(RECORD_SCHEMA).keys() - {"mistaken"}  # only where a person said that it was another
    assert {name: after[name] for name in ("history", "outbox", "status")} == {
        name: old[name] for name in ("history", "outbox", "status")
    }
    assert LATER.items() <= after.items() or "from_a_later_version" not in old
    assert isinstance(before, Record)
    assert await store.records.get(MEETING, STUDENT) == before


async def test_events_from_before_there_was_a_log_of_them_get_their_numbers(store: Store, documents: Documents) -> None:
    await documents["records"].insert_one(pinned(1))
    assert (await store.event_log.read(after=0, limit=10)).events == ()
    await store.migrations.run()
    told = (await store.event_log.read(after=0, limit=10)).events
    assert [event.payload for event in told] == [step["event"] for step in pinned(1)["history"]]
    await store.migrations.run()
    assert len((await store.event_log.read(after=0, limit=10)).events) == len(told)


async def test_a_second_start_changes_nothing_and_a_present_document_is_left_alone(
    store: Store, documents: Documents
) -> None:
    await documents["records"].insert_many([pinned(RECORD_SCHEMA), pinned(1) | {"_id": "old"}])
    assert (await store.migrations.run())[NAME] == 1
    stored = await documents["records"].find({}).to_list(None)
    assert (await store.migrations.run())[NAME] == 0
    assert await documents["records"].find({}).to_list(None) == stored
    assert (await documents["records"].find_one({"_id": pinned(1)["_id"]}) or {})["version"] == 1


async def test_a_document_of_a_later_version_is_left_alone(store: Store, documents: Documents) -> None:
    later = pinned(RECORD_SCHEMA) | {"schema": RECORD_SCHEMA + 1}
    await documents["records"].insert_one(later)
    assert (await store.migrations.run())[NAME] == 0
    assert await documents["records"].find_one({}) == later


async def test_of_several_processes_that_start_each_document_is_changed_by_one(
    open_store: Callable[[], Store], documents: Documents
) -> None:
    await many(documents, 450)
    done = await asyncio.gather(*(open_store().migrations.run() for _ in range(4)))
    assert sum(each[NAME] for each in done) == 450
    assert await documents["records"].distinct("version") == [2]
    assert await documents["records"].distinct("schema") == [RECORD_SCHEMA]


async def test_what_was_broken_off_is_gone_on_with_by_another_process(
    open_store: Callable[[], Store], documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many(documents, 450)
    monkeypatch.setattr(migrations, "LEASE", timedelta(seconds=1))

    async def dies(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if any(int(document["meeting_id"]) == 300 for document in documents):
            raise RuntimeError("out of memory")
        return await RECORDS.change(documents)

    broken = replace(RECORDS, change=dies)
    with pytest.raises(RuntimeError):
        await open_store().migrations.run((broken,))
    left = await documents["records"].count_documents({"schema": None})
    assert 0 < left < 450
    assert (await open_store().migrations.run())[NAME] == left
    assert await documents["records"].distinct("version") == [2]


async def test_what_others_write_meanwhile_is_not_lost(
    store: Store, documents: Documents, database_settings: ConnectionSettings
) -> None:
    await documents["records"].insert_one(pinned(1))
    others: MongoClient[dict[str, Any]] = MongoClient(database_settings.mongo_url)
    calls = 0

    async def interrupted(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        nonlocal calls
        calls += 1
        if calls == 1:
            written = {"$set": {"reason": "said meanwhile"}, "$inc": {"version": 1}}
            others[database_settings.database]["records"].update_one({"_id": documents[0]["_id"]}, written)
        return await RECORDS.change(documents)

    assert await store.migrations.run((replace(RECORDS, change=interrupted),)) == {NAME: 1}
    others.close()
    after = await documents["records"].find_one({})
    assert after is not None
    assert (calls, after["reason"], after["version"]) == (2, "said meanwhile", 3)


def test_migrations_are_in_order_and_end_at_the_version_that_is_written() -> None:
    kinds = {"records": RECORD_SCHEMA, "students": PERSON_SCHEMA, "teachers": PERSON_SCHEMA, "biometrics": 2}
    assert {each.collection: each.to for each in ALL} == kinds
    assert pinned(RECORD_SCHEMA)["schema"] == RECORD_SCHEMA
