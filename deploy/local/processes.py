"""Processes of this machine, told apart from later ones that were given the same id."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil
from pydantic import TypeAdapter, ValidationError

# Put into the environment of everything that is supervised, with the stack's home as its value.
MARK = "ROLLCALL_SUPERVISED_IN"
_KILL_WAIT_S = 5
# The kernel keeps times of creation by ticks of 0.01 s, and the time of boot that they count from is rounded.
_CLOCK_TICKS_S = 0.05


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process id and the moment when that process was created: together they mean one process for ever."""

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """Identify a process that runs now.

        Raises:
            psutil.NoSuchProcess: it doesn't.
        """
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """Find the process, if it still runs; another one with its id is not it."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < _CLOCK_TICKS_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


_IDENTITY = TypeAdapter(ProcessIdentity)


def read_identity(path: Path) -> ProcessIdentity | None:
    """Read an identity from a file; None where there is none, or what is there isn't one."""
    try:
        return _IDENTITY.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def write_identity(path: Path, identity: ProcessIdentity) -> None:
    """Keep an identity in a file."""
    path.write_bytes(_IDENTITY.dump_json(identity))


def marked(home: Path) -> list[psutil.Process]:
    """Find every process that was started under a supervisor of this home, whoever its parent is now."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            # It ended meanwhile, or it is another user's and so not one of ours.
            continue
    return [process for process in found if process.pid != os.getpid()]


def kill_all(processes: Iterable[psutil.Process]) -> None:
    """End processes at once, and wait until they are gone."""
    ended = []
    for process in processes:
        try:
            process.kill()
            ended.append(process)
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(ended, timeout=_KILL_WAIT_S)


def resident_bytes(pid: int) -> int:
    """Add up the resident memory of a process and of all below it; 0 where it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
