"""supervisord, one for each home: its configuration, its start and end, and its XML-RPC socket.

Every process is started through `setpriv --pdeathsig KILL`, so that the kernel ends it when supervisord dies, however
that came about. What supervisord can't promise is checked by id and time of creation, never by a bare process id.
"""

import contextlib
import fcntl
import http.client
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from deploy.local.processes import MARK, ProcessIdentity, kill_all, marked, read_identity, write_identity

# The kernel's limit for the path of a Unix socket, its closing zero byte taken off; supervisord binds to a name of up
# to 11 characters more first.
_LONGEST_SOCKET_PATH = 107 - 11
_RPC_TIMEOUT_S = 5
_STOP_TIMEOUT_S = 120
_DONT_WAIT = False
_START_TIMEOUT_S = 15
# Time beyond the processes' own stop waits that supervisord may take; past it, it is killed, and its children with it.
_SHUTDOWN_SPARE_S = 5


class SupervisorError(Exception):
    """supervisord could not be started, or doesn't answer."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to supervise. A lower `order` starts earlier and stops later.

    `broken_word`: one that says such a thing in its output can't go on, and is ended and started anew.
    """

    name: str
    command: Sequence[str]
    order: int
    stop_wait_s: int
    broken_word: str | None = None


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What supervisord knows of a process. `state` is its word: RUNNING, STARTING, BACKOFF, STOPPED, EXITED, FATAL."""

    name: str
    state: str
    pid: int
    said: str


class Supervisor:
    """The supervisor of one home. Nothing here starts it but `start`."""

    def __init__(self, run_dir: Path, log_dir: Path, home: Path) -> None:
        self._run_dir, self._log_dir, self._home = run_dir, log_dir, home
        self._socket = run_dir / "supervisor.sock"
        self._configuration = run_dir / "supervisord.conf"
        self._identity = run_dir / "supervisord.json"
        self._child: subprocess.Popen[bytes] | None = None

    def alive(self) -> ProcessIdentity | None:
        """Give the supervisor's identity while it runs. A stale file, or its id on another process, counts as none."""
        identity = read_identity(self._identity)
        return identity if identity and identity.process() else None

    def start(self, programs: Sequence[Program], environment: Mapping[str, str], *, end_with_caller: bool) -> None:
        """Start supervisord with these programs, none of them running yet.

        Call it from a thread that stays: `end_with_caller` means the end of the calling thread.

        Args:
            programs: what it will supervise.
            environment: what the processes find in theirs beside the caller's own.
            end_with_caller: whether all ends when the calling process does, even by a kill.

        Raises:
            SupervisorError: it did not come up; the sentence says why.
        """
        if len(os.fsencode(self._socket)) > _LONGEST_SOCKET_PATH:
            raise SupervisorError(f"{self._socket} is too long for a socket's path: set ROLLCALL_HOME to a shorter one")
        if re.search(r"\s[;#]", str(self._home)):
            raise SupervisorError(
                f"supervisord takes a part of {self._home} for a comment: set ROLLCALL_HOME to another"
            )
        self._run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._log_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._run_dir / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SupervisorError(f"another command starts the stack in {self._home} at this moment") from error
            if not self.alive():
                self._launch(programs, environment, end_with_caller=end_with_caller)

    def processes(self) -> dict[str, ProcessState]:
        """Ask for the state of every process; empty where no supervisor runs.

        Raises:
            SupervisorError: it runs and doesn't answer.
        """
        if not self.alive():
            return {}
        known: Any = self._call("supervisor.getAllProcessInfo")
        return {
            one["name"]: ProcessState(one["name"], one["statename"], one["pid"], one["spawnerr"] or one["description"])
            for one in known
        }

    def start_process(self, name: str) -> None:
        """Start one of the programs; one that is started already stays as it is.

        Raises:
            SupervisorError: supervisord doesn't answer or refuses.
        """
        state = self.processes().get(name)
        if state is None or state.state not in {"RUNNING", "STARTING", "BACKOFF"}:
            self._call("supervisor.startProcess", name, _DONT_WAIT)

    def stop_process(self, name: str) -> None:
        """Stop one of the programs and wait for its end.

        Raises:
            SupervisorError: supervisord doesn't answer or refuses.
        """
        state = self.processes().get(name)
        if state is not None and state.state in {"RUNNING", "STARTING", "BACKOFF"}:
            self._call("supervisor.stopProcess", name, timeout=_STOP_TIMEOUT_S)

    def shutdown(self, *, within_s: float, on_wait: Callable[[list[str]], None] = lambda _names: None) -> bool:
        """End every process in order, then supervisord; what is left after the time is killed.

        Args:
            within_s: the longest that the processes may take in all.
            on_wait: called again and again with the names of those still there.

        Returns:
            Whether there was anything to end.
        """
        identity = self.alive()
        if identity is not None:
            deadline = time.monotonic() + within_s + _SHUTDOWN_SPARE_S
            there: dict[str, ProcessIdentity] = {}
            with contextlib.suppress(SupervisorError, psutil.NoSuchProcess):
                there = {one.name: ProcessIdentity.of(one.pid) for one in self.processes().values() if one.pid}
                self._call("supervisor.shutdown")
            while identity.process() and time.monotonic() < deadline:
                on_wait([name for name, one in there.items() if one.process()])
                time.sleep(0.1)
        left = marked(self._home)
        kill_all(left)
        if self._child is not None:
            # Our own child stays in the process table until it is waited for.
            self._child.wait()
            self._child = None
        self._identity.unlink(missing_ok=True)
        self._socket.unlink(missing_ok=True)
        return identity is not None or bool(left)

    def _launch(self, programs: Sequence[Program], environment: Mapping[str, str], *, end_with_caller: bool) -> None:
        kill_all(marked(self._home))
        self._socket.unlink(missing_ok=True)
        self._configuration.write_text(self._render(programs))
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._configuration)]
        if end_with_caller:
            command = ["setpriv", "--pdeathsig", "TERM", *command]
        with (self._log_dir / "supervisord.out").open("wb") as out:
            self._child = subprocess.Popen(  # noqa: S603  (our own command line)
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment, MARK: str(self._home)},
                # Ctrl-C in the terminal is for the caller, who then ends all in order.
                start_new_session=True,
            )
        write_identity(self._identity, ProcessIdentity.of(self._child.pid))
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._answers():
            if self._child.poll() is not None or time.monotonic() > deadline:
                kill_all(marked(self._home))
                raise SupervisorError(f"supervisord did not start: {self._last_words()}")
            time.sleep(0.05)

    def _render(self, programs: Sequence[Program]) -> str:
        sections = [
            "[supervisord]",
            "nodaemon=true",
            # Logs and data are for this user alone.
            "umask=077",
            f"logfile={_escaped(self._log_dir / 'supervisord.log')}",
            "logfile_maxbytes=10MB",
            "logfile_backups=2",
            f"pidfile={_escaped(self._run_dir / 'supervisord.pid')}",
            f"childlogdir={_escaped(self._log_dir)}",
            f"directory={_escaped(self._home)}",
            "[unix_http_server]",
            f"file={_escaped(self._socket)}",
            "chmod=0700",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
            "[rpcinterface:backoff]",
            "supervisor.rpcinterface_factory=deploy.supervisor_backoff:make_interface",
            "[rpcinterface:broken]",
            "supervisor.rpcinterface_factory=deploy.supervisor_broken:make_interface",
            *(f"{each.name}={_escaped(each.broken_word)}" for each in programs if each.broken_word),
        ]
        for program in programs:
            command = ["setpriv", "--pdeathsig", "KILL", *program.command]
            sections += [
                f"[program:{program.name}]",
                f"command={_escaped(shlex.join(command))}",
                f"priority={program.order}",
                "autostart=false",
                "autorestart=true",
                # One that ends sooner counts as failed at its start: it is tried again, each time a little later.
                "startsecs=5",
                "startretries=1000000000",
                f"stopwaitsecs={program.stop_wait_s}",
                "killasgroup=true",
                "redirect_stderr=true",
                # Its output is looked through for that word.
                f"stdout_events_enabled={'true' if program.broken_word else 'false'}",
                f"stdout_logfile={_escaped(self._log_dir / program.name)}.log",
                "stdout_logfile_maxbytes=10MB",
                "stdout_logfile_backups=2",
            ]
        return "\n".join(sections) + "\n"

    def _answers(self) -> bool:
        try:
            self._call("supervisor.getState")
        except SupervisorError:
            return False
        return True

    def _call(self, method: str, *arguments: str | bool, timeout: float = _RPC_TIMEOUT_S) -> Any:  # noqa: ANN401
        proxy = xmlrpc.client.ServerProxy("http://supervisor", transport=_UnixTransport(self._socket, timeout))
        with proxy:
            try:
                return getattr(proxy, method)(*arguments)
            except xmlrpc.client.Fault as fault:
                raise SupervisorError(f"the supervisor refuses: {fault.faultString}") from fault
            except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
                raise SupervisorError(f"the supervisor doesn't answer ({error}): `rollcall down` ends it") from error

    def _last_words(self) -> str:
        said = (self._log_dir / "supervisord.out").read_text(errors="replace").strip().splitlines()
        return said[-1] if said else f"see {self._log_dir / 'supervisord.log'}"


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket, with a time limit, which supervisor's own transport lacks."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__()
        self._path, self._timeout = path, timeout

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        return _UnixConnection(self._path, self._timeout)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _escaped(value: object) -> str:
    # supervisord expands %(name)s in its configuration.
    return str(value).replace("%", "%%")
