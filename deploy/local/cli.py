"""`rollcall up`, `down`, `status`, `logs`, `reset`."""

import asyncio
import dataclasses
import json
import logging

import typer
from rich.console import Console
from rich.table import Table

from deploy.failures import told_plainly
from deploy.init_cli import show_token
from deploy.local.kafka import KafkaNotInstalled
from deploy.local.parts import BACKENDS, SERVICES
from deploy.local.ports import LOOPBACK, PortTaken
from deploy.local.progress import TerminalProgress
from deploy.local.running import run_until_interrupted
from deploy.local.settings import LocalSettings
from deploy.local.stack import LocalStack, PartStatus, StartFailed
from deploy.local.supervise import SupervisorError
from deploy.local.tail import follow, last_lines

_FAILURES = (KafkaNotInstalled, PortTaken, StartFailed, SupervisorError)
_LOGS = (*BACKENDS, *SERVICES, "supervisord")
_MEGABYTE = 1_000_000
_LOOK_S = 1.0


def up(
    only_backends: bool = typer.Option(False, "--only-backends", help="Start just Kafka and the database."),
    foreground: bool = typer.Option(False, "--foreground", help="Stay, and end all with Ctrl-C."),
) -> None:
    """Start the local stack and wait until every part works."""
    console = Console(highlight=False)
    with told_plainly(*_FAILURES):
        settings = LocalSettings()
        whole = run_until_interrupted(_up(settings, console, only_backends, foreground), settings)
    if not whole and not foreground:
        raise typer.Exit(130)


async def _up(settings: LocalSettings, console: Console, only_backends: bool, foreground: bool) -> None:
    _quiet_clients()
    stack = LocalStack(settings, end_with_caller=foreground)
    started_before, token = stack.runs, None
    if started_before and foreground:
        raise StartFailed("the stack runs already, in the background: `rollcall down` first")
    try:
        with TerminalProgress(console) as progress:
            if only_backends:
                await stack.start_backends(progress)
            else:
                token = await stack.start(progress)
        _welcome(stack, console, token, only_backends)
        while foreground and stack.runs:  # noqa: ASYNC110  (another process's end raises no event here)
            await asyncio.sleep(_LOOK_S)
        if foreground:
            raise SupervisorError(f"the supervisor ended: see {stack.log_file('supervisord')}")
    except BaseException:
        # Whatever came between, Ctrl-C included: what this command started ends with it.
        if stack.runs and not started_before:
            with TerminalProgress(console) as progress:
                await stack.stop(progress)
        raise


def down() -> None:
    """End everything that `up` started, in order; what doesn't end in time is killed."""
    with told_plainly(*_FAILURES), TerminalProgress() as progress:
        asyncio.run(LocalStack(LocalSettings()).stop(progress))


def status(as_json: bool = typer.Option(False, "--json", help="As JSON, for programs.")) -> None:
    """Show each process: state, health, memory, address. Exit code 1 unless all that was started is healthy."""
    _quiet_clients()
    with told_plainly(*_FAILURES):
        parts = asyncio.run(LocalStack(LocalSettings()).status())
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(part) for part in parts], indent=2))
    else:
        Console(highlight=False).print(_table(parts))
    started = [part for part in parts if part.state != "stopped"]
    if not started or not all(part.healthy for part in started):
        raise typer.Exit(1)


def logs(
    name: str | None = typer.Argument(None, help=f"One of {', '.join(_LOGS)}; all where none is given."),
    following: bool = typer.Option(False, "--follow", "-f", help="Go on with what is written from now on."),
    lines: int = typer.Option(50, "--lines", "-n", min=0, help="How many lines of each to begin with."),
) -> None:
    """Show what the processes wrote."""
    if name is not None and name not in _LOGS:
        raise typer.BadParameter(f"there is no {name}: one of {', '.join(_LOGS)}")
    console = Console(highlight=False)
    with told_plainly():
        stack = LocalStack(LocalSettings())
    paths = {one: stack.log_file(one) for one in ([name] if name else _LOGS)}

    def show(one: str, line: str) -> None:
        console.print(f"{one:<12}" if name is None else "", line, sep="", markup=False, soft_wrap=True)

    for one, path in paths.items():
        for line in last_lines(path, lines):
            show(one, line)
    if following:
        try:
            for one, line in follow(paths):
                show(one, line)
        except KeyboardInterrupt:
            return


def reset(yes: bool = typer.Option(False, "--yes", help="Don't ask.")) -> None:
    """Delete all data, keys and logs of the local stack. What was downloaded stays."""
    with told_plainly(*_FAILURES):
        stack = LocalStack(LocalSettings())
        home = stack.settings.home
        if not yes:
            typer.confirm(f"Delete all students, records, pictures, keys and logs in {home}?", abort=True)
        with TerminalProgress() as progress:
            asyncio.run(stack.stop(progress))
        stack.erase()
    typer.echo(f"{home} holds no data any more.")


def _welcome(stack: LocalStack, console: Console, token: str | None, only_backends: bool) -> None:
    if token:
        show_token(token, console)
    settings = stack.settings
    console.print()
    if only_backends:
        console.print(f"Kafka: {stack.kafka_bootstrap}    database: {stack.mongo_url}", soft_wrap=True)
    else:
        console.print(f"API and its documentation: http://{LOOPBACK}:{settings.api_port}/docs")
        console.print(f"cameras connect to:        ws://{LOOPBACK}:{settings.ingest_port}/ws?camera=ID")
    farewell = "`rollcall status` shows how it goes, `rollcall logs -f` what it says, `rollcall down` ends it."
    console.print(farewell, soft_wrap=True)


def _table(parts: list[PartStatus]) -> Table:
    table = Table("process", "state", "pid", "health", "memory", "address", box=None)
    for part in parts:
        colour = "green" if part.healthy else "dim" if part.state == "stopped" else "red"
        table.add_row(
            part.name,
            part.state,
            str(part.pid or ""),
            f"[{colour}]{'ok' if part.healthy else '' if part.state == 'stopped' else part.reason}",
            f"{part.memory_bytes / _MEGABYTE:.0f} MB" if part.memory_bytes else "",
            part.address,
        )
    return table


def _quiet_clients() -> None:
    # They log each failed try; the table and the progress say it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
