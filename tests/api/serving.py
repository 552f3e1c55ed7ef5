"""The API as a process of its own, over a real socket."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import httpx

from attendance.settings import ConnectionSettings
from tests.attendance.databases import free_port

START = [sys.executable, "-c", "import typer; from api.cli import run; typer.run(run)"]


def environment_of(places: ConnectionSettings) -> dict[str, str]:
    """Give the settings of a process that uses these places, with a free port for the API."""
    return os.environ | {
        "KAFKA_BOOTSTRAP": places.kafka_bootstrap,
        "MONGO_URL": places.mongo_url,
        "ROLLCALL_DATABASE": places.database,
        "ROLLCALL_TOPIC_PREFIX": places.topic_prefix,
        "ROLLCALL_HOME": str(places.home),
        "ROLLCALL_API_PORT": str(free_port()),
    }


@dataclass(frozen=True)
class Server:
    url: str
    process: "subprocess.Popen[bytes]"
    log: Path


@contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[Server]:
    """Start the API with these settings, wait until it is ready, and end it; a failure shows what it printed."""
    with NamedTemporaryFile("rb") as log:
        with Path(log.name).open("wb") as stream:
            process = subprocess.Popen(START, env=environment, stdout=stream, stderr=stream)
        started = Server(f"http://127.0.0.1:{environment['ROLLCALL_API_PORT']}", process, Path(log.name))
        try:
            while not is_ready(started.url):
                assert process.poll() is None
                time.sleep(0.05)
            yield started
        finally:
            process.kill()
            process.wait()
            sys.stderr.write(started.log.read_text())


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
