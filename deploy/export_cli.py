"""`rollcall export records`: records out of the database into a file."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from api.settings import ApiSettings
from attendance.exports import Format, Row, record_columns, write
from attendance.settings import ConnectionSettings
from attendance.store import Selection, Store
from deploy.bar import bar
from deploy.failures import told_plainly
from deploy.options import a_date, an_id

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Put what is stored into a file.")


@app.callback()
def export() -> None:
    """Put what is stored into a file."""


@app.command()
def records(
    *,
    out: Annotated[Path, typer.Option(help="The file to write; only you may read it.")],
    form: Annotated[Format, typer.Option("--format", help="csv, json or parquet.")] = Format.CSV,
    class_ids: Annotated[list[str] | None, typer.Option("--class", help="Only this class; may be repeated.")] = None,
    term: Annotated[str | None, typer.Option(help="Only meetings of this term.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="From this date on, such as 2026-09-01.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Up to and with this date.")] = None,
    zone: Annotated[str | None, typer.Option(help="The dates' time zone (ROLLCALL_DEFAULT_ZONE).")] = None,
    names: Annotated[bool, typer.Option("--names", help="With students' names and school ids.")] = False,
    byte_order_mark: Annotated[
        bool, typer.Option("--bom", help="Begin a CSV so that Excel reads names rightly.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write records into a file, one row a student and meeting.

    The file appears when it is whole: a run that fails or is ended leaves none.
    """
    with told_plainly(ValueError, OSError):
        local = _zone(zone or ApiSettings().default_zone)
        selection = Selection(
            _day(since, local),
            _day(until, local, extra_days=1),
            tuple(an_id(each) for each in class_ids) if class_ids else None,
            an_id(term) if term else None,
        )
        if selection.start and selection.end and selection.end <= selection.start:
            raise ValueError("--to lies before --from")
        with _whole_or_not_at_all(out, force=force) as part:
            count = asyncio.run(_export(part, form, selection, names=names, byte_order_mark=byte_order_mark))
    typer.echo(f"{count:,} records in {out}")


async def _export(part: Path, form: Format, selection: Selection, *, names: bool, byte_order_mark: bool) -> int:
    store = Store(ConnectionSettings())
    rows = 0
    try:
        with bar("meetings", await store.record_export.count_meetings(selection)) as advance:

            async def counted() -> AsyncIterator[list[Row]]:
                nonlocal rows
                async for batch in store.record_export.batches(selection, names=names, on_meetings=advance):
                    rows += len(batch)
                    yield batch

            columns = record_columns(names=names)
            with part.open("wb") as file:
                async for written in write(form, columns, counted(), byte_order_mark=byte_order_mark):
                    file.write(written)
                file.flush()
                os.fsync(file.fileno())
    finally:
        store.close()
    return rows


@contextmanager
def _whole_or_not_at_all(out: Path, *, force: bool) -> Iterator[Path]:
    """Give a path beside `out` to write to; it becomes `out` where nothing fails, and is deleted otherwise."""
    if out.exists() and not force:
        raise ValueError(f"there is already a file {out}: name another one, or say --force")
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield part
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _day(text: str | None, zone: ZoneInfo, *, extra_days: int = 0) -> datetime | None:
    if text is None:
        return None
    day = datetime.combine(a_date(text), time(), zone)
    try:
        return (day + timedelta(days=extra_days)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is no date that there can be a meeting on") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone of the IANA database, like Europe/Zurich") from error
