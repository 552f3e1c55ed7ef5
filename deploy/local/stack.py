"""The local stack as one object: start it, ask for its state, end it."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deploy.init import initialise
from deploy.local import kafka
from deploy.local.health import Unhealthy
from deploy.local.parts import BACKENDS, KAFKA, SERVICES, Part, parts_of
from deploy.local.ports import free_ports, listens, require_free
from deploy.local.processes import resident_bytes
from deploy.local.progress import NoProgress, Progress
from deploy.local.settings import IsolatedSettings, LocalSettings
from deploy.local.supervise import ProcessState, Supervisor, SupervisorError

# So many starts in a row that ended at once are no bad luck: the reason stands in the log, and waiting won't help.
_FAILED_STARTS = 3
_POLL_S = 0.2


class StartFailed(Exception):
    """A part of the stack did not become healthy."""


@dataclass(frozen=True, slots=True)
class PartStatus:
    """A part as `rollcall status` shows it. `state` is `external` where a real cluster stands in its place."""

    name: str
    state: str
    pid: int | None
    healthy: bool
    reason: str
    memory_bytes: int
    address: str


class LocalStack:
    """Kafka, the database and Rollcall's own processes under one home folder.

    >>> stack = LocalStack.on_free_ports(Path("/tmp/trial"))
    >>> await stack.start_backends()
    >>> stack.kafka_bootstrap, stack.mongo_url
    ('127.0.0.1:21877', 'mongodb://127.0.0.1:17003')
    >>> await stack.stop()
    """

    def __init__(self, settings: LocalSettings, *, end_with_caller: bool = False) -> None:
        """Take a stack by its settings; nothing is started yet.

        Args:
            settings: its home, ports, and so on. Where this home's stack runs already, what it was started with counts
                instead.
            end_with_caller: end all when the calling process ends, even by a kill.
        """
        self._supervisor = Supervisor(settings.run_dir, settings.log_dir, settings.home)
        self._kept = settings.run_dir / "stack.json"
        kept = LocalSettings.kept(self._kept) if self._supervisor.alive() else None
        self.asked, self.settings = settings, kept or settings
        self._end_with_caller = end_with_caller

    @classmethod
    def on_free_ports(cls, home: Path, *, end_with_caller: bool = True, **settings: object) -> Self:
        """Make a stack of its own beside any other on this machine, whatever the environment says.

        Args:
            home: an empty or new folder, its path not much longer than 80 characters.
            end_with_caller: end all when the calling process ends, even by a kill.
            settings: more of `LocalSettings`, by name.
        """
        names = ("kafka_port", "kafka_controller_port", "mongo_port", "ingest_port", "stream_port", "api_port")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        isolated = IsolatedSettings.model_validate({"home": home, **ports, **settings})
        return cls(isolated, end_with_caller=end_with_caller)

    @property
    def kafka_bootstrap(self) -> str:
        """Kafka's address."""
        return self.settings.kafka_bootstrap

    @property
    def mongo_url(self) -> str:
        """The database's address."""
        return self.settings.mongo_url

    @property
    def runs(self) -> bool:
        """Whether this home's supervisor runs."""
        return self._supervisor.alive() is not None

    async def start_backends(self, progress: Progress | None = None) -> None:
        """Start Kafka and the database where they don't run yet, and wait until both are healthy.

        Raises:
            PortTaken: a port is in use.
            KafkaNotInstalled: its jars or Java are missing.
            SupervisorError: the supervisor did not start.
            StartFailed: a part did not become healthy; the stack is as it was then, so that it can be looked at.
        """
        progress = progress or NoProgress()
        if not self.runs:
            self._start_supervisor(progress)
        elif self.asked.child_environment() != self.settings.child_environment():
            raise StartFailed("the stack runs already, with other settings: `rollcall down` first")
        await self._start(BACKENDS, progress)

    async def start_services(self, progress: Progress | None = None, names: Iterable[str] = SERVICES) -> None:
        """Start ingest, stream app and API where they don't run yet, and wait until each is ready.

        Raises:
            SupervisorError: the supervisor doesn't answer.
            StartFailed: a process did not become ready.
        """
        await self._start(tuple(names), progress or NoProgress())

    async def start(self, progress: Progress | None = None) -> str | None:
        """Start all: backends, then keys, indexes, topics and the first token, then the services.

        Returns:
            The first administrator's token where it was made now; it is shown nowhere else.
        """
        progress = progress or NoProgress()
        await self.start_backends(progress)
        progress.update("init", "keys, indexes, topics")
        outcome = await initialise(self.settings)
        progress.done("init", outcome.summary)
        await self.start_services(progress)
        return outcome.administrator_token

    async def stop(self, progress: Progress | None = None) -> bool:
        """End everything in order; what doesn't end in time is killed, and nothing is left behind.

        Returns:
            Whether there was anything to end.
        """
        progress = progress or NoProgress()
        programs = [part.program for part in parts_of(self.settings).values() if part.program]
        longest = max(program.stop_wait_s for program in programs if program.name in SERVICES) + max(
            (program.stop_wait_s for program in programs if program.name in BACKENDS), default=0
        )

        def tell(names: list[str]) -> None:
            progress.update("down", f"waiting for {', '.join(names)}" if names else "waiting for the supervisor")

        ended = await asyncio.to_thread(self._supervisor.shutdown, within_s=longest, on_wait=tell)
        progress.done("down", "all ended" if ended else "nothing was running")
        return ended

    async def status(self) -> list[PartStatus]:
        """Look at every part, its health included, all at once."""
        states = self._supervisor.processes()
        return list(
            await asyncio.gather(
                *(self._status_of(part, states.get(part.name)) for part in parts_of(self.settings).values())
            )
        )

    def pid_of(self, name: str) -> int | None:
        """Give the id of a part's process; `supervisor` is the supervisor itself. None where it doesn't run."""
        if name == "supervisor":
            identity = self._supervisor.alive()
            return identity.pid if identity else None
        state = self._supervisor.processes().get(name)
        return state.pid or None if state else None

    def log_file(self, name: str) -> Path:
        """Give the file that a part's output goes to."""
        return self.settings.log_dir / f"{name}.log"

    def erase(self) -> None:
        """Delete all data, keys and logs of this home. What was downloaded stays."""
        for name in ("kafka/data", "database", "keys", "logs", "run"):
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self.settings.home / name)

    def _start_supervisor(self, progress: Progress) -> None:
        self.settings = self.asked
        # All of it is personal data, or leads to it.
        self.settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        parts = parts_of(self.settings).values()
        require_free({name: port for part in parts for name, port in part.ports.items()})
        if self.settings.kafka_is_local:
            progress.update(KAFKA, "preparing")
            kafka.prepare(self.settings)
        (self.settings.home / "database").mkdir(parents=True, exist_ok=True, mode=0o700)
        self.settings.keep(self._kept)
        programs = [part.program for part in parts if part.program]
        self._supervisor.start(programs, self.settings.child_environment(), end_with_caller=self._end_with_caller)

    async def _start(self, names: tuple[str, ...], progress: Progress) -> None:
        parts = [part for name, part in parts_of(self.settings).items() if name in names]
        for part in parts:
            progress.update(part.name, "starting" if part.program else f"asking {part.address}")
            if part.program:
                self._supervisor.start_process(part.name)
        try:
            async with asyncio.TaskGroup() as group:
                for part in parts:
                    group.create_task(self._until_healthy(part, progress))
        except* (StartFailed, SupervisorError) as failures:
            # The first one ended the others' waiting; a group around it would only hide its sentence.
            failed = failures.exceptions[0]
        else:
            return
        raise failed

    async def _until_healthy(self, part: Part, progress: Progress) -> None:
        deadline = time.monotonic() + self.settings.start_deadline_s
        pids: set[int] = set()
        while True:
            try:
                # Clients of a part that isn't there yet only fill the screen with their failures.
                if not all(map(listens, part.ports.values())):
                    raise Unhealthy("starting")
                await part.check()
            except Unhealthy as unhealthy:
                reason = str(unhealthy)
            else:
                progress.done(part.name, f"ready at {part.address}")
                return
            if part.program and not self.runs:
                raise StartFailed(f"the supervisor ended: see {self.log_file('supervisord')}")
            pid = self.pid_of(part.name)
            pids |= {pid} if pid else set()
            if len(pids) >= _FAILED_STARTS or time.monotonic() > deadline:
                raise StartFailed(f"{part.name} did not become healthy: {reason}{self._last_words(part)}")
            progress.update(part.name, reason)
            await asyncio.sleep(_POLL_S)

    async def _status_of(self, part: Part, state: ProcessState | None) -> PartStatus:
        name = "external" if part.program is None else state.state.lower() if state else "stopped"
        reason = ""
        if name in {"running", "starting", "backoff", "external"}:
            try:
                await part.check()
            except Unhealthy as unhealthy:
                reason = str(unhealthy)
        else:
            reason = "not started"
        pid = state.pid or None if state else None
        return PartStatus(part.name, name, pid, not reason, reason, resident_bytes(pid) if pid else 0, part.address)

    def _last_words(self, part: Part) -> str:
        log = self.log_file(part.name)
        if part.program is None or not log.exists():
            return ""
        lines = log.read_text(errors="replace").strip().splitlines()
        return f"\n{log} ends with:\n" + "\n".join(lines[-8:])
