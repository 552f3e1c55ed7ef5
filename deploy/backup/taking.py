"""Taking a backup while everything runs."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from attendance.store import Store
from deploy.backup.files import BackupUnusable, CollectionFile, CollectionWriter, Manifest, write_manifest

Told = Callable[[str, int], None]


async def take(
    store: Store, database: str, folder: Path, *, told: Told = lambda _collection, _documents: None
) -> Manifest:
    """Copy everything into a folder, which is made.

    Each document is as it was at some moment between begin and end; those that were there at the begin and were not
    deleted meanwhile are all in it, each once. The log of events ends at the number that it had at the begin.

    Args:
        store: what is copied.
        database: its name, for the manifest.
        folder: a new or empty folder.
        told: is told after each step how many documents of a collection were copied in it.

    Raises:
        BackupUnusable: the folder holds something.
        StoreUnavailable: the database went away; the folder is no backup then.
    """
    await asyncio.to_thread(_make, folder)
    begun_at = datetime.now(UTC)
    last_event = await store.event_log.highest()
    files: list[CollectionFile] = []
    for collection in await store.archive.collections():
        writer = CollectionWriter(folder, collection)
        async for documents in store.archive.read(collection, up_to_event=last_event):
            await asyncio.to_thread(writer.write, documents)
            told(collection, len(documents))
        files.append(await asyncio.to_thread(writer.end))
    manifest = Manifest(
        database=database,
        begun_at=begun_at,
        ended_at=datetime.now(UTC),
        last_event=last_event,
        collections=tuple(files),
    )
    write_manifest(folder, manifest)
    return manifest


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise BackupUnusable(f"{folder} holds something already: name a new folder")
