"""Whoever holds the raw files and the master key cannot read what was sealed under a key that was destroyed."""

from datetime import UTC, datetime
from pathlib import Path

from attendance.sealing import KeyRing, Purpose, SealedIdentities
from attendance.settings import ConnectionSettings
from tests.attendance.sealing.conftest import OpenKeys
from tests.attendance.sealing.thief import keys_in

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def raw_files(settings: ConnectionSettings) -> bytes:
    return b"".join(path.read_bytes() for path in settings.key_store_file.parent.iterdir())


async def test_no_byte_of_a_destroyed_key_stays_in_the_file(keys: KeyRing, settings: ConnectionSettings) -> None:
    people = [f"p-{number}" for number in range(600)]
    made = await keys.to_write(Purpose.FACE, people)
    before = raw_files(settings)
    found = [key for person in people[::20] for key in keys_in(before, keys.master, Purpose.FACE, person)]
    assert found == [made[person] for person in people[::20]]  # the search finds what is there
    wrapped = await keys.store.get(Purpose.FACE, people)
    for person in people[::3]:
        await keys.erase(person, NOW, *Purpose)
    raw = raw_files(settings)
    for person in people[::3]:
        assert not list(keys_in(raw, keys.master, Purpose.FACE, person))
        assert wrapped[person][8:40] not in raw
    assert all(wrapped[person] in raw for person in people[1::3])


async def test_a_copy_of_what_was_sealed_is_worth_nothing_afterwards(
    keys: KeyRing, open_keys: OpenKeys, tmp_path: Path
) -> None:
    copy = await SealedIdentities(keys).seal({"p-1": {"given_name": "Ada"}})
    await keys.erase("p-1", NOW, *Purpose)
    assert await SealedIdentities(open_keys()).open(copy) == {}
