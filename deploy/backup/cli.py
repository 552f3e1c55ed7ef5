"""`rollcall backup` and `rollcall restore`."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from attendance.audit import AuditKey
from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.backup.files import BackupUnusable, Manifest
from deploy.backup.files import verify as verify_backup
from deploy.backup.restoring import DatabaseInUse
from deploy.backup.restoring import restore as restore_backup
from deploy.backup.taking import take
from deploy.failures import told_plainly


def backup(
    folder: Path = typer.Argument(help="A new folder; only you may read it."),
) -> None:
    """Copy the database into a folder, while everything runs, and check the copy."""
    with told_plainly(BackupUnusable, OSError):
        connection = ConnectionSettings()
        manifest = asyncio.run(_take(connection, folder))
        verify_backup(folder)
    typer.echo(f"{_sizes(manifest)} of the database {connection.database} in {folder}")
    typer.echo("The keys aren't in it: keep a copy of the folder `keys` of ROLLCALL_HOME elsewhere.")


def restore(
    folder: Path = typer.Argument(help="The folder of a backup."),
    replace: bool = typer.Option(False, "--replace", help="Delete all that the database holds."),
    check: bool = typer.Option(False, "--check", help="Only look whether the backup is whole; touch nothing."),
) -> None:
    """Put a backup into an empty database; end ingest, stream app and API first.

    A damaged or incomplete backup is refused, and so is a database that holds something, unless --replace is said.
    """
    with told_plainly(BackupUnusable, DatabaseInUse, OSError):
        connection = ConnectionSettings()
        manifest = verify_backup(folder) if check else asyncio.run(_restore(connection, folder, replace=replace))
    if check:
        typer.echo(f"the backup of {manifest.begun_at:%Y-%m-%d %H:%M:%S} UTC is whole: {_sizes(manifest)}")
        return
    typer.echo(f"{_sizes(manifest)} restored into the database {connection.database}")
    typer.echo(f"What was changed after {manifest.begun_at:%Y-%m-%d %H:%M:%S} UTC may be missing.")


async def _take(connection: ConnectionSettings, folder: Path) -> Manifest:
    store = Store(connection)
    try:
        names = await store.archive.collections()
        with _bars() as bar:
            for name in names:
                bar(name, 0, await store.archive.count(name))
            return await take(store, connection.database, folder, told=bar)
    finally:
        store.close()


async def _restore(connection: ConnectionSettings, folder: Path, *, replace: bool) -> Manifest:
    store = Store(connection)
    try:
        with _bars() as bar:

            def checked(manifest: Manifest) -> None:
                for each in manifest.collections:
                    bar(each.collection, 0, each.documents)

            commitment_of = AuditKey(connection.audit_key_file).commitment
            return await restore_backup(store, folder, commitment_of, replace=replace, checked=checked, told=bar)
    finally:
        store.close()


@contextmanager
def _bars() -> Iterator[Callable[..., None]]:
    """Show a bar for each collection on a terminal: told of its name, how many more, and once of how many in all."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks = {}

        def bar(name: str, more: int, total: int | None = None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.advance(tasks[name], more)

        yield bar


def _sizes(manifest: Manifest) -> str:
    return f"{manifest.documents:,} documents ({manifest.bytes / 1_000_000:,.1f} MB)"
