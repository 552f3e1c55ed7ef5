"""The key store of one machine: a SQLite file, in which what is deleted is overwritten.

`secure_delete` writes zeros over every cell and page that is freed (sqlite.org/pragma.html#pragma_secure_delete). The
journal is deleted with each commit rather than kept, since it holds the pages as they were before.
"""

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from attendance.keys import KeyUnusable
from attendance.sealing.key_store import Ending, Purpose, Wrapped

Result = TypeVar("Result")

# How long one process waits for another's write; a write takes milliseconds, a rotation holds it for a page of keys.
_BUSY_SECONDS = 20.0
# SQLite takes at most 32,766 parameters in a statement; a page this size needs few round trips.
_AT_ONCE = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    person TEXT NOT NULL, purpose TEXT NOT NULL, wrapped BLOB NOT NULL, PRIMARY KEY (person, purpose)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS endings (
    person TEXT NOT NULL, ending TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (ending, person)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""


class SqliteKeyStore:
    """Keys in a file that several processes of one machine share."""

    def __init__(self, path: Path) -> None:
        """The file is opened, and made, when it is first needed."""
        self._path = path
        self._open: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    @property
    def place(self) -> str:
        """The file's path."""
        return str(self._path)

    async def get(self, purpose: Purpose, people: Sequence[str]) -> dict[str, bytes]:
        """Give the keys that there are, by person."""

        def read(connection: sqlite3.Connection) -> dict[str, bytes]:
            found: dict[str, bytes] = {}
            for begin in range(0, len(people), _AT_ONCE):
                some = people[begin : begin + _AT_ONCE]
                marks = ",".join("?" * len(some))
                query = f"SELECT person, wrapped FROM keys WHERE purpose = ? AND person IN ({marks})"  # noqa: S608
                found.update(connection.execute(query, (purpose, *some)))
            return found

        return await self._do(read)

    async def add(self, purpose: Purpose, wrapped: Mapping[str, bytes]) -> dict[str, bytes]:
        """Keep the keys of people who have none yet; give what is kept of each now. The erased get none."""

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT OR IGNORE INTO keys SELECT ?1, ?2, ?3"
                " WHERE NOT EXISTS (SELECT 1 FROM endings WHERE ending = ?4 AND person = ?1)",
                [(person, purpose, key, Ending.ERASED) for person, key in wrapped.items()],
            )

        await self._do(write)
        return await self.get(purpose, list(wrapped))

    async def delete(self, person: str, purposes: Sequence[Purpose]) -> None:
        """Overwrite a person's keys."""
        every = [(person, purpose) for purpose in purposes]
        await self._write("DELETE FROM keys WHERE person = ? AND purpose = ?", *every)

    async def page(self, after: Wrapped | None, limit: int) -> list[Wrapped]:
        """Give the next keys in order of person and purpose."""
        place = (after.person, after.purpose) if after else ("", "")
        query = "SELECT * FROM keys WHERE (person, purpose) > (?, ?) ORDER BY person, purpose LIMIT ?"
        rows = await self._do(lambda open_: open_.execute(query, (*place, limit)).fetchall())
        return [Wrapped(person, Purpose(purpose), wrapped) for person, purpose, wrapped in rows]

    async def count(self) -> int:
        """Give how many keys there are."""
        (count,) = await self._do(lambda open_: open_.execute("SELECT count(*) FROM keys").fetchone())
        return int(count)

    async def replace(self, before: Wrapped, wrapped: bytes) -> bool:
        """Wrap a key otherwise, unless it was changed or destroyed meanwhile; tell whether it was done."""
        update = "UPDATE keys SET wrapped = ? WHERE person = ? AND purpose = ? AND wrapped = ?"
        values = (wrapped, before.person, before.purpose, before.wrapped)
        return await self._do(lambda open_: open_.execute(update, values).rowcount == 1)

    async def note_ending(self, ending: Ending, person: str, at: datetime) -> None:
        """Note that a person was erased, or withdrew, at a moment; a later one takes the place of an earlier one."""
        await self._write("INSERT OR REPLACE INTO endings VALUES (?, ?, ?)", (person, ending, at.isoformat()))

    async def endings(self, ending: Ending, after: str | None, limit: int) -> list[tuple[str, datetime]]:
        """Give who was erased, or withdrew, and when, in order of their ids."""
        query = "SELECT person, at FROM endings WHERE ending = ? AND person > ? ORDER BY person LIMIT ?"
        rows = await self._do(lambda open_: open_.execute(query, (ending, after or "", limit)).fetchall())
        return [(person, datetime.fromisoformat(at)) for person, at in rows]

    async def fact(self, name: str, otherwise: bytes) -> bytes:
        """Give what is noted under a name; note `otherwise` where nothing is."""

        def note(connection: sqlite3.Connection) -> bytes:
            connection.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, otherwise))
            (value,) = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
            return bytes(value)

        return await self._do(note)

    async def note(self, name: str, value: bytes) -> None:
        """Note a fact in the place of what was noted."""
        await self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    async def _write(self, statement: str, *rows: tuple[object, ...]) -> None:
        # Gives no cursor away: one that is forgotten outside of the lock resets a statement that another thread runs.
        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(statement, rows)

        await self._do(write)

    async def _do(self, what: Callable[[sqlite3.Connection], Result]) -> Result:
        return await asyncio.to_thread(self._in_transaction, what)

    def _in_transaction(self, what: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            with self._lock:
                if self._open is None:
                    self._open = self._opened()
                with self._open:
                    return what(self._open)
        except (sqlite3.Error, OSError) as error:
            raise KeyUnusable(f"the key store at {self._path} can't be used: {error}") from error

    def _opened(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite would make it for all to read; its journal gets the file's own rights.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False)
        for pragma in ("secure_delete = ON", "journal_mode = DELETE", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(_SCHEMA)
        return connection
