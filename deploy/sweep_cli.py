"""`rollcall sweep`: delete now what may not be kept any longer, and say what that was."""

import asyncio
from datetime import UTC, datetime

import typer

from api.audit_writer import AuditWriter
from api.sweeping import sweep
from attendance.audit import AuditKey, HeadFile
from attendance.retention import RetentionSettings
from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.failures import told_plainly


def sweep_now() -> None:
    """Delete what is older than the settings say (docs/privacy.md); the API does the same once a day."""
    with told_plainly(ValueError):
        found = asyncio.run(_sweep())
    for name, count in found.items():
        typer.echo(f"{name}: {count:,}")
    if not found:
        typer.echo("nothing is older than it may be kept")


async def _sweep() -> dict[str, int]:
    connection = ConnectionSettings()
    key = AuditKey(connection.audit_key_file)
    key.require()
    store = Store(connection)
    try:
        await store.check_keys()
        audit = AuditWriter(store, key, HeadFile(connection.audit_head_file))
        return await sweep(store, audit, RetentionSettings(), datetime.now(UTC))
    finally:
        store.close()
