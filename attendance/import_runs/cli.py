"""`rollcall import`: take in what the school hands over."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from attendance.import_runs.bars import Bars
from attendance.import_runs.desk import desk_of
from attendance.import_runs.meetings import MeetingFile, import_meetings
from attendance.import_runs.photos import import_photos
from attendance.import_runs.progress import Progress
from attendance.import_runs.roster import import_roster
from attendance.import_runs.settings import ImportSettings
from attendance.import_runs.show import as_json, show_report
from attendance.imports.files import Unreadable, open_files, read_file
from attendance.imports.report import Report
from attendance.keys import KeyUnusable
from attendance.settings import ConnectionSettings
from attendance.store import Conflict, Store, StoreUnavailable
from recognition import UnknownEngine

# Errors in what is imported, or nothing could be done; and: it would remove too much.
EXIT_ERRORS, EXIT_REFUSED = 1, 3

app = typer.Typer(no_args_is_help=True, add_completion=False)

_DRY_RUN = typer.Option(False, "--dry-run", help="Check all and say what would change; write nothing.")
_FORCE = typer.Option(False, "--force", help="Remove also more than a tenth of what there is of a kind.")
_JSON = typer.Option(False, "--json", help="Print the report as JSON.")

Run = Callable[[Store, Progress], Awaitable[Report]]


@app.callback()
def _kinds() -> None:
    """Take in what the school hands over: rosters, meetings, photos."""


@app.command("oneroster")
def oneroster(
    path: Path = typer.Argument(..., help="The bundle: a zip or a folder with manifest.csv."),
    dry_run: bool = _DRY_RUN,
    force: bool = _FORCE,
    json: bool = _JSON,
) -> None:
    """Import orgs, terms, courses, classes, people and enrolments from a OneRoster bundle (CSV, 1.2 or 1.1)."""

    async def run(store: Store, progress: Progress) -> Report:
        files = open_files(path)
        return await import_roster(
            store, files, today=ImportSettings().today(), dry_run=dry_run, force=force, progress=progress
        )

    _carry_out(run, as_text=not json)


@app.command("meetings")
def meetings(
    path: Path = typer.Argument(..., help="A CSV or an iCalendar file."),
    calendar: str | None = typer.Option(
        None, help="What the file is all of; the file's name unless given. What the next one leaves out is cancelled."
    ),
    class_: str | None = typer.Option(None, "--class", help="The class of all its meetings: the school's id of it."),
    dry_run: bool = _DRY_RUN,
    force: bool = _FORCE,
    json: bool = _JSON,
) -> None:
    """Import meetings from a CSV or an iCalendar file: new, moved and cancelled ones."""

    async def run(store: Store, progress: Progress) -> Report:
        file = MeetingFile(path.name, read_file(path), calendar or path.stem, class_)
        zone, now = ImportSettings().default_zone, datetime.now(UTC)
        return await import_meetings(
            store, file, campus_zone=zone, now=now, dry_run=dry_run, force=force, progress=progress
        )

    _carry_out(run, as_text=not json)


@app.command("photos")
def photos(
    path: Path = typer.Argument(..., help="A folder or a zip of photos, named by the school's ids of the students."),
    dry_run: bool = _DRY_RUN,
    json: bool = _JSON,
) -> None:
    """Enrol photos: ID.jpg, ID-2.jpg, or any name in a folder ID. Without a consent none is looked at."""

    async def run(store: Store, progress: Progress) -> Report:
        with desk_of(ImportSettings()) as desk:
            return await import_photos(store, open_files(path), desk, dry_run=dry_run, progress=progress)

    _carry_out(run, as_text=not json)


def _carry_out(run: Run, *, as_text: bool) -> None:
    console = Console(highlight=False)
    try:
        report = asyncio.run(_on_store(run))
    except ValidationError as error:
        _end("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()))
    except Unreadable as error:
        _end(f"{error.file}: {error}")
    except StoreUnavailable as error:
        _end(f"the database can't be reached: {error}. What was written stays; run it again")
    except Conflict as error:
        _end(f"{error}: run it again")
    except (KeyUnusable, UnknownEngine) as error:
        _end(str(error))
    if as_text:
        show_report(console, report)
    else:
        print(as_json(report))  # noqa: T201 - for programs, without the console's line breaks
    if not report.is_sound:
        raise typer.Exit(EXIT_REFUSED if report.refusal and not report.errors else EXIT_ERRORS)


async def _on_store(run: Run) -> Report:
    store = Store(ConnectionSettings())
    try:
        await store.ensure_indexes()
        with Bars(Console(stderr=True)) as bars:
            return await run(store, bars)
    finally:
        store.close()


def _end(sentence: str) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {sentence}", style="red", markup=False)
    raise typer.Exit(EXIT_ERRORS)
