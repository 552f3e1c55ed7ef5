"""Values on a lease."""

import pytest

from stream_app import lease
from stream_app.lease import Leased


class Shelf:
    """Counts what it gives, and may be closed."""

    def __init__(self) -> None:
        self.given = 0
        self.is_closed = False

    async def load(self, key: str) -> str:
        if self.is_closed:
            raise ConnectionError("closed")
        self.given += 1
        return f"{key}{self.given}"


async def test_within_the_lease_a_value_is_loaded_once() -> None:
    shelf, now = Shelf(), [0.0]
    leased = Leased(shelf.load, 10, clock=lambda: now[0])
    assert await leased.get("a") == "a1"
    now[0] = 9.9
    assert await leased.get("a") == "a1"


async def test_after_the_lease_it_is_loaded_again() -> None:
    shelf, now = Shelf(), [0.0]
    leased = Leased(shelf.load, 10, clock=lambda: now[0])
    await leased.get("a")
    now[0] = 10.0
    assert await leased.get("a") == "a2"


async def test_a_value_that_cannot_be_loaded_again_is_not_given_from_memory() -> None:
    shelf, now = Shelf(), [0.0]
    leased = Leased(shelf.load, 10, clock=lambda: now[0])
    await leased.get("a")
    shelf.is_closed = True
    now[0] = 10.0
    with pytest.raises(ConnectionError):
        await leased.get("a")
    now[0] = 5.0  # not even if the clock went back
    with pytest.raises(ConnectionError):
        await leased.get("a")


async def test_the_longest_unused_values_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "MOST_KEPT", 2)
    shelf = Shelf()
    leased = Leased(shelf.load, 10, clock=lambda: 0.0)
    for key in ["a", "b", "a", "c", "a"]:
        await leased.get(key)
    assert shelf.given == 3
    await leased.get("b")
    assert shelf.given == 4
