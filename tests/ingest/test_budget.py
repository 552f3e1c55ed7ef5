"""The bound on what is under way."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.budget import Budget
from ingest.settings import IngestSettings


async def settled() -> None:
    """Let every task run until it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_frame_waits_until_there_is_room_for_it() -> None:
    budget = Budget(frames=2, size=100)
    await budget.take(60)
    waiting = asyncio.create_task(budget.take(50))
    await settled()
    assert not waiting.done()
    budget.give_back(60)
    await waiting
    assert (budget.frames, budget.bytes) == (1, 50)


async def test_a_frame_larger_than_the_bound_passes_alone() -> None:
    budget = Budget(frames=2, size=100)
    await budget.take(500)
    waiting = asyncio.create_task(budget.take(1))
    await settled()
    assert not waiting.done()
    budget.give_back(500)
    await waiting


async def test_who_comes_first_is_served_first_even_where_a_later_one_would_fit() -> None:
    budget = Budget(frames=9, size=100)
    await budget.take(60)
    order: list[int] = []

    async def take(size: int) -> None:
        await budget.take(size)
        order.append(size)

    tasks = [asyncio.create_task(take(size)) for size in (90, 10)]
    await settled()
    assert order == []
    budget.give_back(60)
    await asyncio.gather(*tasks)
    assert order == [90, 10]


async def test_one_who_gives_up_lets_those_behind_it_pass() -> None:
    budget = Budget(frames=9, size=100)
    await budget.take(60)
    large = asyncio.create_task(budget.take(90))
    small = asyncio.create_task(budget.take(10))
    await settled()
    large.cancel()
    await small
    assert (budget.frames, budget.bytes) == (2, 70)


async def test_one_who_gives_up_when_its_turn_has_come_gives_it_back() -> None:
    budget = Budget(frames=1, size=100)
    await budget.take(10)
    waiting = asyncio.create_task(budget.take(20))
    await settled()
    budget.give_back(10)
    waiting.cancel()  # it was served, but hasn't run yet
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (budget.frames, budget.bytes) == (0, 0)


@given(st.lists(st.tuples(st.sampled_from(["take", "give", "cancel"]), st.integers(0, 120)), max_size=40))
def test_the_bounds_hold_whatever_happens_and_nothing_is_lost(steps: list[tuple[str, int]]) -> None:
    async def play() -> None:
        budget = Budget(frames=3, size=100)
        takers: list[tuple[asyncio.Task[None], int]] = []
        for step, number in steps:
            if step == "take":
                takers.append((asyncio.create_task(budget.take(number)), number))
            elif takers:
                task, size = takers.pop(number % len(takers))
                if step == "give" and task.done():
                    budget.give_back(size)
                elif step == "give" or task.done():
                    takers.append((task, size))
                else:
                    task.cancel()
            await settled()
            holders = [size for task, size in takers if task.done()]
            assert (budget.frames, budget.bytes) == (len(holders), sum(holders))
            assert len(holders) <= 3
            assert sum(holders) <= 100 or len(holders) == 1
        while takers:
            held = [(task, size) for task, size in takers if task.done()]
            assert held, "someone waits though nothing is under way"
            takers = [taker for taker in takers if not taker[0].done()]
            for _, size in held:
                budget.give_back(size)
            await settled()
        assert (budget.frames, budget.bytes) == (0, 0)

    asyncio.run(play())


def test_a_bound_that_no_picture_fits_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="largest_picture"):
        IngestSettings(connection_bytes=1_000_000)
