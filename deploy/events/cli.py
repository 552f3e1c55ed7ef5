"""`rollcall events tail | export`."""

import asyncio
import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from attendance.settings import ConnectionSettings
from attendance.status import Status
from attendance.store import Store
from deploy.bar import bar
from deploy.events.exporting import LINES, PARQUET, export_events
from deploy.events.folder import Asked, ExportFolder, FolderUnusable, hold
from deploy.events.tailing import NoSuchTopic, Wanted, open_tail
from deploy.failures import told_plainly
from deploy.options import a_date, an_id
from stream_app.dead_selection import parse_since

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Follow attendance events; put them into files.")


@app.command()
def tail(
    *,
    kind: Annotated[str | None, typer.Option("--type", help="Only this type, such as attendance.changed.v1.")] = None,
    class_id: Annotated[str | None, typer.Option("--class", help="Only this class.")] = None,
    student_id: Annotated[str | None, typer.Option("--student", help="Only this student.")] = None,
    meeting_id: Annotated[str | None, typer.Option("--meeting", help="Only this meeting.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only changes to this status.")] = None,
    since: Annotated[str | None, typer.Option(help="Begin earlier: an age (30m, 2h, 7d) or an RFC 3339 time.")] = None,
    all_there_is: Annotated[bool, typer.Option("--all", help="Begin at the first that Kafka still has.")] = False,
    once: Annotated[bool, typer.Option("--once", help="End where the topic ends now.")] = False,
) -> None:
    """Print events as they come, one line of JSON each, the same bytes as on Kafka. Ctrl-C ends it."""
    with told_plainly(NoSuchTopic, ValueError), contextlib.suppress(KeyboardInterrupt):
        ids = {"class_id": class_id, "student_id": student_id, "meeting_id": meeting_id}
        fields = {name: an_id(text) if text else None for name, text in ids.items()}
        wanted = Wanted(kind, fields | {"status": status.value if status else None})
        begin = parse_since(since, datetime.now(UTC)) if since else None
        asyncio.run(_tail(ConnectionSettings(), wanted, begin, all_there_is=all_there_is, once=once))


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder, or one to go on with; only you may read it.")],
    *,
    parquet: Annotated[bool, typer.Option("--parquet", help="As Parquet instead of lines of JSON.")] = False,
    class_ids: Annotated[list[str] | None, typer.Option("--class", help="Only this class; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Meetings of this date on, such as 2026-09-01.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Up to and with this date.")] = None,
) -> None:
    """Put all events, from the first one on, into files by type and by date of the meeting.

    Run again with the same folder it adds what came since; one that was broken off is gone on with.
    """
    with told_plainly(FolderUnusable, ValueError, OSError):
        connection = ConnectionSettings()
        asked = Asked(
            database=connection.database,
            form=PARQUET if parquet else LINES,
            since=a_date(since) if since else None,
            until=a_date(until) if until else None,
            class_ids=tuple(sorted({an_id(each) for each in class_ids})) if class_ids else None,
        )
        if asked.since and asked.until and asked.until < asked.since:
            raise ValueError("--to lies before --from")
        with hold(folder, asked) as held:
            new = asyncio.run(_export(connection, held))
            total = held.state.events
    typer.echo(f"{new:,} new events, {total:,} in all, in {folder}")


async def _tail(
    connection: ConnectionSettings, wanted: Wanted, since: datetime | None, *, all_there_is: bool, once: bool
) -> None:
    async with open_tail(connection.kafka_bootstrap, connection.topics.attendance_events) as opened:
        await opened.begin(since, all_there_is=all_there_is)
        async for line in opened.lines(wanted, once=once):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


async def _export(connection: ConnectionSettings, folder: ExportFolder) -> int:
    store = Store(connection)
    try:
        to_come = await store.event_log.highest() - folder.state.read_to
        with bar("events", max(to_come, 0)) as advance:
            return await export_events(store, folder, on_numbers=advance)
    finally:
        store.close()
