"""A person's key is made once, handed out while it stands, and never again once it was destroyed."""

import asyncio
from datetime import UTC, datetime

import pytest

from attendance.keys import KeyUnusable
from attendance.sealing import KeyRing, Purpose, keyring
from tests.attendance.sealing.conftest import OpenKeys

NOW = datetime(2026, 3, 2, tzinfo=UTC)


async def test_every_process_gets_the_same_key(open_keys: OpenKeys) -> None:
    made = await asyncio.gather(*(open_keys().to_write(Purpose.FACE, ["p-1"]) for _ in range(8)))
    assert len({each["p-1"] for each in made}) == 1
    assert await open_keys().to_read(Purpose.FACE, ["p-1", "p-2"]) == made[0]


async def test_each_person_and_each_purpose_has_a_key_of_its_own(keys: KeyRing) -> None:
    made = [key for purpose in Purpose for key in (await keys.to_write(purpose, ["p-1", "p-2"])).values()]
    assert len(set(made)) == 4
    assert {len(key) for key in made} == {32}


async def test_a_key_that_another_process_destroyed_is_read_for_ten_seconds_at_most(
    open_keys: OpenKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keyring.LEASE_SECONDS <= 10
    monkeypatch.setattr(keyring, "LEASE_SECONDS", 0.2)
    here, there = open_keys(), open_keys()
    await here.to_write(Purpose.FACE, ["p-1"])
    await there.withdraw("p-1", NOW)
    assert await here.to_read(Purpose.FACE, ["p-1"], at_hand=False) == {}
    await asyncio.sleep(0.25)
    assert await here.to_read(Purpose.FACE, ["p-1"]) == {}


async def test_nothing_is_sealed_under_a_key_that_another_process_destroyed(open_keys: OpenKeys) -> None:
    here, there = open_keys(), open_keys()
    destroyed = await here.to_write(Purpose.FACE, ["p-1"])
    await there.withdraw("p-1", NOW)
    assert not await here.still(Purpose.FACE, "p-1", destroyed["p-1"])
    made = await here.to_write(Purpose.FACE, ["p-1"])
    assert made != destroyed
    assert await here.still(Purpose.FACE, "p-1", made["p-1"])


async def test_whoever_was_erased_is_told_of_and_gets_no_key(keys: KeyRing) -> None:
    await keys.to_write(Purpose.FACE, ["p-1"])
    await keys.erase("p-1", NOW, *Purpose)
    assert await keys.to_read(Purpose.FACE, ["p-1"]) == {}
    with pytest.raises(KeyUnusable, match="erased"):
        await keys.to_write(Purpose.FACE, ["p-1", "p-2"])


async def test_a_key_put_in_the_place_of_anothers_does_not_open(keys: KeyRing, open_keys: OpenKeys) -> None:
    await keys.to_write(Purpose.FACE, ["p-1", "p-2"])
    one, two = await keys.store.page(None, 2)
    assert await keys.store.replace(one, two.wrapped)
    with pytest.raises(KeyUnusable, match="damaged"):
        await open_keys().to_read(Purpose.FACE, ["p-1"])


async def test_only_so_many_keys_are_at_hand(keys: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "_MOST_AT_HAND", 3)
    people = [f"p-{number}" for number in range(10)]
    made = await keys.to_write(Purpose.FACE, people)
    for person in people:
        assert await keys.to_read(Purpose.FACE, [person]) == {person: made[person]}
        assert len(keys._at_hand) <= 10
