"""What names a person opens for that person alone, and for nobody once their key is destroyed."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attendance.identity import IdentityUnreadable
from attendance.sealing import KeyRing, Purpose, SealedIdentities
from tests.attendance.sealing.conftest import OpenKeys

TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]))
PEOPLE = st.dictionaries(st.uuids().map(str), st.dictionaries(st.sampled_from(["given_name", "email", "x"]), TEXTS))
NAMED: dict[str, str | None] = {"given_name": "Ada", "family_name": "Lovelace"}
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE)
async def test_what_is_sealed_opens_as_it_was(keys: KeyRing, people: dict[str, dict[str, str | None]]) -> None:
    codec = SealedIdentities(keys)
    sealed = await codec.seal(people)
    assert set(sealed) == set(people)
    assert await codec.open(sealed) == people


async def test_a_name_cannot_be_found_in_what_is_kept(keys: KeyRing) -> None:
    (kept,) = (await SealedIdentities(keys).seal({"p-1": NAMED})).values()
    assert b"Ada" not in kept
    assert b"Lovelace" not in kept


async def test_the_same_name_sealed_twice_looks_different(keys: KeyRing) -> None:
    codec = SealedIdentities(keys)
    assert await codec.seal({"p-1": NAMED}) != await codec.seal({"p-1": NAMED})


async def test_what_is_kept_of_one_does_not_open_in_the_place_of_another(keys: KeyRing) -> None:
    codec = SealedIdentities(keys)
    sealed = await codec.seal({"p-1": NAMED, "p-2": NAMED})
    with pytest.raises(IdentityUnreadable, match="p-2"):
        await codec.open({"p-2": sealed["p-1"]})


@pytest.mark.parametrize("at", [0, 1, 12, 20, -1])
async def test_one_changed_bit_is_refused_rather_than_read_as_something_else(keys: KeyRing, at: int) -> None:
    codec = SealedIdentities(keys)
    kept = bytearray((await codec.seal({"p-1": NAMED}))["p-1"])
    kept[at] ^= 1
    with pytest.raises(IdentityUnreadable, match="p-1"):
        await codec.open({"p-1": bytes(kept)})


@pytest.mark.parametrize("kept", [b"", b"{}", b"\x00", b"\x00{", b"\x00[]", b"\x00\xff", b"\x01", b"\x02{}"])
async def test_what_was_never_written_is_refused(keys: KeyRing, kept: bytes) -> None:
    codec = SealedIdentities(keys)
    await codec.seal({"p-1": NAMED})
    with pytest.raises(IdentityUnreadable, match="p-1"):
        await codec.open({"p-1": kept})


async def test_what_was_kept_before_there_were_keys_is_still_read(keys: KeyRing) -> None:
    assert await SealedIdentities(keys).open({"p-1": b'\x00{"given_name":"Ada"}'}) == {"p-1": {"given_name": "Ada"}}


async def test_whoever_has_no_key_any_more_is_left_out(keys: KeyRing, open_keys: OpenKeys) -> None:
    sealed = await SealedIdentities(keys).seal({"p-1": NAMED, "p-2": NAMED})
    await keys.erase("p-1", NOW, Purpose.IDENTITY)
    for ring in (keys, open_keys()):
        assert await SealedIdentities(ring).open(sealed) == {"p-2": NAMED}
