"""Import meetings from a CSV or an iCalendar file.

All is read and checked before anything is written. New meetings are added, then moved and cancelled ones changed one by
one, each only if it is still as it was read: a run that breaks off is finished by the next.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from attendance.import_runs.progress import Progress, Silent
from attendance.imports.calendar_file import Window, read_calendar
from attendance.imports.findings import Findings
from attendance.imports.meeting_plan import Kept, MeetingPlan, MeetingPlanner, Place, Timetable
from attendance.imports.meeting_table import read_meeting_table
from attendance.imports.report import Report, make_report
from attendance.imports.sittings import Sitting
from attendance.store import Store

# How far a recurrence is followed: longer than a school year to both sides.
WINDOW = timedelta(days=400)
_ROOMS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class MeetingFile:
    """A file of meetings.

    `calendar` names what it is all of: what is left out of the next file of the same name is cancelled.
    `class_name`: the class of all its meetings, where the file doesn't say it.
    """

    name: str
    data: bytes
    calendar: str
    class_name: str | None = None

    def sittings(self, window: Window, findings: Findings) -> list[Sitting]:
        """Read the file, as what it looks like."""
        if self.data[:200].lstrip(b"\xef\xbb\xbf \r\n\t").upper().startswith(b"BEGIN:VCALENDAR"):
            return read_calendar(self.name, self.data, window, findings)
        return read_meeting_table(self.name, self.data, findings)


async def import_meetings(
    store: Store,
    file: MeetingFile,
    *,
    campus_zone: str,
    now: datetime,
    dry_run: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Import a file of meetings, or say what that would do.

    Args:
        store: where to.
        file: the file.
        campus_zone: the IANA zone of local times that neither the file nor the room gives one.
        now: the present moment: what began before it is left as it was held.
        dry_run: write nothing.
        force: cancel also more than a tenth of the calendar's meetings that lie ahead.
        progress: is told how far it is.

    Raises:
        StoreUnavailable: the database is away; run it again.
        Conflict: somebody changed a meeting at the same time; run it again.
        KeyUnusable: the look-up key is missing, or not this database's.
    """
    progress, findings = progress or Silent(), Findings()
    await store.look_up.check()
    progress.begin("reading the file")
    # In a thread: whoever serves others meanwhile goes on doing so.
    sittings = await asyncio.to_thread(file.sittings, Window(now - WINDOW, now + WINDOW), findings)
    if findings.has_errors:
        return make_report("meetings", file.name, findings, dry_run=dry_run)
    progress.begin("reading what is there")
    planner = MeetingPlanner(await _read_timetable(store), campus_zone=campus_zone, now=now)
    calendar = store.look_up.calendar(file.calendar)
    digests = {sitting.source: store.look_up.meeting(sitting.source) for sitting in sittings}
    plan = await asyncio.to_thread(
        planner.plan,
        file.name,
        sittings,
        findings,
        calendar=calendar,
        digests=digests,
        class_name=file.class_name,
    )
    refusal = None if force else plan.refusal
    written = not (dry_run or refusal or findings.has_errors)
    if written:
        await _write(store, plan, calendar, progress)
    return make_report(
        "meetings", file.name, findings, [plan.meetings], dry_run=dry_run, written=written, refusal=refusal
    )


async def _read_timetable(store: Store) -> Timetable:
    kept = [Kept(*each) for each in await store.imported_meetings.all()]
    return Timetable(
        classes=await store.classes.all_with_rules(),
        rooms=await _read_rooms(store),
        sessions={each.id: each for each in await store.academic_sessions.all()},
        meetings={each.source: each for each in kept},
    )


async def _read_rooms(store: Store) -> list[Place]:
    rooms: list[Place] = []
    while True:
        page = await store.cameras.page_of_rooms(after=rooms[-1].id if rooms else None, limit=_ROOMS_AT_ONCE)
        rooms += [Place(room.id, room.title, room.zone) for room in page]
        if len(page) < _ROOMS_AT_ONCE:
            return rooms


async def _write(store: Store, plan: MeetingPlan, calendar: str, progress: Progress) -> None:
    changes = plan.meetings
    if not changes.to_write:
        return
    progress.begin("writing meetings", changes.to_write)
    added = [(each.source, each.after) for each in changes.added]
    await store.imported_meetings.add_many(added, calendar, progress.advance)
    for each in (*changes.changed, *changes.removed):
        if each.before is not None:
            await store.meetings.reschedule(each.before, each.after)
            progress.advance(1)
