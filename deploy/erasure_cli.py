"""`rollcall erasure`: erase a student, and tell what is left of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from api.erasure_out import ErasureOut
from api.texts import is_id
from attendance.audit import AuditKey
from attendance.places import Places
from attendance.retention import RetentionSettings
from attendance.settings import ConnectionSettings
from attendance.store import Missing, Store
from deploy.failures import told_plainly

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Erase a student; tell what is left of them.")
_BY = "the command line"
StudentArgument = Annotated[str, typer.Argument(help="The student's id.")]


@app.command()
def begin(student: StudentArgument) -> None:
    """Destroy a student's keys and delete all that names them; the API finishes it a minute later."""
    with told_plainly(ValueError, Missing):
        _show(asyncio.run(_begin(_id(student))))


@app.command()
def verify(student: StudentArgument) -> None:
    """Tell what is left of a student, place by place; exit code 1 while something is."""
    with told_plainly(ValueError, Missing):
        found = asyncio.run(_verify(_id(student)))
    _show(found)
    if not found.complete:
        raise typer.Exit(1)


def _id(text: str) -> str:
    if not is_id(text):
        raise ValueError(f"{text} is no id: it is a UUID in lower case")
    return text


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[Store, AuditKey, Places]]:
    connection = ConnectionSettings()
    store = Store(connection)
    try:
        await store.check_keys()
        yield store, AuditKey(connection.audit_key_file), Places(connection, RetentionSettings().backup_sets)
    finally:
        store.close()


async def _begin(student_id: str) -> ErasureOut:
    async with _opened() as (store, key, places):
        commitment = key.commitment(student_id)
        if await store.erasures.receipt(commitment) is None:
            await store.students.get(student_id)
        receipt = await store.erasures.begin(student_id, commitment, by=_BY, now=datetime.now(UTC))
        return await ErasureOut.of(store, student_id, receipt, await places.all())


async def _verify(student_id: str) -> ErasureOut:
    async with _opened() as (store, key, places):
        receipt = await store.erasures.receipt(key.commitment(student_id))
        if receipt is None:
            raise Missing(f"nobody asked to erase student {student_id}")
        return await ErasureOut.of(store, student_id, receipt, await places.all())


def _show(erasure: ErasureOut) -> None:
    typer.echo(f"student {erasure.student_id}, asked for at {erasure.requested_at:%Y-%m-%d %H:%M:%S} UTC")
    for name, count in sorted(erasure.deleted.items()):
        typer.echo(f"  deleted    {name}: {count:,}")
    for name, count in sorted(erasure.remaining.items()):
        typer.echo(f"  remaining  {name}: {count:,}")
    if erasure.held:
        typer.echo("  held       records and names stay, because of a legal hold")
    for each in erasure.elsewhere:
        if each.done:
            said = "has forgotten"
        elif each.by is None:
            said = "keeps what it has for a time that isn't known"
        else:
            said = f"has forgotten by {each.by:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"  {each.place}: {said}")
    if erasure.complete:
        typer.echo("complete: nothing is left anywhere that is known of")
    elif erasure.finished_at is not None and not erasure.remaining and not erasure.held:
        typer.echo("gone from the database; pending elsewhere, as above")
    else:
        typer.echo("pending")
