"""An export's folder: a file for each date and batch of numbers, and where the export is, written after them.

    attendance.changed.v1/date=2026-03-02/part-000000000001-000000020000.parquet
    meeting.closed.v1/date=2026-03-02/part-000000000001-000000020000.parquet
    _export.json

What an interrupted run wrote beyond the place that is noted is deleted by the next one, which writes it again: so an
event is in the folder once. Programs that read such folders pass over names with `_` before them.
"""

import fcntl
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

_STATE = "_export.json"
_LOCK = "_export.lock"
_PART = re.compile(r"\.?part-(\d{12})-(\d{12})\.\w+(\.new)?")


class FolderUnusable(Exception):
    """A folder can't take this export."""


class Asked(BaseModel):
    """What an export is of: it stays the same for as long as a folder is gone on with."""

    model_config = ConfigDict(frozen=True)

    database: str
    form: str
    since: date | None = None
    until: date | None = None
    class_ids: tuple[str, ...] | None = None


class State(BaseModel):
    """Where an export is: all events up to the number `read_to` of the log are in the folder."""

    model_config = ConfigDict(frozen=True)

    asked: Asked
    read_to: int = 0
    events: int = 0


class ExportFolder:
    """A folder that one run holds at a time."""

    def __init__(self, path: Path, state: State) -> None:
        self.path = path
        self.state = state

    async def add(self, table: str, day: date, span: tuple[int, int], content: AsyncIterator[bytes]) -> None:
        """Write the file of a table, a date and a span of numbers, whole or not at all."""
        folder = self.path / table / f"date={day.isoformat()}"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"part-{span[0]:012}-{span[1]:012}.{self.state.asked.form}"
        new = folder / f".{name}.new"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            async for written in content:
                file.write(written)
            file.flush()
            os.fsync(file.fileno())
        new.replace(folder / name)
        _sync(folder)

    def note(self, read_to: int, more_events: int) -> None:
        """Say that all up to a number is in the folder."""
        state = self.state.model_copy(update={"read_to": read_to, "events": self.state.events + more_events})
        new = self.path / f"{_STATE}.new"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(state.model_dump_json(indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path / _STATE)
        _sync(self.path)
        self.state = state


@contextmanager
def hold(path: Path, asked: Asked) -> Iterator[ExportFolder]:
    """Take a new folder, or one that an export of the same was begun in, and put right what a broken run left.

    Raises:
        FolderUnusable: it holds something else, or another run is at it.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (path / _STATE).exists() and any(each.name != _LOCK for each in path.iterdir()):
        raise FolderUnusable(f"{path} holds something, but no export: name a new folder")
    with (path / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderUnusable(f"another run is writing to {path}") from error
        folder = ExportFolder(path, _state(path, asked))
        if not (path / _STATE).exists():
            folder.note(0, 0)
        _delete_beyond(path, folder.state.read_to)
        yield folder


def _state(path: Path, asked: Asked) -> State:
    try:
        state = State.model_validate_json((path / _STATE).read_bytes())
    except FileNotFoundError:
        return State(asked=asked)
    except ValidationError as error:
        raise FolderUnusable(f"{path / _STATE} can't be read: name a new folder") from error
    if state.asked != asked:
        before, now = state.asked.model_dump(), asked.model_dump()
        differing = ", ".join(name for name in before if before[name] != now[name])
        raise FolderUnusable(f"the export in {path} is of something else ({differing}): name a new folder")
    return state


def _delete_beyond(path: Path, number: int) -> None:
    for each in path.glob("*/date=*/*part-*"):
        part = _PART.fullmatch(each.name)
        if part and (int(part[1]) > number or part[3]):
            each.unlink()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
