"""Whether a meeting's records are complete: everyone who could be recognised has one."""

import asyncio

from attendance.status import Status
from attendance.store import Store
from recognition import Gallery
from stream_app.health import Health
from stream_app.patience import until_available
from stream_app.rosters import Watched

# Who was the last one to be recognised is known so much later; meanwhile frames count as if somebody were missing.
POLL_SECONDS = 5.0


class Completeness:
    """Looks the records up now and then, for the meetings that were asked for; an answer never waits for the store."""

    def __init__(self, store: Store, health: Health) -> None:
        self._store = store
        self._health = health
        # Ids, not the gallery itself: this must keep nobody's template past the lease.
        self._asked: dict[str, frozenset[str]] = {}
        self._complete: frozenset[str] = frozenset()

    def is_complete(self, watched: Watched, gallery: Gallery) -> bool:
        """Tell whether nobody of the gallery is missing in this meeting, as far as it is known."""
        self._asked[watched.meeting.id] = watched.roster & frozenset(gallery.people)
        return watched.meeting.id in self._complete

    async def run(self) -> None:
        """Keep it known, for ever."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await until_available(self.poll, self._health)

    async def poll(self) -> None:
        """Look up the meetings that were asked for since the last time.

        Raises:
            StoreUnavailable: do it again.
        """
        complete = set()
        asked = dict(self._asked)
        for meeting_id, expected in asked.items():
            records = await self._store.records.of_meeting(meeting_id)
            # 'Unmarked' is no answer: they may still come.
            recorded = {record.student_id for record in records if record.status is not Status.UNMARKED}
            if expected <= recorded:
                complete.add(meeting_id)
        self._complete = frozenset(complete)
        for meeting_id, expected in asked.items():
            if self._asked.get(meeting_id) is expected:
                del self._asked[meeting_id]
