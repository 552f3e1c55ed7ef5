"""Restoring a backup: checked whole before anything is touched, and seen to be unfinished until it is done."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from attendance.store import Store
from attendance.store.collection import present
from deploy.backup.files import Manifest, documents_of, verify

Told = Callable[[str, int], None]

# An event's number may have come after the log was copied, to a record that was copied later: how long before, nobody
# can bound, and numbering what has its number changes nothing.
_NUMBERED_ANEW = timedelta(days=1)


class DatabaseInUse(Exception):
    """The database holds something, and nobody said that it may go."""


async def restore(
    store: Store,
    folder: Path,
    commitment_of: Callable[[str], str],
    *,
    replace: bool = False,
    checked: Callable[[Manifest], None] = lambda _manifest: None,
    told: Told = lambda _collection, _documents: None,
) -> Manifest:
    """Put a backup into a database. Nothing else may use it meanwhile.

    Whoever was erased, or withdrew, since the backup was made is erased, or withdrawn, again: the key store knows whom.
    Until it is done, every `ping` of the store fails, so nothing that asks for readiness takes the half for the whole.

    Args:
        store: where to.
        folder: the backup.
        commitment_of: gives what stands for a student in the receipt of an erasure.
        replace: delete what the database holds.
        checked: is told the manifest once the backup was found to be whole.
        told: is told after each step how many documents of a collection were written in it.

    Raises:
        BackupUnusable: the backup is damaged or incomplete; nothing was touched.
        KeyUnusable: the keys at hand aren't those that the backup was written with; restore again with the right ones.
        DatabaseInUse: the database holds something, and `replace` isn't said; nothing was touched.
    """
    manifest = await asyncio.to_thread(verify, folder)
    checked(manifest)
    held = await store.archive.collections(everything=True)
    if held and not replace:
        raise DatabaseInUse(f"the database holds something already ({', '.join(held)}): say --replace to delete it all")
    await store.archive.begin_restore()
    for each in manifest.collections:
        for documents in documents_of(folder / each.file):
            await store.archive.write(each.collection, documents)
            told(each.collection, len(documents))
    await store.ensure_indexes()
    await store.archive.number_anew(manifest.begun_at - _NUMBERED_ANEW)
    await store.check_keys()
    await store.migrations.run()
    await store.erasures.repeat(commitment_of, present())
    await store.archive.end_restore()
    return manifest
