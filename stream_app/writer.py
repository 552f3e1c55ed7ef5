"""What was seen goes into the store: coverage first, then records, then how far the camera was processed.

In this order a crash in between makes the same frames come again and find their work half done, never a meeting
closed over frames that aren't in its records yet. All of it can be repeated.
"""

from collections.abc import Callable
from datetime import datetime

from attendance import rules
from attendance.coverage import Coverage
from attendance.meetings import Meeting
from attendance.records import Record, Sighting
from attendance.store import Store
from stream_app import clock, metrics
from stream_app.messages import Looked

Seen = tuple[datetime, Sighting]  # from when sightings count for the student, and one of them


class Writer:
    """Writes what frames of one camera, in order, have shown."""

    def __init__(self, store: Store, on_change: Callable[[], None]) -> None:
        self._store = store
        self._on_change = on_change

    async def write(self, looked: list[Looked]) -> None:
        """Write a run of one camera's frames.

        Raises:
            StoreUnavailable: write them all again.
        """
        if not looked:
            return
        camera = looked[0].camera
        for meeting in dict.fromkeys(meeting for frame in looked for meeting in frame.meetings):
            await self._write_meeting(meeting, [frame for frame in looked if meeting in frame.meetings])
        await self._store.progress.advance(camera.id, max(frame.taken_at for frame in looked))

    async def _write_meeting(self, meeting: Meeting, looked: list[Looked]) -> None:
        camera = looked[0].camera
        covered = Coverage.of_frames((frame.taken_at for frame in looked), camera.expected_interval)
        await self._store.progress.cover(meeting.id, camera.id, covered.within(meeting.opens_at, meeting.end))
        seen: dict[str, list[Seen]] = {}
        for frame in looked:
            for of, since, sighting in frame.sightings:
                if of == meeting:
                    seen.setdefault(sighting.student_id, []).append((since, sighting))
        if not seen:
            return
        coverage = Coverage()
        if any(sighting.first_seen > meeting.on_time_until for run in seen.values() for _, sighting in run):
            coverage = await self._store.progress.coverage_of(meeting.id)
        for student_id, run in sorted(seen.items()):
            await self._write_record(meeting, student_id, run, coverage)

    async def _write_record(self, meeting: Meeting, student_id: str, run: list[Seen], coverage: Coverage) -> None:
        now = clock.now()
        before = 0

        def take_in(record: Record | None) -> Record | None:
            nonlocal before
            before = record.revision if record else 0
            for since, sighting in run:
                record = rules.see(record, sighting, meeting, counts_from=since, coverage=coverage, now=now)
            return record

        after = await self._store.records.change(meeting, student_id, take_in, now=now)
        if after and after.revision > before:
            for revision in after.history[before:]:
                metrics.RECORDS.labels(revision.status.value).inc()
            self._on_change()
