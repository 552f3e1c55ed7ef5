"""What was seen goes into the store: coverage first, then records, then how far the camera was processed.

In this order a crash in between makes the same frames come again and find their work half done, never a meeting
closed over frames that aren't in its records yet. All of it can be repeated.
"""

from collections.abc import Callable, Sequence

from attendance import rules
from attendance.coverage import Coverage
from attendance.meetings import Meeting
from attendance.records import Record
from attendance.store import Store
from stream_app import clock, metrics
from stream_app.messages import Seen, Shown, TakenBack


class Writer:
    """Writes what frames of one camera, in order, have shown."""

    def __init__(self, store: Store, on_change: Callable[[], None]) -> None:
        self._store = store
        self._on_change = on_change

    async def write(self, shown: Sequence[Shown]) -> None:
        """Write a run of one camera's frames.

        Raises:
            StoreUnavailable: write them all again.
        """
        if not shown:
            return
        camera = shown[0].camera
        for meeting in dict.fromkeys(meeting for each in shown for meeting in each.meetings):
            taken = (each.taken_at for each in shown if meeting in each.meetings)
            covered = Coverage.of_frames(taken, camera.expected_interval).within(meeting.opens_at, meeting.end)
            if camera.covers:
                await self._store.progress.cover(meeting.id, camera.id, covered, room_id=camera.room_id)
        for meeting, told in _by_meeting(shown).items():
            await self._write_meeting(meeting, told)
        await self._store.progress.advance(camera.id, max(each.taken_at for each in shown))

    async def _write_meeting(self, meeting: Meeting, told: Sequence[Seen | TakenBack]) -> None:
        # Only who came late, lost what made them present, or may have left, is judged by what was looked at.
        needs_coverage = meeting.rules.asks_to_stay or any(
            isinstance(each, TakenBack) or each.sighting.first_seen > meeting.on_time_until for each in told
        )
        coverage = (
            await self._store.progress.coverage_of(meeting.id, meeting.room_ids) if needs_coverage else Coverage()
        )
        by_student: dict[str, list[Seen | TakenBack]] = {}
        for each in told:
            student = each.student_id if isinstance(each, TakenBack) else each.sighting.student_id
            by_student.setdefault(student, []).append(each)
        for student_id, of_student in sorted(by_student.items()):
            await self._write_record(meeting, student_id, of_student, coverage)

    async def _write_record(
        self, meeting: Meeting, student_id: str, told: Sequence[Seen | TakenBack], coverage: Coverage
    ) -> None:
        now = clock.now()
        before = 0

        def take_in(record: Record | None) -> Record | None:
            nonlocal before
            before = record.revision if record else 0
            for each in told:
                if isinstance(each, TakenBack):
                    record = rules.take_back(
                        record, each.sighting_id, meeting, coverage=coverage, now=now, until=each.at
                    )
                else:
                    record = rules.see(
                        record, each.sighting, meeting, counts_from=each.counts_from, coverage=coverage, now=now
                    )
            return record

        after = await self._store.records.change(meeting, student_id, take_in, now=now)
        if after and after.revision > before:
            for revision in after.history[before:]:
                metrics.RECORDS.labels(revision.status.value).inc()
            self._on_change()


def _by_meeting(shown: Sequence[Shown]) -> dict[Meeting, list[Seen | TakenBack]]:
    """Give what each meeting's records must hear, in order.

    Of a track that goes on only the last sighting, for it holds those before; but one before a contradiction stays
    before it, or records would depend on which frames were written together.
    """
    told: dict[Meeting, list[Seen | TakenBack]] = {}
    places: dict[tuple[Meeting, str, str], int] = {}
    for frame in shown:
        for seen in frame.seen:
            of, key = told.setdefault(seen.meeting, []), (seen.meeting, seen.sighting.student_id, seen.sighting.id)
            if key in places:
                of[places[key]] = seen
            else:
                places[key] = len(of)
                of.append(seen)
        for back in frame.taken_back:
            told.setdefault(back.meeting, []).append(back)
            places.pop((back.meeting, back.student_id, back.sighting_id), None)
    return told
