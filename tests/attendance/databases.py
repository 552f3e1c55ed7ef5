"""A real database in a process of its own, for tests that take it away."""

import contextlib
import socket
import subprocess
import sys
import time
from pathlib import Path

_STARTS_WITHIN_SECONDS = 30.0
_OPTIONS = ("--sync-on-commit", "--cache-size", "128M", "--log-level", "ERROR")


def free_port() -> int:
    """Give a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class DatabaseProcess:
    """SecantusDB on a port and a folder that stay the same over kills and starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self._port}/"

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = Path(sys.executable).with_name("secantusd-py")
        self._process = subprocess.Popen(
            [command, "--port", str(self._port), "--storage-path", self._folder, *_OPTIONS],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the database did not start on port {self._port}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it without warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
            return True
        return False
