"""Waiting out what passes: a database or broker that is away. Frames wait meanwhile; none is refused for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from aiokafka.errors import KafkaError

from attendance.store import StoreUnavailable
from stream_app.health import Health

Result = TypeVar("Result")

FIRST_WAIT_SECONDS = 0.2
# Longer waits would add to the time to recover; shorter ones would hammer a server that is starting.
LONGEST_WAIT_SECONDS = 2.0

log = structlog.get_logger(__name__)


async def until_available(call: Callable[[], Awaitable[Result]], health: Health) -> Result:
    """Call until neither the database nor the broker is away; the call must be one that can be repeated."""
    try:
        return await call()
    except (StoreUnavailable, KafkaError) as error:
        if not health.is_waiting:
            log.warning("waiting: database or broker away", error=str(error))
    # Others may be answered meanwhile (reads, while writes fail): it is over when nobody waits any more.
    health.waiters += 1
    try:
        return await _again(call)
    finally:
        health.waiters -= 1


async def _again(call: Callable[[], Awaitable[Result]]) -> Result:
    wait = FIRST_WAIT_SECONDS
    while True:
        await asyncio.sleep(wait)
        try:
            return await call()
        except (StoreUnavailable, KafkaError):
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
