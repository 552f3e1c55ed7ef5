"""A new master key takes the old one's place while everything goes on, and the old one then opens nothing."""

import asyncio
import secrets
from datetime import UTC, datetime

import pytest

from attendance.keys import KeyUnusable
from attendance.sealing import KeyRing, Purpose, SealedIdentities, open_all, rewrap
from attendance.settings import ConnectionSettings
from tests.attendance.sealing.conftest import OpenKeys

PEOPLE: dict[str, dict[str, str | None]] = {f"p-{number}": {"given_name": f"Name {number}"} for number in range(40)}
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def put_in_front(settings: ConnectionSettings) -> str:
    """Give the master key that was there alone before."""
    path = settings.master_key_file
    old = path.read_text()
    beside = path.with_name("beside")
    beside.write_text(f"{secrets.token_hex(32)}\n{old}")
    beside.replace(path)
    return old


async def test_what_was_sealed_before_is_read_afterwards_with_the_new_key_alone(
    keys: KeyRing, open_keys: OpenKeys, settings: ConnectionSettings
) -> None:
    await keys.check()
    sealed = await SealedIdentities(keys).seal(PEOPLE)
    old = put_in_front(settings)
    assert (await rewrap(keys)).changed == len(PEOPLE)
    settings.master_key_file.write_text(settings.master_key_file.read_text().splitlines()[0])
    await open_keys().check()
    assert await SealedIdentities(open_keys()).open(sealed) == PEOPLE
    settings.master_key_file.write_text(old)
    with pytest.raises(KeyUnusable):
        await open_keys().check()
    with pytest.raises(KeyUnusable):
        await SealedIdentities(open_keys()).open(sealed)


async def test_a_second_pass_finds_nothing_to_do(keys: KeyRing, settings: ConnectionSettings) -> None:
    await SealedIdentities(keys).seal(PEOPLE)
    put_in_front(settings)
    told: list[int] = []
    first, second = await rewrap(keys, told.append), await rewrap(keys)
    assert (first.seen, first.changed) == (sum(told), len(PEOPLE)) == (len(PEOPLE), len(PEOPLE))
    assert (second.seen, second.changed) == (len(PEOPLE), 0)


async def test_those_who_read_write_and_destroy_meanwhile_are_not_disturbed(
    keys: KeyRing, open_keys: OpenKeys, settings: ConnectionSettings
) -> None:
    at_work = open_keys()
    sealed = await SealedIdentities(at_work).seal(PEOPLE)
    gone = "p-7"
    put_in_front(settings)

    async def go_on() -> dict[str, bytes]:
        later: dict[str, bytes] = {}
        for number in range(20):
            assert len(await SealedIdentities(open_keys()).open(sealed)) >= len(PEOPLE) - 1
            later |= await SealedIdentities(at_work).seal({f"later-{number}": {"given_name": "New"}})
            if number == 5:
                await at_work.erase(gone, NOW, Purpose.IDENTITY)
        return later

    async with asyncio.TaskGroup() as group:
        going_on = group.create_task(go_on())
        for _ in range(5):
            await rewrap(keys)
    later = going_on.result()
    assert (await rewrap(keys)).changed == 0
    settings.master_key_file.write_text(settings.master_key_file.read_text().splitlines()[0])
    found = await SealedIdentities(open_keys()).open(sealed | later)
    assert set(found) == (set(PEOPLE) - {gone}) | set(later)


async def test_every_key_can_be_tried(keys: KeyRing, open_keys: OpenKeys, settings: ConnectionSettings) -> None:
    await SealedIdentities(keys).seal(PEOPLE)
    assert await open_all(open_keys()) == len(PEOPLE)
    settings.master_key_file.write_text(secrets.token_hex(32))
    with pytest.raises(KeyUnusable):
        await open_all(open_keys())
