"""`rollcall agent`: run the program beside the cameras, or check its file."""

import asyncio
import signal
from pathlib import Path

import typer
from prometheus_client import start_http_server
from rich.console import Console

from attendance.logs import configure_logging
from ingest.agent.agent import Agent
from ingest.agent.config import AgentConfig, BadConfig, read_config

app = typer.Typer(
    help="Read cameras and send their pictures, through outages.", no_args_is_help=True, add_completion=False
)

_FILE = typer.Argument(help="The YAML file that names the cameras; see docs/set-up-a-camera.md.")


@app.command()
def run(file: Path = _FILE, log_level: str = typer.Option("info", help="debug, info, warning or error.")) -> None:
    """Read every camera of the file and send its pictures, until told to stop."""
    config = _read(file)
    configure_logging("agent", log_level)
    if config.metrics_port is not None:
        start_http_server(config.metrics_port, "127.0.0.1")
    asyncio.run(_run(config))


@app.command()
def check(file: Path = _FILE) -> None:
    """Read the file as `run` would, say what is wrong, and send nothing."""
    config = _read(file)
    target = config.ingest or config.kafka
    print(f"{len(config.cameras)} cameras, to {target}")  # noqa: T201
    for camera in config.cameras:
        print(f"{camera.camera}  every {camera.every_s:g} s  {camera.shown_source}")  # noqa: T201


async def _run(config: AgentConfig) -> None:
    agent = Agent(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, agent.stop)
    await agent.run()


def _read(file: Path) -> AgentConfig:
    try:
        return read_config(file)
    except BadConfig as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(str(error), markup=False)
        raise typer.Exit(1) from error
