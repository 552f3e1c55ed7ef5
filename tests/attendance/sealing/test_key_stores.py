"""Both key stores, a file of one machine and a database of several, keep and forget in the same way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from attendance.keys import KeyUnusable
from attendance.sealing import Ending, KeyStore, Purpose, SqliteKeyStore
from attendance.sealing.key_store import Wrapped
from attendance.store import StoreUnavailable
from attendance.store.key_documents import DocumentKeyStore
from deploy.local.stack import LocalStack

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LATER, LATEST = NOW + timedelta(days=1), NOW + timedelta(days=2)


@pytest.fixture(params=["a file", "a database"])
async def kept(request: pytest.FixtureRequest, stack: LocalStack, tmp_path: Path) -> AsyncIterator[KeyStore]:
    if request.param == "a file":
        file = SqliteKeyStore(tmp_path / "keys" / "people.sqlite")
        yield file
        file.close()
        return
    documents = DocumentKeyStore(f"{stack.mongo_url}/keys-{uuid4().hex}")
    yield documents
    documents.close()


async def test_a_key_is_given_back_for_its_person_and_its_purpose_alone(kept: KeyStore) -> None:
    assert await kept.add(Purpose.FACE, {"p-1": b"1", "p-2": b"2"}) == {"p-1": b"1", "p-2": b"2"}
    assert await kept.get(Purpose.FACE, ["p-1", "p-3"]) == {"p-1": b"1"}
    assert await kept.get(Purpose.IDENTITY, ["p-1"]) == {}


async def test_a_key_that_is_there_is_never_written_over(kept: KeyStore) -> None:
    await kept.add(Purpose.FACE, {"p-1": b"first"})
    assert await kept.add(Purpose.FACE, {"p-1": b"second", "p-2": b"2"}) == {"p-1": b"first", "p-2": b"2"}


async def test_many_that_add_at_once_end_with_the_same_key(kept: KeyStore) -> None:
    given = await asyncio.gather(*(kept.add(Purpose.FACE, {"p-1": str(number).encode()}) for number in range(20)))
    assert len({each["p-1"] for each in given}) == 1


async def test_many_that_write_and_delete_at_once_are_no_trouble(kept: KeyStore) -> None:
    async def work(worker: int) -> None:
        for number in range(60):
            person = f"p-{worker}-{number}"
            await kept.add(Purpose.FACE, {person: b"wrapped"})
            await kept.note_ending(Ending.WITHDRAWN, person, NOW)
            await kept.delete(person, [Purpose.FACE])
            assert await kept.get(Purpose.FACE, [person]) == {}

    await asyncio.gather(*(work(worker) for worker in range(8)))


async def test_a_deleted_key_is_gone_and_the_others_stay(kept: KeyStore) -> None:
    for purpose in Purpose:
        await kept.add(purpose, {"p-1": b"1", "p-2": b"2"})
    await kept.delete("p-1", [Purpose.FACE])
    assert await kept.get(Purpose.FACE, ["p-1", "p-2"]) == {"p-2": b"2"}
    assert await kept.get(Purpose.IDENTITY, ["p-1"]) == {"p-1": b"1"}


async def test_whoever_was_erased_gets_no_key_again(kept: KeyStore) -> None:
    await kept.add(Purpose.FACE, {"p-1": b"1"})
    await kept.note_ending(Ending.ERASED, "p-1", NOW)
    await kept.delete("p-1", list(Purpose))
    assert await kept.add(Purpose.FACE, {"p-1": b"again", "p-2": b"2"}) == {"p-2": b"2"}


async def test_whoever_only_withdrew_gets_a_key_again(kept: KeyStore) -> None:
    await kept.note_ending(Ending.WITHDRAWN, "p-1", NOW)
    assert await kept.add(Purpose.FACE, {"p-1": b"again"}) == {"p-1": b"again"}


async def test_all_who_were_erased_can_be_listed_page_by_page(kept: KeyStore) -> None:
    for person in ("p-3", "p-1", "p-2", "p-1"):
        await kept.note_ending(Ending.ERASED, person, NOW)
    await kept.note_ending(Ending.WITHDRAWN, "p-1", LATER)
    await kept.note_ending(Ending.WITHDRAWN, "p-1", LATEST)
    assert await kept.endings(Ending.ERASED, None, 2) == [("p-1", NOW), ("p-2", NOW)]
    assert await kept.endings(Ending.ERASED, "p-2", 2) == [("p-3", NOW)]
    assert await kept.endings(Ending.ERASED, "p-3", 2) == []
    assert await kept.endings(Ending.WITHDRAWN, None, 2) == [("p-1", LATEST)]


async def test_all_keys_can_be_read_page_by_page(kept: KeyStore) -> None:
    await kept.add(Purpose.FACE, {"p-2": b"f2", "p-1": b"f1"})
    await kept.add(Purpose.IDENTITY, {"p-1": b"i1"})
    every = [
        Wrapped("p-1", Purpose.FACE, b"f1"),
        Wrapped("p-1", Purpose.IDENTITY, b"i1"),
        Wrapped("p-2", Purpose.FACE, b"f2"),
    ]
    assert await kept.page(None, 2) == every[:2]
    assert await kept.page(every[1], 2) == every[2:]
    assert await kept.page(every[2], 2) == []


async def test_a_key_is_replaced_only_where_it_is_still_the_one_that_was_read(kept: KeyStore) -> None:
    await kept.add(Purpose.FACE, {"p-1": b"old"})
    (read,) = await kept.page(None, 1)
    assert await kept.replace(read, b"new")
    assert not await kept.replace(read, b"late")
    assert await kept.get(Purpose.FACE, ["p-1"]) == {"p-1": b"new"}
    await kept.delete("p-1", [Purpose.FACE])
    assert not await kept.replace(read._replace(wrapped=b"new"), b"risen")
    assert await kept.get(Purpose.FACE, ["p-1"]) == {}


async def test_a_fact_stays_as_it_was_first_noted_until_it_is_noted_anew(kept: KeyStore) -> None:
    assert await kept.fact("name", b"one") == b"one"
    assert await kept.fact("name", b"two") == b"one"
    await kept.note("name", b"three")
    assert await kept.fact("name", b"one") == b"three"


async def test_more_people_than_a_statement_takes_are_no_trouble(kept: KeyStore) -> None:
    many = {f"p-{number}": str(number).encode() for number in range(1_700)}
    assert await kept.add(Purpose.FACE, many) == many
    assert await kept.count() == len(many)
    assert await kept.get(Purpose.FACE, list(many)) == many


async def test_a_file_that_is_no_key_store_is_named(tmp_path: Path) -> None:
    path = tmp_path / "people.sqlite"
    path.write_bytes(b"something else, and long enough to be read as a page of it" * 100)
    with pytest.raises(KeyUnusable, match=str(path)):
        await SqliteKeyStore(path).get(Purpose.FACE, ["p-1"])


async def test_the_file_and_its_folder_can_be_read_by_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "people.sqlite"
    await SqliteKeyStore(path).add(Purpose.FACE, {"p-1": b"1"})
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


async def test_an_address_without_the_name_of_a_database_is_refused() -> None:
    with pytest.raises(KeyUnusable, match="database's name"):
        DocumentKeyStore("mongodb://127.0.0.1:1")


async def test_a_database_that_is_away_is_told_as_such() -> None:
    kept = DocumentKeyStore("mongodb://127.0.0.1:1/keys")
    with pytest.raises(StoreUnavailable):
        await kept.get(Purpose.FACE, ["p-1"])
    kept.close()
