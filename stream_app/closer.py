"""Closes meetings: absences where they hold, the close and its event last.

Any number of workers may try. Each step can be repeated, and of several that close a meeting one succeeds, so a crash
in between is made good by whoever comes next.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from random import sample
from typing import Protocol

import structlog

from attendance import rules
from attendance.coverage import Coverage
from attendance.events import meeting_closed
from attendance.meetings import Meeting, MeetingState
from attendance.records import Record
from attendance.store import Store
from attendance.store.meetings import Closed
from stream_app import clock, metrics
from stream_app.health import Health
from stream_app.patience import until_available
from stream_app.recognisable import recognisable
from stream_app.recount import Recount
from stream_app.replanning import Replanning
from stream_app.watermark import Watermark, watermark

# More are looked at in the next round. Those that wait for a silent camera mustn't hide those that can be closed, and a
# campus has no more rooms than this.
MOST_WAITING = 1000
# So many students of a meeting are settled at once; more would hold up the frames' own writes.
SETTLED_AT_ONCE = 8
# A frame is on its way to Kafka for so long at the most, or comes late.
ON_THE_WAY = timedelta(seconds=5)

log = structlog.get_logger(__name__)


class Processed(Protocol):
    """Knows what still waits in Kafka."""

    async def processed_until(self, moments: Iterable[datetime]) -> set[datetime]:
        """Give those of the moments before which nothing arrived that isn't processed."""


