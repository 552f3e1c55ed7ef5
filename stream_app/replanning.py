"""Judges records again where the plan changed: moved, cancelled and split meetings, enrolments, absence notices.

Each step can be repeated, by any worker; what is done is noted last.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from attendance import rules
from attendance.coverage import Coverage
from attendance.meetings import Meeting, counts_from
from attendance.records import Record
from attendance.status import Cause, NotExpectedReason, Status
from attendance.store import Store
from attendance.store.collection import Mark
from attendance.store.meetings import Replanned
from attendance.store.records import Decide
from stream_app import clock
from stream_app.recognisable import recognisable

MOST_AT_ONCE = 100
# A close that had begun before a notice came may write an absence after it: the notice is applied once more.
LONGEST_CLOSE = timedelta(minutes=5)
# What changed while no worker ran is found by the first that does; a change is stamped before it is written.
LONGEST_AWAY = timedelta(days=1)
OVERLAP = timedelta(minutes=1)


class Replanning:
    """Looks for plans that changed since it last did."""

    def __init__(self, store: Store, encoder: str) -> None:
        self._store = store
        self._encoder = encoder
        self._until = clock.now() - LONGEST_AWAY
        self._rosters: dict[str, Mark] = {}

    async def round(self) -> bool:
        """Judge again what has to be; tell whether records may have changed.

        Raises:
            StoreUnavailable: do it again.
        """
        replanned = await self._store.meetings.to_judge(limit=MOST_AT_ONCE)
        for each in replanned:
            await self._judge_meeting(each)
            await self._store.meetings.judged(each)
        rosters = await self._judge_rosters()
        notices = await self._store.notices.unapplied(before=clock.now() - LONGEST_CLOSE, limit=MOST_AT_ONCE)
        for notice in notices:
            await self._store.notices.apply(notice, now=clock.now())
            await self._store.notices.is_applied(notice)
        return bool(replanned or rosters or notices)

    async def _judge_meeting(self, replanned: Replanned) -> None:
        meeting, store = replanned.meeting, self._store
        origin = replanned.split_from
        if origin is not None:
            await store.progress.copy(origin, meeting)
        await store.records.follow(meeting)
        known = _Known(
            meeting,
            await store.progress.coverage_of(meeting.id, meeting.room_ids),
            frozenset(await store.classes.roster(meeting.class_id, meeting.local_date)),
            await self._others_in_its_rooms(meeting),
        )
        if origin is not None:
            for record in await store.records.of_meeting(origin):
                await self._change(meeting, record.student_id, known.carrying(record))
        for record in await store.records.of_meeting(meeting.id):
            await self._change(meeting, record.student_id, known.rescheduled)

    async def _others_in_its_rooms(self, meeting: Meeting) -> list[tuple[Meeting, frozenset[str]]]:
        store = self._store
        others = [
            other
            for room_id in meeting.room_ids
            for other in await store.meetings.in_room(
                room_id, opening_before=meeting.start, ending_after=meeting.opens_at
            )
            if other.id != meeting.id
        ]
        return [(each, frozenset(await store.classes.roster(each.class_id, each.local_date))) for each in others]

    async def _judge_rosters(self) -> bool:
        began = clock.now()
        marks = await self._store.classes.rosters_changed_since(self._until - OVERLAP)
        changed = [class_id for class_id, mark in sorted(marks.items()) if self._rosters.get(class_id) != mark]
        for class_id in changed:
            for meeting in await self._store.meetings.closed_of_class(class_id):
                await self._judge_roster(meeting)
            self._rosters[class_id] = marks[class_id]
        self._rosters = {class_id: mark for class_id, mark in self._rosters.items() if class_id in marks}
        self._until = began
        return bool(changed)

    async def _judge_roster(self, meeting: Meeting) -> None:
        store = self._store
        roster = frozenset(await store.classes.roster(meeting.class_id, meeting.local_date))
        records = {record.student_id: record for record in await store.records.of_meeting(meeting.id)}
        expected = {student_id for student_id, record in records.items() if _is_expected(record)}
        changed = sorted(roster ^ expected)
        if not changed:
            return
        coverage = await store.progress.coverage_of(meeting.id, meeting.room_ids)
        enrolled = await recognisable(store, self._encoder, meeting, changed)
        excuses = await store.notices.excuses_on(meeting.local_date, changed)
        now = clock.now()
        for student_id in changed:

            def settled(record: Record | None, student_id: str = student_id) -> Record:
                return rules.close(
                    record,
                    student_id,
                    meeting,
                    has_template=student_id in enrolled,
                    coverage=coverage,
                    now=now,
                    is_expected=student_id in roster,
                    was_looked_for=record is not None and _was_closed(record),
                    excuse=excuses.get(student_id),
                    cause=Cause.SCHEDULE,
                )

            await self._change(meeting, student_id, settled)

    async def _change(self, meeting: Meeting, student_id: str, decide: Decide) -> None:
        await self._store.records.change(meeting, student_id, decide, now=clock.now())


@dataclass(frozen=True)
class _Known:
    """What the records of a meeting with another plan are judged by."""

    meeting: Meeting
    coverage: Coverage
    roster: frozenset[str]
    others: list[tuple[Meeting, frozenset[str]]]

    def carrying(self, origin: Record) -> Decide:
        """Take into a part's record what was seen in the whole."""

        def carried(record: Record | None) -> Record | None:
            since, now = self._since(origin.student_id), clock.now()
            for sighting in origin.sightings:
                record = rules.see(record, sighting, self.meeting, counts_from=since, coverage=self.coverage, now=now)
            for given in origin.check_ins:
                record = rules.check_in(
                    record,
                    origin.student_id,
                    self.meeting,
                    given,
                    counts_from=since,
                    coverage=self.coverage,
                    now=now,
                )
            return record

        return carried

    def rescheduled(self, record: Record | None) -> Record | None:
        """Judge a record again."""
        return record and rules.reschedule(
            record,
            self.meeting,
            is_expected=record.student_id in self.roster,
            coverage=self.coverage,
            counts_from=self._since(record.student_id),
            now=clock.now(),
        )

    def _since(self, student_id: str) -> datetime:
        return counts_from(self.meeting, [other for other, roster in self.others if student_id in roster])


def _is_expected(record: Record) -> bool:
    return record.machine is None or record.machine.reason != NotExpectedReason.NOT_ENROLLED


def _was_closed(record: Record) -> bool:
    """Tell whether the student was on the roster at a close: then the cameras looked for them."""
    return any(step.cause is Cause.CLOSE and step.status is not Status.NOT_EXPECTED for step in record.history)
