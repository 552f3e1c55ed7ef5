"""Documents of earlier versions are brought to the present form beside the API; nothing waits for it."""

import asyncio
import contextlib

import structlog

from attendance.store import Store, StoreUnavailable

# The database may be away when the API starts.
_AGAIN_SECONDS = 2.0

log = structlog.get_logger(__name__)


class MigrationTask:
    """Runs the store's migrations once, from `start` on; a stop in the middle is gone on with by the next start."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="migrations")

    async def stop(self) -> None:
        """Break it off where it isn't done yet."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                for name, changed in (await self._store.migrations.run()).items():
                    if changed:
                        log.info("documents were brought to the present form", kind=name, documents=changed)
            except StoreUnavailable:
                await asyncio.sleep(_AGAIN_SECONDS)
            except Exception:
                log.exception("a migration failed; documents stay as they are, which is read too")
                return
            else:
                return
