"""Pictures on disk that nobody has confirmed yet: one file each, whose name is its time and its id.

Every picture goes through it, not only those of an outage, so there is one way, and a killed agent loses nothing. The
files aren't forced to the disk: what a power cut takes is the last seconds.
"""

import contextlib
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"([0-9]{17})-([cu])-[0-9a-f]{8}\.jpg")


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture in the spool. `taken_at` is in seconds; `is_corrected` tells whether that is by ingest's clock."""

    name: str
    size: int

    @property
    def id(self) -> str:
        """The frame's id: the same however often it is sent."""
        return self.name.removesuffix(".jpg")

    @property
    def taken_at(self) -> float:
        """When it was taken, in seconds since 1970."""
        return int(self.name[:17]) / 1e6

    @property
    def is_corrected(self) -> bool:
        """Tell whether the time is by ingest's clock: it isn't where that was out of reach from the beginning."""
        return self.name[18] == "c"


class Spool:
    """One camera's waiting pictures, oldest first, at most so many bytes of them; beyond it the oldest go.

    A thread puts in, the event loop takes out.
    """

    def __init__(self, folder: Path, most_bytes: int, put_in: Callable[[], None] = lambda: None) -> None:
        self._folder = folder
        self._most = most_bytes
        self._put_in = put_in
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._kept: dict[str, Kept] = {}
        for path in sorted(folder.iterdir()):
            if _NAME.fullmatch(path.name):
                self._kept[path.name] = Kept(path.name, path.stat().st_size)
            elif path.suffix == ".new":
                path.unlink()  # was being written when the agent died
        self.bytes = sum(kept.size for kept in self._kept.values())

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, picture: bytes, taken_at: float, *, is_corrected: bool) -> int:
        """Keep a picture; tell how many older ones had to go for it.

        Raises:
            OSError: it can't be written.
        """
        mark = "c" if is_corrected else "u"
        name = f"{round(taken_at * 1e6):017d}-{mark}-{secrets.token_hex(4)}.jpg"
        unfinished = self._folder / f"{name}.new"
        try:
            unfinished.write_bytes(picture)
            unfinished.replace(self._folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise
        dropped = 0
        with self._lock:
            self._kept[name] = Kept(name, len(picture))
            self.bytes += len(picture)
            while self.bytes > self._most and len(self._kept) > 1:
                self._forget(next(iter(self._kept)))
                dropped += 1
        self._put_in()
        return dropped

    def first_but(self, names: set[str]) -> Kept | None:
        """Give the oldest picture that isn't one of these."""
        with self._lock:
            return next((kept for name, kept in self._kept.items() if name not in names), None)

    def read(self, kept: Kept) -> bytes | None:
        """Give a picture's bytes; None where it had to go meanwhile."""
        try:
            return (self._folder / kept.name).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, kept: Kept) -> None:
        """Forget a picture: it is confirmed, or refused for good."""
        with self._lock:
            if kept.name in self._kept:
                self._forget(kept.name)

    def _forget(self, name: str) -> None:
        self.bytes -= self._kept.pop(name).size
        with contextlib.suppress(FileNotFoundError):
            (self._folder / name).unlink()
