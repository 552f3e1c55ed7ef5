"""`rollcall topics`."""

import asyncio
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.table import Table

from attendance.settings import ConnectionSettings
from deploy.failures import told_plainly
from deploy.frames_partitions import PartitionsStay, grow_frames
from deploy.topics import TopicReport, TopicSettings, ensure_topics

DIFFERS = 3
"""The exit code where a topic exists with other settings."""

_UNSET = None


def topics(
    partitions: int | None = typer.Option(_UNSET, min=1, help="Give `frames` so many partitions, outside of meetings."),
    force: bool | None = typer.Option(_UNSET, "--force", help="With --partitions: within a meeting too."),  # noqa: FBT001
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
    """Create the Kafka topics; for those that exist, report what differs and how to alter it.

    Alters nothing but, with --partitions, the number of partitions of `frames`, which only grows. That of
    `attendance.events` is fixed for ever.
    """
    days_s = events_retention_days * 86_400 if events_retention_days is not None else None
    given = {
        "frames_partitions": frames_partitions if partitions is None else partitions,
        "frames_dead_partitions": frames_dead_partitions,
        "attendance_events_partitions": attendance_events_partitions,
        "sightings_partitions": sightings_partitions,
        "cameras_partitions": cameras_partitions,
        "replication_factor": replication_factor,
        "attendance_events_retention_s": days_s,
    }
    with told_plainly(PartitionsStay):
        settings = TopicSettings.model_validate({name: value for name, value in given.items() if value is not None})
        connection = ConnectionSettings()
        before = asyncio.run(_ensure_and_grow(connection, settings, partitions, force=bool(force)))
        reports = asyncio.run(ensure_topics(connection, settings))
    if before is not None and before != partitions:
        typer.echo(f"{connection.topics.frames}: {before} partitions before, {partitions} now")
    show(reports, Console(highlight=False))
    if any(report.differences for report in reports):
        raise typer.Exit(DIFFERS)


async def _ensure_and_grow(
    connection: ConnectionSettings, settings: TopicSettings, partitions: int | None, *, force: bool
) -> int | None:
    if partitions is None:
        return None
    await ensure_topics(connection, settings)
    return await grow_frames(connection, partitions, force=force, now=datetime.now(UTC))


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
