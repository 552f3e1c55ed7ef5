"""Values kept until they change."""

import asyncio

import pytest

from stream_app import kept
from stream_app.kept import OLDEST_SECONDS, UNUSED_SECONDS, Kept


class Shelf:
    """Counts what it gives; it may be closed, or slow."""

    def __init__(self) -> None:
        self.given = 0
        self.now = 0.0
        self.is_closed = False
        self.may_give = asyncio.Event()
        self.may_give.set()
        self.asked = asyncio.Event()
        self.kept: Kept[str, str] = Kept(self.load, clock=lambda: self.now)

    async def load(self, key: str) -> str:
        self.given += 1
        given = f"{key}{self.given}"
        self.asked.set()
        await self.may_give.wait()
        if self.is_closed:
            raise ConnectionError("closed")
        return given


async def test_a_value_is_loaded_once() -> None:
    shelf = Shelf()
    assert [await shelf.kept.get("a") for _ in range(3)] == ["a1"] * 3


async def test_who_asks_while_it_is_loaded_waits_for_the_same_load() -> None:
    shelf = Shelf()
    assert await asyncio.gather(*(shelf.kept.get("a") for _ in range(3))) == ["a1"] * 3


async def test_who_gives_up_waiting_leaves_the_load_to_the_others() -> None:
    shelf = Shelf()
    shelf.may_give.clear()
    first, second = (asyncio.create_task(shelf.kept.get("a")) for _ in range(2))
    await shelf.asked.wait()
    first.cancel()
    shelf.may_give.set()
    assert await second == "a1"


async def test_what_changed_is_loaded_again_and_the_rest_is_not() -> None:
    shelf = Shelf()
    await shelf.kept.get("a")
    await shelf.kept.get("b")
    shelf.kept.forget(lambda key, value: (key, value) == ("a", "a1"))
    assert [await shelf.kept.get(key) for key in "ab"] == ["a3", "b2"]


async def test_what_changed_while_it_was_loaded_is_not_kept() -> None:
    shelf = Shelf()
    shelf.may_give.clear()
    waiting = asyncio.create_task(shelf.kept.get("a"))
    await shelf.asked.wait()
    shelf.kept.forget(lambda _key, _value: True)
    shelf.may_give.set()
    assert await waiting == "a1"
    assert await shelf.kept.get("a") == "a2"


async def test_renewed_values_are_there_before_anybody_asks() -> None:
    shelf = Shelf()
    await shelf.kept.get("a")
    await shelf.kept.get("b")
    await shelf.kept.renew(lambda key, _: key == "a")
    shelf.is_closed = True
    assert [await shelf.kept.get(key) for key in "ab"] == ["a3", "b2"]


async def test_what_nobody_asked_for_lately_is_forgotten_instead_of_renewed() -> None:
    shelf = Shelf()
    await shelf.kept.get("a")
    shelf.now = UNUSED_SECONDS / 2
    await shelf.kept.get("b")
    shelf.now = UNUSED_SECONDS + 1
    await shelf.kept.renew(lambda _key, _value: True)
    assert (len(shelf.kept), shelf.given) == (1, 3)


async def test_an_old_value_is_loaded_again_though_no_change_was_told() -> None:
    shelf = Shelf()
    await shelf.kept.get("a")
    shelf.now = OLDEST_SECONDS - 1
    assert await shelf.kept.get("a") == "a1"
    shelf.now = OLDEST_SECONDS
    assert await shelf.kept.get("a") == "a2"


async def test_what_could_not_be_loaded_is_asked_for_again() -> None:
    shelf = Shelf()
    shelf.is_closed = True
    with pytest.raises(ConnectionError):
        await shelf.kept.get("a")
    shelf.is_closed = False
    assert await shelf.kept.get("a") == "a2"


async def test_once_dropped_nothing_is_kept_nor_what_is_being_loaded() -> None:
    shelf = Shelf()
    await shelf.kept.get("a")
    shelf.may_give.clear()
    shelf.asked.clear()
    waiting = asyncio.create_task(shelf.kept.get("b"))
    await shelf.asked.wait()
    shelf.kept.drop()
    shelf.may_give.set()
    await waiting
    assert len(shelf.kept) == 0


async def test_the_longest_unused_values_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 2)
    shelf = Shelf()
    for key in ["a", "b", "a", "c", "a"]:
        await shelf.kept.get(key)
    assert shelf.given == 3
    await shelf.kept.get("b")
    assert shelf.given == 4
