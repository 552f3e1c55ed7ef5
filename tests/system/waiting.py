"""Waiting for what has to come."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from attendance.meetings import Meeting, MeetingState
from tests.system.campus import Campus

# For what never comes. How long what comes may take on a machine with other things to do, no test judges.
PATIENCE_SECONDS = 600.0


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition holds, or fail."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "it did not come in time"
        await asyncio.sleep(0.1)


async def closed(campus: Campus, meeting_id: str, *, seconds: float = PATIENCE_SECONDS) -> Meeting:
    """Wait until a meeting is closed and nothing is left to send."""

    async def is_closed() -> bool:
        meeting = await campus.store.meetings.get(meeting_id)
        return meeting.state is not MeetingState.OPEN and await campus.store.pending_events.oldest() is None

    await until(is_closed, seconds=seconds)
    return await campus.store.meetings.get(meeting_id)
