"""All events of the database into a folder, batch by batch in the order of the log."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date

from attendance.events import AttendanceChanged, EventType, MeetingClosed, StudentErased
from attendance.exports import Format, Row, write
from attendance.exports.events import Event, event_columns, event_day, event_row
from attendance.store import Store
from attendance.store.event_log import LogFilter, LoggedEvent
from deploy.events.folder import Asked, ExportFolder, FolderUnusable

PARQUET, LINES = "parquet", "jsonl"
# A file holds at most so many: smaller ones make a folder slow to read, and a batch is held in memory.
BATCH = 20_000
_PAGE = 1_000
_MODELS: dict[EventType, type[Event]] = {
    EventType.ATTENDANCE_CHANGED: AttendanceChanged,
    EventType.MEETING_CLOSED: MeetingClosed,
    EventType.STUDENT_ERASED: StudentErased,
}
_PREFIX = "org.rollcall."


async def export_events(
    store: Store, folder: ExportFolder, *, batch: int = BATCH, on_numbers: Callable[[int], None] = lambda _: None
) -> int:
    """Put every event that isn't there yet into the folder, and give how many those were.

    `on_numbers` is told how many more numbers of the log are done.

    Raises:
        FolderUnusable: the folder is ahead of the database: a backup was restored since.
        StoreUnavailable: the database can't be reached; what is there stays, and the next run goes on from it.
    """
    log, state = store.event_log, folder.state
    only = LogFilter(class_ids=state.asked.class_ids)
    if state.read_to > await log.highest():
        raise FolderUnusable(
            f"the export in {folder.path} is ahead of the database, which was restored from a backup: name a new folder"
        )
    before, more = state.events, True
    while more:
        began = read_to = folder.state.read_to
        events: list[LoggedEvent] = []
        while more and len(events) < batch:
            page = await log.read(after=read_to, limit=min(_PAGE, batch - len(events)), only=only)
            read_to, more = page.read_to, page.more
            events += page.events
        if read_to > began:
            count = await _add(folder, events, (began + 1, read_to))
            folder.note(read_to, count)
            on_numbers(read_to - began)
    return folder.state.events - before


async def _add(folder: ExportFolder, logged: Sequence[LoggedEvent], span: tuple[int, int]) -> int:
    """Write a batch, a file for each type and date, and give how many events there were."""
    asked = folder.state.asked
    files: dict[tuple[EventType, date], list[tuple[Event, str]]] = defaultdict(list)
    for each in logged:
        event = _MODELS[each.type].model_validate_json(each.payload)
        day = event_day(event)
        if _is_within(day, asked):
            files[each.type, day].append((event, each.payload))
    for (kind, day), events in files.items():
        table = kind.value.removeprefix(_PREFIX)
        await folder.add(table, day, span, _content(asked.form, _MODELS[kind], events))
    return sum(len(events) for events in files.values())


def _is_within(day: date, asked: Asked) -> bool:
    return (asked.since is None or asked.since <= day) and (asked.until is None or day <= asked.until)


def _content(form: str, kind: type[Event], events: Sequence[tuple[Event, str]]) -> AsyncIterator[bytes]:
    if form == PARQUET:
        return write(Format.PARQUET, event_columns(kind), _rows(events))
    return _lines(events)


async def _rows(events: Sequence[tuple[Event, str]]) -> AsyncIterator[list[Row]]:
    yield [event_row(event, text) for event, text in events]


async def _lines(events: Sequence[tuple[Event, str]]) -> AsyncIterator[bytes]:
    yield "".join(f"{text}\n" for _, text in events).encode()
