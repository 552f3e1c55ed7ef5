"""The ends of log files, and what is added to them, across rotations."""

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

_POLL_S = 0.2


def last_lines(path: Path, count: int) -> list[str]:
    """Give the last lines of a file; none where there is no file."""
    try:
        with path.open(errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=count)]
    except FileNotFoundError:
        return []


class Follower:
    """Gives the lines that a file gains from now on. A rotated file is read to its end, then the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open(errors="replace") if path.exists() else None
        if self._file:
            self._file.seek(0, os.SEEK_END)
        self._rest = ""

    def new_lines(self) -> list[str]:
        """Give the whole lines that were added since the last call."""
        text = self._rest + (self._file.read() if self._file else "")
        if self._was_rotated():
            if self._file:
                self._file.close()
            self._file = self._path.open(errors="replace")
            text += self._file.read()
        *lines, self._rest = text.split("\n")
        return lines

    def _was_rotated(self) -> bool:
        try:
            now = self._path.stat()
        except FileNotFoundError:
            return False
        if self._file is None:
            return True
        then = os.fstat(self._file.fileno())
        return then.st_ino != now.st_ino or now.st_size < self._file.tell()


def follow(paths: dict[str, Path]) -> Iterator[tuple[str, str]]:
    """Give every new line of these files, with its file's name, for ever."""
    followers = {name: Follower(path) for name, path in paths.items()}
    while True:
        for name, follower in followers.items():
            for line in follower.new_lines():
                yield name, line
        time.sleep(_POLL_S)
