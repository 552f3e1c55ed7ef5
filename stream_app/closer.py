"""Closes meetings: absences where they hold, the close and its event last.

Any number of workers may try. Each step can be repeated, and of several that close a meeting one succeeds, so a crash
in between is made good by whoever comes next.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from attendance import rules
from attendance.coverage import Coverage
from attendance.events import meeting_closed
from attendance.meetings import Meeting, MeetingState
from attendance.records import Record
from attendance.store import Store
from stream_app import clock, metrics
from stream_app.health import Health
from stream_app.patience import until_available

# More would make one round long; what is left comes in the next.
MEETINGS_A_ROUND = 20
# Revisions after a close are looked for so far back, so that one round that fails is made good by the next.
RECOUNT_OVERLAP = timedelta(minutes=5)

log = structlog.get_logger(__name__)


class Closer:
    """Looks for meetings to close, and for closed ones that frames or words since then tell anew."""

    def __init__(
        self,
        store: Store,
        health: Health,
        on_change: Callable[[], None],
        *,
        encoder: str,
        close_after: timedelta,
        every_s: float,
    ) -> None:
        self._store = store
        self._health = health
        self._on_change = on_change
        self._encoder = encoder
        self._close_after = close_after
        self._every_s = every_s
        self._recounted_until = clock.now() - timedelta(days=1)

    async def run(self) -> None:
        """Go round for ever."""
        while True:
            await until_available(self.round, self._health)
            await asyncio.sleep(self._every_s)

    async def round(self) -> None:
        """Close what can be closed now, and judge closed meetings again.

        Whoever lost their last sighting since is settled as the close would have, who was unmarked for want of frames
        by those that came; a meeting that was not taken may then have been. Counts that changed are told again.

        Raises:
            StoreUnavailable: do it again.
        """
        for meeting in await self._store.meetings.open_and_over(clock.now(), limit=MEETINGS_A_ROUND):
            if await self._may_close(meeting):
                await self.close(meeting)
        await self._recount()

    async def close(self, meeting: Meeting) -> bool:
        """Settle everybody on the roster, then close the meeting; tell whether this caller was the one who did."""
        coverage = await self._store.progress.coverage_of(meeting.id)
        roster = await self._store.classes.roster(meeting.class_id, meeting.local_date)
        seen = [record.student_id for record in await self._store.records.of_meeting(meeting.id)]
        await self._settle(meeting, sorted({*roster, *seen}), coverage)
        state = MeetingState.CLOSED if rules.is_taken(meeting, coverage) else MeetingState.NOT_TAKEN
        return await self._tell(meeting, state, coverage)

    async def _settle(self, meeting: Meeting, student_ids: list[str], coverage: Coverage) -> None:
        templates = await self._store.biometrics.templates_of(student_ids)
        with_template = {each.student_id for each in templates if each.template.encoder == self._encoder}
        now = clock.now()
        for student_id in student_ids:

            def settle(record: Record | None, student_id: str = student_id) -> Record:
                return rules.close(
                    record,
                    student_id,
                    meeting,
                    has_template=student_id in with_template,
                    coverage=coverage,
                    now=now,
                )

            await self._store.records.change(meeting, student_id, settle, now=now)

    async def _may_close(self, meeting: Meeting) -> bool:
        if clock.now() >= meeting.end + self._close_after:
            return True
        cameras = await self._store.cameras.of_rooms(meeting.room_ids)
        through = await self._store.progress.processed_through([camera.id for camera in cameras])
        # A camera that sent nothing since the meeting opened has no say: it may be switched off for good.
        live = [moment for moment in through.values() if moment >= meeting.opens_at]
        return bool(live) and min(live) >= meeting.end

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

    async def _recount(self) -> None:
        began = clock.now()
        since = self._recounted_until - RECOUNT_OVERLAP
        revised = await self._store.records.meetings_revised_since(since)
        covered = await self._store.progress.meetings_covered_since(since)
        meetings = await self._store.meetings.get_many(sorted({*revised, *covered}))
        for meeting in meetings.values():
            if meeting.state in (MeetingState.CLOSED, MeetingState.NOT_TAKEN):
                await self._judge_again(meeting)
        self._recounted_until = began

    async def _judge_again(self, meeting: Meeting) -> None:
        coverage = await self._store.progress.coverage_of(meeting.id)
        if meeting.state is MeetingState.NOT_TAKEN and rules.is_taken(meeting, coverage):
            # The frames that were missing came after all.
            await self.close(meeting)
            return
        unsettled = await self._store.records.unsettled_of_meeting(meeting.id)
        if changing := [record.student_id for record in unsettled if _would_change(record, meeting, coverage)]:
            await self._settle(meeting, changing, coverage)
            self._on_change()
        told = await self._store.meetings.counts(meeting.id)
        counts = await self._store.records.totals_of_meeting(meeting.id)
        if any(told.get(status, 0) != count for status, count in counts.items()):
            await self._tell(meeting, meeting.state, coverage)


def _would_change(record: Record, meeting: Meeting, coverage: Coverage) -> bool:
    settled = rules.close(
        record, record.student_id, meeting, has_template=True, coverage=coverage, now=record.history[-1].at
    )
    return settled != record
