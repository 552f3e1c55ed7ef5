"""Frames that were skipped, counted for each meeting, camera and reason, and told to the store together."""

import asyncio
from collections import Counter
from collections.abc import Iterable

from attendance.store import Store, StoreUnavailable
from stream_app import metrics
from stream_app.health import Health
from stream_app.patience import until_available

# Under overload nearly each frame is skipped: a write for each would be load of its own.
TELL_EVERY_SECONDS = 2.0


class Skips:
    """Counts skipped frames. Counts that a kill takes along are lost: the meeting's coverage, which decides, is not."""

    def __init__(self, store: Store, health: Health) -> None:
        self._store = store
        self._health = health
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def count(self, meeting_ids: Iterable[str], camera_id: str, reason: str) -> None:
        """Count a frame."""
        metrics.SKIPPED.labels(reason, camera_id).inc()
        for meeting_id in meeting_ids:
            self._counts[meeting_id, camera_id, reason] += 1

    async def run(self) -> None:
        """Tell the store every moment, for ever."""
        while True:
            await asyncio.sleep(TELL_EVERY_SECONDS)
            await until_available(self.tell, self._health)

    async def tell(self) -> None:
        """Tell the store what was counted since the last time.

        Raises:
            StoreUnavailable: what is not told yet stays counted.
        """
        for key in list(self._counts):
            count = self._counts.pop(key)
            try:
                await self._store.progress.skip(*key, count)
            except StoreUnavailable:
                self._counts[key] += count
                raise
