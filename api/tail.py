"""Waiting for what comes next: one look at the end of the log for all who wait in this process.

It follows the store, so what another process wrote is told here as well. Who waits keeps their own place in the log;
nothing is queued for anybody.
"""

import asyncio
import contextlib

import structlog

from attendance.store import Store, StoreUnavailable

# How long an event waits at the most for those who wait for it.
LOOK_EVERY_SECONDS = 0.5

log = structlog.get_logger(__name__)


class LogTail:
    """Looks at the end of the log while somebody waits, and tells them that it moved."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting = 0
        self._moved = asyncio.Event()
        self._highest = 0
        self._looking: asyncio.Task[None] | None = None

    async def beyond(self, number: int, *, within_s: float) -> None:
        """Wait until there is an event with a higher number, or for this long."""
        self._waiting += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="log-tail")
        try:
            async with asyncio.timeout(within_s):
                while self._highest <= number:
                    await self._moved.wait()
        except TimeoutError:
            return
        finally:
            self._waiting -= 1

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    async def _look(self) -> None:
        while self._waiting:
            try:
                await self._store.event_log.number()
                highest = await self._store.event_log.highest()
            except StoreUnavailable as error:
                log.warning("the end of the log is not known", error=str(error))
            else:
                if highest > self._highest:
                    self._highest = highest
                    self._moved.set()
                    self._moved = asyncio.Event()
            await asyncio.sleep(LOOK_EVERY_SECONDS)
