"""Students' documents from before the identity codec: names, email and the school's ids lay in them for all to read."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attendance.keys import KeyUnusable
from attendance.people import Student
from attendance.settings import ConnectionSettings
from attendance.store import Conflict, Missing, Store
from attendance.store.people import CLEAR, PERSON_SCHEMA
from deploy.init import make_key
from tests.attendance.conftest import Documents

NAME = f"students {PERSON_SCHEMA}"
OLD: dict[str, Any] = json.loads((Path(__file__).parent / "contract" / "stored.student.v1.json").read_text())
ZOE = Student(OLD["_id"], "Zoë", "Ångström 山田", "s-1001", "zoe@example.org")
LATER = {"from_a_later_version": {"more": [1, 2]}}


async def kept(documents: Documents) -> dict[str, Any]:
    document = await documents["students"].find_one({})
    assert document
    return document


async def test_a_student_in_the_clear_is_kept_afterwards_as_if_added_today(
    store: Store, open_store: Callable[[], Store], documents: Documents
) -> None:
    await store.students.add(ZOE)
    today = await kept(documents)
    await documents["students"].delete_many({})
    await documents["students"].insert_one(OLD | LATER)
    assert (await store.migrations.run())[NAME] == 1
    migrated = await kept(documents)
    assert migrated == today | LATER | {"identity": migrated["identity"]}
    assert await open_store().students.by_sourced_id("s-1001") == ZOE


async def test_nothing_that_names_a_student_lies_in_the_clear(store: Store, documents: Documents) -> None:
    await documents["students"].insert_one(OLD)
    await store.migrations.run()
    assert not set(CLEAR) & (await kept(documents)).keys()


async def test_a_student_is_read_and_changed_before_the_migration_comes_to_them(
    store: Store, documents: Documents
) -> None:
    await documents["students"].insert_one(OLD)
    assert await store.students.get(ZOE.id) == ZOE
    assert await store.students.with_sourced_ids() == [ZOE]
    renamed = await store.students.change(ZOE.id, lambda student: replace(student, given_name="Zoe"))
    assert not set(CLEAR) & (await kept(documents)).keys()
    await store.migrations.run()
    assert await store.students.by_sourced_id("s-1001") == renamed


async def test_a_student_who_is_imported_before_the_migration_comes_to_them_is_the_same_one(
    store: Store, documents: Documents
) -> None:
    await documents["students"].insert_one(OLD)
    await store.students.change_many([replace(ZOE, email=None)], lambda _: None)
    await store.migrations.run()
    assert await store.students.by_sourced_id("s-1001") == replace(ZOE, email=None)
    assert not set(CLEAR) & (await kept(documents)).keys()


async def test_of_students_without_an_id_of_the_schools_there_may_be_many(store: Store, documents: Documents) -> None:
    await documents["students"].insert_many(
        [{"_id": str(number), "given_name": "A", "family_name": "B", "sourced_id": None} for number in range(3)]
    )
    assert (await store.migrations.run())[NAME] == 3
    assert sorted(each.id for each in await store.students.page(after=None, limit=10)) == ["0", "1", "2"]


async def test_a_document_that_is_sealed_and_bears_no_version_is_only_stamped(
    store: Store, documents: Documents
) -> None:
    await store.students.add(ZOE)
    before = await kept(documents)
    await documents["students"].update_one({}, {"$unset": {"schema": ""}})
    assert (await store.migrations.run())[NAME] == 1
    assert await kept(documents) == before
    assert (await store.migrations.run())[NAME] == 0


async def test_several_processes_that_start_change_each_student_once(
    open_store: Callable[[], Store], documents: Documents
) -> None:
    await documents["students"].insert_many([OLD | {"_id": str(n), "sourced_id": f"s-{n}"} for n in range(450)])
    done = await asyncio.gather(*(open_store().migrations.run() for _ in range(3)))
    assert sum(each[NAME] for each in done) == 450
    assert (await open_store().students.by_sourced_id("s-449")).id == "449"
    assert await documents["students"].count_documents({"schema": PERSON_SCHEMA}) == 450


async def test_an_id_of_the_schools_that_somebody_got_meanwhile_stays_theirs(
    store: Store, documents: Documents
) -> None:
    newer = Student("another", "New", "Comer", "s-1001")
    await documents["students"].insert_one(OLD)
    await store.students.add(newer)
    await store.migrations.run()
    assert await store.students.by_sourced_id("s-1001") == newer
    assert await store.students.get(ZOE.id) == ZOE
    with pytest.raises(Conflict):
        await store.students.change(ZOE.id, lambda student: replace(student, email=None))


async def test_with_another_key_than_the_databases_nobody_is_changed(
    store: Store, documents: Documents, database_settings: ConnectionSettings
) -> None:
    await store.look_up.check()
    database_settings.look_up_key_file.unlink()
    make_key(database_settings.look_up_key_file)
    await documents["students"].insert_one(OLD)
    other = Store(database_settings)
    try:
        with pytest.raises(KeyUnusable):
            await other.migrations.run()
        assert await kept(documents) == OLD
        with pytest.raises(Missing):
            await other.students.by_sourced_id("s-1001")
    finally:
        other.close()
