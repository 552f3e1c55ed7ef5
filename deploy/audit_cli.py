"""`rollcall audit`: check that the audit is what was written, and show it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.texts import is_id
from attendance.audit import AuditKey, Check, Fault, HeadFile, Line
from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.failures import told_plainly

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check the audit, or show who looked at what.")
_MOST_SHOWN = 20


@app.command("verify")
def verify_audit() -> None:
    """Check every line against the seals and the head that is kept outside of the database; exit code 1 on a fault."""
    with told_plainly(ValueError):
        if not asyncio.run(_verify()):
            raise typer.Exit(1)


@app.command()
def show(
    student: Annotated[str | None, typer.Option(help="Only lines about this student, by id.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many batches of lines.")] = 50,
) -> None:
    """Show the latest lines, the latest first."""
    with told_plainly(ValueError):
        if student is not None and not is_id(student):
            raise ValueError(f"{student} is no id: it is a UUID in lower case")
        asyncio.run(_show(student, limit))


@asynccontextmanager
async def _opened(connection: ConnectionSettings) -> AsyncIterator[Store]:
    store = Store(connection)
    try:
        yield store
    finally:
        store.close()


async def _verify() -> bool:
    connection = ConnectionSettings()
    key, anchored = AuditKey(connection.audit_key_file), HeadFile(connection.audit_head_file).read()
    key.require()
    check, faults, batches, lines = Check(key.seal, anchored), list[Fault](), 0, 0
    async with _opened(connection) as store:
        async for batch in store.audit.all():
            batches, lines = batches + 1, lines + len(batch.lines)
            faults += check.take(batch)
    faults += check.end()
    for fault in faults[:_MOST_SHOWN]:
        typer.echo(f"batch {fault.number}: {fault.what}")
    if len(faults) > _MOST_SHOWN:
        typer.echo(f"and {len(faults) - _MOST_SHOWN} more")
    if faults:
        typer.echo(f"the audit is not what was written: {len(faults)} faults in {batches:,} batches")
        return False
    typer.echo(f"{lines:,} lines in {batches:,} batches are as they were written")
    if anchored is None:
        typer.echo(f"whether the end is there can't be told: there is no head in {connection.audit_head_file}")
    return True


async def _show(student: str | None, limit: int) -> None:
    connection = ConnectionSettings()
    async with _opened(connection) as store:
        if student is None:
            found = await store.audit.latest(limit=limit)
        else:
            found = await store.audit.about(AuditKey(connection.audit_key_file).commitment(student), limit=limit)
    table = Table("batch", "at", "by", "role", "did", "status", "about", "students")
    for number, line in found:
        table.add_row(str(number), *_cells(line))
    Console(width=None if Console().is_terminal else 200).print(table)


def _cells(line: Line) -> tuple[str, ...]:
    about = " ".join(f"{name}={value}" for name, value in line.about)
    return (line.at, line.by, line.role, line.do, str(line.status), about, str(len(line.subjects)))
