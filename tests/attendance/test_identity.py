"""What names a person, sealed and opened again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.identity import IdentityUnreadable, PlainCodec

TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]))
PEOPLE = st.dictionaries(st.uuids().map(str), st.dictionaries(st.sampled_from(["given_name", "email", "x"]), TEXTS))


@given(PEOPLE)
async def test_what_is_sealed_opens_as_it_was(people: dict[str, dict[str, str | None]]) -> None:
    codec = PlainCodec()
    sealed = await codec.seal(people)
    assert set(sealed) == set(people)
    assert await codec.open(sealed) == people


@pytest.mark.parametrize("kept", [b"", b"{}", b"\x01{}", b"\x00", b"\x00{", b"\x00[]", b"\x00\xff"])
async def test_what_is_not_plain_is_refused_rather_than_read_as_something_else(kept: bytes) -> None:
    with pytest.raises(IdentityUnreadable, match="p-1"):
        await PlainCodec().open({"p-1": kept})
