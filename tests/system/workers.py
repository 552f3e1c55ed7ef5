"""The workers of a campus' stream app, and what can befall them."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import httpx
import psutil

from tests.system.campus import Campus, free_port
from tests.system.waiting import until

ROLLCALL = str(Path(sys.executable).with_name("rollcall"))
# Frames wait while something is wrong; thinned for it, they would tell less, which is judged by a rule of its own.
_NEVER_THIN = {"ROLLCALL_MOST_LAG_S": "36000"}
_OF_PACKAGES = re.compile(r'"logger": "(faust|mode|aiokafka|asyncio|pymongo)')
_FRAMES = re.compile(r"^rollcall_stream_frames_total\{.*\} ([0-9.e+]+)$", re.MULTILINE)


class Workers:
    """Workers by name. Each is a process of its own, started by `command`, on one of the `ports`."""

    def __init__(self, campus: Campus, command: Sequence[str] = (ROLLCALL, "stream"), **settings: str) -> None:
        self._campus = campus
        self._command = command
        self._settings = settings
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.ports: dict[str, int] = {}
        self._started: dict[str, None] = {}

    def start(self, name: str = "one") -> None:
        """Start a worker, without waiting for it."""
        port = self.ports.setdefault(name, free_port())
        self._started[name] = None
        environment = {**self._campus.environment, "ROLLCALL_STREAM_PORT": str(port), **_NEVER_THIN, **self._settings}
        with self.log_file(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self._command], env=environment, stdout=log, stderr=log
            )

    def log_file(self, name: str) -> Path:
        """Give the file that a worker logs to."""
        return self._campus.connection.home / f"worker-{name}.log"

    def print_logs(self) -> None:
        """Print the end of every worker's own log, without that of the packages below: shown where the test failed."""
        for name in self._started:
            lines = self.log_file(name).read_text(errors="replace").splitlines()
            own = [line for line in lines if not _OF_PACKAGES.search(line)]
            sys.stdout.write("\n".join([f"worker {name}, the last of {len(own)} lines:", *own[-400:], ""]))

    async def ready(self, name: str = "one") -> None:
        """Wait until a worker has its share of the partitions and can work."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:

            async def answers() -> bool:
                assert self.running[name].poll() is None, self.log_file(name).read_text()[-4000:]
                with contextlib.suppress(httpx.HTTPError):
                    return (await client.get(f"http://127.0.0.1:{self.ports[name]}/readyz")).is_success
                return False

            await until(answers)

    async def frames(self, name: str) -> float:
        """Give how many frames a worker has finished since its start; none where it doesn't answer."""
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False, timeout=3) as client:
                page = (await client.get(f"http://127.0.0.1:{self.ports[name]}/metrics")).text
                return sum(float(value) for value in _FRAMES.findall(page))
        return 0.0

    def kill(self, name: str = "one") -> None:
        """Kill a worker with SIGKILL."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()

    async def stop(self, name: str = "one") -> int:
        """Ask a worker to stop, wait for it and give its exit code."""
        process = self.running.pop(name)
        self.ports.pop(name)
        process.terminate()
        return await asyncio.to_thread(process.wait, 90)

    def pool_processes(self, name: str = "one") -> list[psutil.Process]:
        """Give the recognition processes of a worker."""
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.running[name].pid).children()
            return [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        return []

    async def pool_process(self, name: str = "one") -> psutil.Process:
        """Give one of a worker's recognition processes, as soon as there is one."""
        found: list[psutil.Process] = []

        async def is_there() -> bool:
            found[:] = self.pool_processes(name)
            return bool(found)

        await until(is_there)
        return found[0]

    async def kill_pool_process(self, name: str = "one") -> None:
        """Kill one of a worker's recognition processes, as soon as there is one."""

        async def is_killed() -> bool:
            for process in self.pool_processes(name):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
                    return True
            return False

        await until(is_killed)

    @contextlib.asynccontextmanager
    async def supervised(self) -> AsyncIterator[None]:
        """Start anew whatever ends, as a supervisor would."""

        async def watch() -> None:
            while True:
                for name, process in list(self.running.items()):
                    if process.poll() is not None:
                        self.start(name)
                await asyncio.sleep(0.1)

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    def end(self) -> None:
        """Kill whatever still runs."""
        for name in list(self.running):
            self.kill(name)


@contextlib.contextmanager
def paused(*pids: int) -> Iterator[None]:
    """Stop processes with SIGSTOP and let them go on afterwards."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
