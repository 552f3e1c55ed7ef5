"""How much was looked at, so far, of the meetings that are on: figures for whoever watches over the campus."""

from collections.abc import Iterable
from datetime import datetime

from attendance.meetings import Meeting
from attendance.store import Store
from stream_app import metrics

# A worker's share of a campus at one time. Beyond it the figures are of the meetings whose frames came last.
MOST_MEETINGS = 200


class MeetingsOn:
    """The meetings that frames of this worker counted for lately."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._meetings: dict[str, Meeting] = {}

    def note(self, meetings: Iterable[Meeting]) -> None:
        """Note that a frame counted for these."""
        for meeting in meetings:
            self._meetings.pop(meeting.id, None)
            self._meetings[meeting.id] = meeting
        for oldest in list(self._meetings)[:-MOST_MEETINGS]:
            del self._meetings[oldest]

    async def measure(self, now: datetime) -> None:
        """Tell the metrics; a camera's backlog lowers the figures for as long as it isn't looked at.

        Raises:
            StoreUnavailable: they can't be known now.
        """
        self._meetings = {meeting.id: meeting for meeting in self._meetings.values() if now < meeting.end}
        on = [meeting for meeting in self._meetings.values() if meeting.start < now]
        shares = [
            (await self._store.progress.coverage_of(each.id, each.room_ids)).share(each.start, now) for each in on
        ]
        metrics.MEETINGS_ON.set(len(shares))
        if shares:
            metrics.COVERAGE.labels("lowest").set(min(shares))
            metrics.COVERAGE.labels("mean").set(sum(shares) / len(shares))
        else:
            metrics.COVERAGE.clear()
