"""`rollcall topics`."""

import asyncio

import typer
from rich.console import Console
from rich.table import Table

from attendance.settings import ConnectionSettings
from deploy.failures import told_plainly
from deploy.topics import TopicReport, TopicSettings, ensure_topics

DIFFERS = 3
"""The exit code where a topic exists with other settings."""

_UNSET = None


def topics(
    frames_partitions: int | None = typer.Option(_UNSET, help="Partitions of `frames` (8)."),
    frames_dead_partitions: int | None = typer.Option(_UNSET, help="Partitions of `frames.dead` (1)."),
    attendance_events_partitions: int | None = typer.Option(
        _UNSET, help="Partitions of `attendance.events` (8), fixed for ever."
    ),
    sightings_partitions: int | None = typer.Option(_UNSET, help="Partitions of `sightings` (8)."),
    cameras_partitions: int | None = typer.Option(_UNSET, help="Partitions of `cameras` (1)."),
    replication_factor: int | None = typer.Option(_UNSET, help="Copies of each partition (1); 3 on a real cluster."),
    events_retention_days: float | None = typer.Option(_UNSET, help="How long attendance events are kept (30)."),
) -> None:
    """Create the Kafka topics; for those that exist, report what differs and how to alter it. Alters nothing."""
    days_s = events_retention_days * 86_400 if events_retention_days is not None else None
    given = {
        "frames_partitions": frames_partitions,
        "frames_dead_partitions": frames_dead_partitions,
        "attendance_events_partitions": attendance_events_partitions,
        "sightings_partitions": sightings_partitions,
        "cameras_partitions": cameras_partitions,
        "replication_factor": replication_factor,
        "attendance_events_retention_s": days_s,
    }
    with told_plainly():
        settings = TopicSettings.model_validate({name: value for name, value in given.items() if value is not None})
        reports = asyncio.run(ensure_topics(ConnectionSettings(), settings))
    show(reports, Console(highlight=False))
    if any(report.differences for report in reports):
        raise typer.Exit(DIFFERS)


def show(reports: list[TopicReport], console: Console) -> None:
    """Print what became of each topic, and below it the lines that would put right what differs."""
    table = Table("topic", "", box=None)
    for report in reports:
        table.add_row(report.name, "created" if report.created else "\n".join(report.differences) or "as it should be")
    console.print(table)
    commands = [command for report in reports for command in report.commands]
    if commands:
        console.print("\nTo alter them (the scripts are Kafka's own):")
        for command in commands:
            console.print(command, markup=False, soft_wrap=True)
