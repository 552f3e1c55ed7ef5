"""`rollcall dead list | show | replay`: what was refused, why, and another try."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import Progress

from attendance.keys import KeyUnusable, read_gateway_key
from attendance.settings import ConnectionSettings
from stream_app.confirmed import ConfirmedProducer
from stream_app.dead_replay import Replayed, Replayer
from stream_app.dead_selection import Overview, Replayable, Selection, overview, parse_place, parse_since, replayable
from stream_app.dead_tables import as_json, details, newest_table, summary_table
from stream_app.dead_topic import NoSuchLetter, Place, open_dead_topic
from stream_app.settings import StreamSettings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Frames that were refused: see why, try again.")

Reason = Annotated[str | None, typer.Option(help="Only letters with this reason, such as unknown_camera.")]
OfCamera = Annotated[str | None, typer.Option("--camera", help="Only letters of this camera.")]
Since = Annotated[str | None, typer.Option(help="Only what was refused since: an age (30m, 2h) or an RFC 3339 time.")]


@app.command("list")
def list_letters(
    *,
    reason: Reason = None,
    camera: OfCamera = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=0, help="How many of the newest letters to show one by one.")] = 20,
    to_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Count the dead letters by reason and camera, and show the newest."""
    with _told_plainly():
        found = asyncio.run(_overview(ConnectionSettings(), Selection(reason, camera), _moment(since), limit))
    if to_json:
        typer.echo(json.dumps(as_json(found), indent=2))
        return
    console = Console(highlight=False)
    if not found.letters:
        console.print("There are no such dead letters: nothing was refused, or Kafka has deleted it by age.")
        return
    console.print(summary_table(found))
    if found.newest:
        console.print()
        console.print(newest_table(found))


@app.command()
def show(
    partition: Annotated[int, typer.Argument(min=0)],
    offset: Annotated[int, typer.Argument(min=0)],
    *,
    save: Annotated[Path | None, typer.Option(help="Write the frame's bytes to this file, which must be new.")] = None,
) -> None:
    """Show one dead letter: why, from where, its headers. The picture is never printed."""
    with _told_plainly():
        asyncio.run(_show(ConnectionSettings(), (partition, offset), save))


@app.command()
def replay(
    letter: Annotated[str | None, typer.Argument(metavar="[PARTITION:OFFSET]", help="One letter.")] = None,
    *,
    reason: Reason = None,
    camera: OfCamera = None,
    since: Since = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many letters, the oldest first.")] = None,
    max_replays: Annotated[int, typer.Option(min=1, help="Leave out frames that were replayed so often.")] = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Send dead letters back to `frames`, once what was wrong is put right."""
    with _told_plainly():
        connection = ConnectionSettings()
        gateway_key = read_gateway_key(connection.gateway_key_file)
        selection = Selection(reason, camera, parse_place(letter) if letter else None)
        choice = _Choice(selection, _moment(since), max_replays, limit)
        chosen = asyncio.run(_choose(connection, choice))
    for sentence in _left_out(chosen, max_replays):
        typer.echo(sentence)
    if not chosen.places:
        typer.echo("nothing to replay")
        return
    if dry_run:
        typer.echo(f"would send {_frames(len(chosen.places))} back to {connection.topics.frames}; sent nothing")
        return
    if not yes:
        typer.confirm(f"Send {_frames(len(chosen.places))} back to {connection.topics.frames}?", abort=True)
    with _told_plainly():
        done = asyncio.run(_send(connection, gateway_key, chosen.places))
    typer.echo(f"sent {_frames(done.sent)} back to {connection.topics.frames}")
    if done.too_large:
        typer.echo(f"{_frames(done.too_large)} not sent: too large for {connection.topics.frames}", err=True)
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Choice:
    selection: Selection
    since: datetime | None
    max_replays: int
    limit: int | None


async def _overview(
    connection: ConnectionSettings, selection: Selection, since: datetime | None, newest: int
) -> Overview:
    async with open_dead_topic(connection.kafka_bootstrap, connection.topics.frames_dead) as topic:
        if since:
            await topic.begin_at(since)
        with _progress("reading", topic.size) as step:
            return await overview(topic, selection, newest=newest, on_read=step)


async def _show(connection: ConnectionSettings, place: Place, save: Path | None) -> None:
    async with open_dead_topic(connection.kafka_bootstrap, connection.topics.frames_dead) as topic:
        record = await topic.get(place)
    Console(highlight=False).print(details(record))
    if save:
        # A picture of people: nobody else on this machine may read it, and no other file is written over.
        with os.fdopen(os.open(save, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(record.value or b"")
        typer.echo(f"the frame's bytes are in {save}: delete it yourself, Kafka's own copy goes by age", err=True)


async def _choose(connection: ConnectionSettings, choice: _Choice) -> Replayable:
    place = choice.selection.place
    async with open_dead_topic(connection.kafka_bootstrap, connection.topics.frames_dead) as topic:
        if place:
            topic.check(place)
        if choice.since:
            await topic.begin_at(choice.since)
        with _progress("reading", topic.size) as step:
            return await replayable(
                topic, choice.selection, max_replays=choice.max_replays, limit=choice.limit, on_read=step
            )


async def _send(connection: ConnectionSettings, gateway_key: bytes, places: list[Place]) -> Replayed:
    producer = ConfirmedProducer(
        connection.kafka_bootstrap,
        client_id="rollcall-dead-replay",
        largest_message=StreamSettings().dead_letter_bytes,
    )
    try:
        async with open_dead_topic(connection.kafka_bootstrap, connection.topics.frames_dead) as topic:
            with _progress("sending", topic.size) as step:
                return await Replayer(producer, connection.topics, gateway_key).replay(topic, places, step)
    finally:
        await producer.stop()


def _left_out(chosen: Replayable, max_replays: int) -> Iterator[str]:
    if chosen.replayed_before:
        yield f"left out: {_frames(chosen.replayed_before)} that an earlier replay sent back already"
    if chosen.replayed_too_often:
        yield (
            f"left out: {_frames(chosen.replayed_too_often)} refused again after {max_replays} "
            f"replay{'s' if max_replays > 1 else ''}; `--max-replays {max_replays + 1}` tries once more"
        )
    if chosen.beyond_limit:
        yield f"left out: {_frames(chosen.beyond_limit)} beyond the limit"


def _frames(count: int) -> str:
    return f"{count:,} frame{'' if count == 1 else 's'}"


def _moment(since: str | None) -> datetime | None:
    return parse_since(since, datetime.now(UTC)) if since else None


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Show what a person can mend as a sentence, with exit code 1."""
    try:
        yield
    except KafkaError as error:
        _tell(f"Kafka can't be reached, or refuses: {error}")
        raise typer.Exit(1) from error
    except FileExistsError as error:
        _tell(f"there is already a file {error.filename}: name another one")
        raise typer.Exit(1) from error
    except (NoSuchLetter, KeyUnusable, OSError, ValueError) as error:
        _tell(str(error))
        raise typer.Exit(1) from error


def _tell(sentence: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {sentence}", style="red", markup=False)
