"""Erasures are finished beside the API: what was broken off, and the second pass a minute after the first."""

import asyncio
import contextlib

import structlog

from api.times import now
from attendance.keys import KeyUnusable
from attendance.store import Store, StoreUnavailable

# The second pass is due a minute after the first; looking costs one question by an index that holds nothing else.
_LOOK_SECONDS = 5.0

log = structlog.get_logger(__name__)


class ErasingTask:
    """Finishes erasures, from `start` to `stop`. Several processes may: every step can be done twice."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="erasing")

    async def stop(self) -> None:
        """End; what is unfinished is gone on with by whoever starts next."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                if finished := await self._store.erasures.go_on(now()):
                    log.info("erasures finished", count=finished)
            except (StoreUnavailable, KeyUnusable) as error:
                log.warning("erasures wait", error=str(error))
            except Exception:
                log.exception("an erasure could not be finished; it is tried again")
            await asyncio.sleep(_LOOK_SECONDS)
