"""Waiting for a database or broker that is away."""

import asyncio

import pytest

from attendance.store import StoreUnavailable
from stream_app import patience
from stream_app.health import Health
from stream_app.patience import until_available


class Away:
    """Answers once it is back."""

    def __init__(self) -> None:
        self.is_back = False

    async def __call__(self) -> str:
        if not self.is_back:
            raise StoreUnavailable("away")
        return "answer"


async def _answers() -> None:
    return None


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_WAIT_SECONDS", 0.001)


async def test_it_waits_as_long_as_anybody_does_though_others_are_answered() -> None:
    health, writes = Health(), Away()
    waiting = asyncio.create_task(until_available(writes, health))
    await asyncio.sleep(0.02)
    await until_available(_answers, health)
    assert health.is_waiting
    writes.is_back = True
    assert await waiting == "answer"
    assert not health.is_waiting


async def test_who_gives_up_waits_no_more() -> None:
    health = Health()
    waiting = asyncio.create_task(until_available(Away(), health))
    await asyncio.sleep(0.02)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not health.is_waiting


async def test_what_cannot_be_waited_out_is_raised_at_once() -> None:
    async def is_wrong() -> None:
        raise ValueError("a defect")

    health = Health()
    with pytest.raises(ValueError, match="a defect"):
        await until_available(is_wrong, health)
    assert not health.is_waiting
