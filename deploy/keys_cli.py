"""`rollcall keys`: a new master key in the old one's place, while everything runs."""

import asyncio
import os
import secrets
from pathlib import Path

import typer

from attendance.keys import KEY_BYTES
from attendance.sealing import MasterKeys, Rewrapped, open_all, rewrap
from attendance.settings import ConnectionSettings
from attendance.store.key_documents import key_ring
from deploy.bar import bar
from deploy.failures import told_plainly

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Give people's keys a new master key; check them.")

# A process that wrapped a key just before the new master key was put in front may wait 20 s for its turn to write it.
# Were the old master key gone by then, that person's key would open nothing.
_LATE_SECONDS = 25.0


@app.command("check")
def check_keys() -> None:
    """Tell whether the master key opens every person's key."""
    with told_plainly():
        connection = ConnectionSettings()
        count = asyncio.run(_check(connection))
    typer.echo(f"{count:,} keys, and {MasterKeys.of(connection).place} opens each of them")


@app.command("rotate")
def rotate_keys() -> None:
    """Wrap every person's key under a new master key; broken off at any moment, it is said again.

    Where the master key is a file, the new one is made here. Where it comes from the environment or a command, put the
    new one in front of the old one there first, restart what reads the environment, and say this then.
    """
    with told_plainly(OSError):
        connection = ConnectionSettings()
        done = asyncio.run(_rotate(connection))
    typer.echo(f"{done.changed:,} of {done.seen:,} keys were wrapped anew")
    if MasterKeys.of(connection).is_file:
        typer.echo(f"the old master key is no longer in {connection.master_key_file}: destroy its copies")
    else:
        typer.echo("the master keys behind the first are not needed any more: remove them where they come from")


async def _check(connection: ConnectionSettings) -> int:
    keys = key_ring(connection)
    try:
        await keys.check()
        return await open_all(keys)
    finally:
        keys.close()


async def _rotate(connection: ConnectionSettings) -> Rewrapped:
    keys = key_ring(connection)
    try:
        await keys.check()
        path = connection.master_key_file
        if keys.master.is_file and len(path.read_text(encoding="ascii").split()) == 1:
            _replace(path, f"{secrets.token_hex(KEY_BYTES)}\n{path.read_text(encoding='ascii')}")
        with bar("keys", await keys.store.count()) as told:
            done = await rewrap(keys, told)
        while True:
            await asyncio.sleep(_LATE_SECONDS)
            late = await rewrap(keys)
            done = Rewrapped(late.seen, done.changed + late.changed)
            if not late.changed:
                break
        if keys.master.is_file:
            _replace(path, path.read_text(encoding="ascii").split()[0] + "\n")
            await keys.check()
        return done
    finally:
        keys.close()


def _replace(path: Path, text: str) -> None:
    """Write a file anew in one step, for this user alone: whoever reads it has the old text or the new one."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