class Closer:
    """Looks for meetings to close, and for closed ones that frames or words since then tell anew."""

    def __init__(
        self,
        store: Store,
        health: Health,
        on_change: Callable[[], None],
        arrivals: Processed,
        *,
        encoder: str,
        close_after: timedelta,
        every_s: float,
    ) -> None:
        self._store = store
        self._health = health
        self._on_change = on_change
        self._arrivals = arrivals
        self._encoder = encoder
        self._close_after = close_after
        self._every_s = every_s
        self._recount = Recount(store)
        self._replanning = Replanning(store, encoder)
        self._asked: dict[Meeting, datetime] = {}

    async def run(self) -> None:
        """Go round for ever."""
        while True:
            await until_available(self.round, self._health)
            await asyncio.sleep(self._every_s)

    async def round(self) -> None:
        """Judge again where the plan changed, close what can be closed now, and judge closed meetings again.

        Whoever lost their last sighting since is settled as the close would have, who was unmarked for want of frames
        by those that came; a meeting that was not taken may then have been. Counts that changed are told again.

        Raises:
            StoreUnavailable: do it again.
        """
        if await self._replanning.round():
            self._on_change()
        can_close = await self._can_close(await self._store.meetings.open_and_over(clock.now(), limit=MOST_WAITING))
        # In another order than the other workers, which do the same now.
        for meeting in sample(can_close, len(can_close)):
            await self.close(meeting)
        await self._recount.round(self._judge_again)

    async def close(self, meeting: Meeting) -> bool:
        """Settle everybody on the roster, then close the meeting; tell whether this caller was the one who did."""
        if (await self._store.meetings.get_many([meeting.id])).get(meeting.id) != meeting:
            return False  # another worker was quicker, or it was moved; what it is now is looked at in the next round
        coverage = await self._store.progress.coverage_of(meeting.id, meeting.room_ids)
        roster = await self._store.classes.roster(meeting.class_id, meeting.local_date)
        records = {record.student_id: record for record in await self._store.records.of_meeting(meeting.id)}
        students = {student: records.get(student) for student in {*roster, *records}}
        await self._settle(meeting, students, coverage, frozenset(roster))
        state = MeetingState.CLOSED if rules.is_taken(meeting, coverage) else MeetingState.NOT_TAKEN
        return await self._tell(meeting, state, coverage)

    async def _settle(
        self, meeting: Meeting, students: dict[str, Record | None], coverage: Coverage, roster: frozenset[str]
    ) -> None:
        excuses = await self._store.notices.excuses_on(meeting.local_date, students)
        enrolled = await recognisable(self._store, self._encoder, meeting, sorted(students))
        now = clock.now()

        def settled(student_id: str, record: Record | None) -> Record:
            return rules.close(
                record,
                student_id,
                meeting,
                has_template=student_id in enrolled,
                coverage=coverage,
                now=now,
                is_expected=student_id in roster,
                excuse=excuses.get(student_id),
            )

        async def settle(student_id: str) -> None:
            await self._store.records.change(meeting, student_id, lambda record: settled(student_id, record), now=now)

        # Most were seen and stay as they are: that needs no question and no write each.
        changing = [each for each, record in sorted(students.items()) if settled(each, record) != record]
        for start in range(0, len(changing), SETTLED_AT_ONCE):
            await asyncio.gather(*map(settle, changing[start : start + SETTLED_AT_ONCE]))

    async def _can_close(self, waiting: list[Meeting]) -> list[Meeting]:
        now = clock.now()
        too_long = [meeting for meeting in waiting if now >= meeting.end + self._close_after]
        rest = [meeting for meeting in waiting if now < meeting.end + self._close_after]
        if not rest:
            return too_long
        rooms = tuple(dict.fromkeys(room_id for meeting in rest for room_id in meeting.room_ids))
        cameras = await self._store.cameras.of_rooms(rooms)
        through = await self._store.progress.processed_through([camera.id for camera in cameras])
        by_room: dict[str, list[str]] = {}
        for camera in cameras:
            for room_id in camera.watches:
                by_room.setdefault(room_id, []).append(camera.id)
        marks = [
            (
                meeting,
                watermark(meeting, (each for room in meeting.room_ids for each in by_room.get(room, ())), through),
            )
            for meeting in rest
        ]
        silent = [meeting for meeting, mark in marks if mark is Watermark.PAST_BUT_FOR_SILENT]
        past = await self._past((meeting for meeting in silent if now >= meeting.end + ON_THE_WAY), now)
        return too_long + [meeting for meeting, mark in marks if mark is Watermark.PAST] + past

    async def _past(self, meetings: Iterable[Meeting], now: datetime) -> list[Meeting]:
        # A camera that was cut off sends its backlog after the end: what has come by the first time that the meeting
        # could close is heard as well, and no more than that, or a steady stream of frames would keep it open.
        self._asked = {meeting: self._asked.get(meeting, now) for meeting in meetings}
        if not self._asked:
            return []
        processed = await self._arrivals.processed_until(self._asked.values())
        return [meeting for meeting, moment in self._asked.items() if moment in processed]

    async def _tell(self, meeting: Meeting, state: MeetingState, coverage: Coverage) -> bool:
        event = meeting_closed(
            meeting,
            meeting.close_number + 1,
            taken=state is MeetingState.CLOSED,
            coverage=coverage.share(meeting.start, meeting.end),
            counts=await self._store.records.totals_of_meeting(meeting.id),
            now=clock.now(),
        )
        won = await self._store.meetings.close(meeting, state, event)
        if won:
            self._on_change()
            metrics.CLOSED.labels(state.value).inc()
            log.info("meeting closed", meeting=meeting.id, state=state.value, number=event.data.close_number)
        return won

    async def _judge_again(self, closed: Closed) -> None:
        meeting = closed.meeting
        coverage = await self._store.progress.coverage_of(meeting.id, meeting.room_ids)
        if meeting.state is MeetingState.NOT_TAKEN and rules.is_taken(meeting, coverage):
            # The frames that were missing came after all.
            await self.close(meeting)
            return
        roster = frozenset(await self._store.classes.roster(meeting.class_id, meeting.local_date))
        unsettled = await self._store.records.unsettled_of_meeting(meeting)
        changing: dict[str, Record | None] = {
            record.student_id: record
            for record in unsettled
            if _would_change(record, meeting, coverage, is_expected=record.student_id in roster)
        }
        if changing:
            await self._settle(meeting, changing, coverage, roster)
            self._on_change()
        counts = await self._store.records.totals_of_meeting(meeting.id)
        if any(closed.counts.get(status, 0) != count for status, count in counts.items()):
            await self._tell(meeting, meeting.state, coverage)


def _would_change(record: Record, meeting: Meeting, coverage: Coverage, *, is_expected: bool) -> bool:
    settled = rules.close(
        record,
        record.student_id,
        meeting,
        has_template=True,
        coverage=coverage,
        now=record.history[-1].at,
        is_expected=is_expected,
        excuse=record.excuse,
    )
    return settled != record
