"""Which closed meetings have to be looked at again: those of which records or coverage changed since they were last.

What a meeting was like when it was looked at is remembered, so that hundreds of meetings that close at once are looked
at once or twice, not each second.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from attendance.store import Store
from attendance.store.collection import Mark
from attendance.store.meetings import Closed
from stream_app import clock

# A change is stamped before it is written, by its writer's clock: one that lags by less than this is still found.
OVERLAP = timedelta(minutes=1)
# A close counts what it read at its beginning; what changed since then isn't in its counts.
LONGEST_CLOSE = timedelta(minutes=5)
# What changed while no worker ran is found by the first that does.
LONGEST_AWAY = timedelta(days=1)

_Marks = tuple[Mark | None, Mark | None]


class Recount:
    """Remembers how far each meeting's records and coverage were when it was judged."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._until = clock.now() - LONGEST_AWAY
        self._seen: dict[str, _Marks] = {}

    async def round(self, judge: Callable[[Closed], Awaitable[None]]) -> None:
        """Have each closed meeting judged that changed since it was.

        Raises:
            StoreUnavailable: do it again; what was judged isn't judged again.
        """
        began = clock.now()
        since = self._until - OVERLAP
        revised = await self._store.records.meetings_revised_since(since)
        covered = await self._store.progress.meetings_covered_since(since)
        marks: dict[str, _Marks] = {
            meeting_id: (revised.get(meeting_id), covered.get(meeting_id)) for meeting_id in {*revised, *covered}
        }
        changed = sorted(meeting_id for meeting_id, mark in marks.items() if self._seen.get(meeting_id) != mark)
        for closed in await self._store.meetings.closed(changed):
            mark = marks[closed.meeting.id]
            if _may_be_after(mark, closed.closed_at):
                await judge(closed)
            self._seen[closed.meeting.id] = mark
        self._seen = {meeting_id: mark for meeting_id, mark in self._seen.items() if meeting_id in marks}
        self._until = began


def _may_be_after(marks: _Marks, closed_at: datetime) -> bool:
    return any(mark is not None and mark.latest >= closed_at - LONGEST_CLOSE for mark in marks)
