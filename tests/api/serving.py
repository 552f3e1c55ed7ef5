"""The API as a process of its own, over a real socket."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

START = [sys.executable, "-c", "import typer; from api.cli import run; typer.run(run)"]


@dataclass(frozen=True)
class Server:
    url: str
    process: "subprocess.Popen[bytes]"
    log: Path


@contextmanager
def serving(environment: Mapping[str, str], folder: Path) -> Iterator[Server]:
    """Start the API with these settings, wait until it is ready, and end it."""
    log = folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(START, env=environment, stdout=stream, stderr=stream)
    started = Server(f"http://127.0.0.1:{environment['ROLLCALL_API_PORT']}", process, log)
    while not is_ready(started.url):
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    yield started
    process.kill()
    process.wait()


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
