"""All records of a time, class or term as rows, some meetings at a time."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from attendance.exports import Row, record_row
from attendance.meetings import Meeting
from attendance.people import Class, Student
from attendance.store.classes import Classes
from attendance.store.meetings import Meetings
from attendance.store.people import Students
from attendance.store.reports import ROLLS_AT_ONCE, Reports

Thing = TypeVar("Thing")

# Beyond it they are asked for again: names of a campus would otherwise be held as a whole.
_MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records: of meetings that start in `[start, end)`, of these classes (None: of all), of a term."""

    start: datetime | None = None
    end: datetime | None = None
    class_ids: tuple[str, ...] | None = None
    term_id: str | None = None

    @property
    def classes(self) -> tuple[str | None, ...]:
        """The classes to go through one after the other; None is all of them together."""
        return (None,) if self.class_ids is None else self.class_ids


class RecordExport:
    """Gives records as rows."""

    def __init__(self, meetings: Meetings, reports: Reports, classes: Classes, students: Students) -> None:
        self._meetings = meetings
        self._reports = reports
        self._classes = classes
        self._students = students

    async def count_meetings(self, selection: Selection) -> int:
        """Give how many meetings there are to go through."""
        extents = [
            await self._meetings.extent(selection.start, selection.end, class_id=class_id, term_id=selection.term_id)
            for class_id in selection.classes
        ]
        return sum(extent.count for extent in extents if extent)

    async def batches(
        self, selection: Selection, *, names: bool = False, on_meetings: Callable[[int], None] = lambda _: None
    ) -> AsyncIterator[list[Row]]:
        """Give the rows, those of some meetings at a time: in order of start, class by class where classes are named.

        `names`: look up students' names and school ids too. `on_meetings` is told how many meetings are done.
        """
        classes: dict[str, Class] = {}
        students: dict[str, Student] = {}
        async for page in self._pages(selection):
            await _look_up(classes, [meeting.class_id for meeting in page], self._classes.get_many)
            for begin in range(0, len(page), ROLLS_AT_ONCE):
                some = {meeting.id: meeting for meeting in page[begin : begin + ROLLS_AT_ONCE]}
                async for records in self._reports.records_of_meetings(some):
                    if names:
                        who = [record.student_id for record in records]
                        await _look_up(students, who, self._students.get_many)
                    yield [
                        record_row(record, meeting, classes.get(meeting.class_id), students.get(record.student_id))
                        for record in records
                        for meeting in [some[record.meeting_id]]
                    ]
                on_meetings(len(some))

    async def _pages(self, selection: Selection) -> AsyncIterator[list[Meeting]]:
        # Week by week, both ends told: for a page that only has a begin SecantusDB reads up to the end each time.
        for class_id in selection.classes:
            chosen = {"class_id": class_id, "term_id": selection.term_id}
            extent = await self._meetings.extent(selection.start, selection.end, **chosen)
            week = extent.first if extent else None
            while extent and week and week <= extent.last:
                until = week + timedelta(weeks=1)
                yield await self._meetings.between(week, min(until, selection.end or until), **chosen)
                week = until


async def _look_up(
    known: dict[str, Thing], ids: list[str], ask: Callable[[list[str]], Awaitable[dict[str, Thing]]]
) -> None:
    """Ask for those that aren't known yet."""
    missing = [each for each in dict.fromkeys(ids) if each not in known]
    if not missing:
        return
    if len(known) + len(missing) > _MOST_KNOWN:
        known.clear()
        missing = list(dict.fromkeys(ids))
    known.update(await ask(missing))
