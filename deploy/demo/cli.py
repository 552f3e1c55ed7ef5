"""`rollcall demo`: call the roll of one lecture on real parts, and show it."""

import asyncio
from datetime import UTC, datetime

import httpx
import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from websockets.exceptions import WebSocketException

from attendance.rights import Role
from attendance.store import Store
from deploy.demo.camera import play
from deploy.demo.commands import Terminal
from deploy.demo.failure import DemoFailed
from deploy.demo.lecture import Lecture
from deploy.demo.outcome import AT_THE_END, BY_CODE, BY_THE_MACHINE, differences, export_differences, read_events
from deploy.demo.people import export, people_speak
from deploy.demo.photos import PhotosMissing, load_photos
from deploy.demo.school import NO_CONSENT, TOKENS_LAST, Api, School, found_school
from deploy.demo.show import show_events, show_next, show_plan, show_roll
from deploy.demo.stack import demo_stack
from deploy.failures import told_plainly
from deploy.local.kafka import KafkaNotInstalled
from deploy.local.ports import PortTaken
from deploy.local.progress import TerminalProgress
from deploy.local.running import run_until_interrupted
from deploy.local.stack import LocalStack, StartFailed
from deploy.local.supervise import SupervisorError

PLAY_SECONDS = 25.0
CLOSE_WITHIN_SECONDS = 120.0
EXIT_INTERRUPTED = 130
_WIDTH_IN_A_LOG = 160  # narrower, and the tables' ids are cut


def run(exit_: bool = typer.Option(False, "--exit", help="End by itself; fail unless the roll is right.")) -> None:
    """Call the roll of one lecture on real parts, and show it."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH_IN_A_LOG)
    failures = (DemoFailed, KafkaNotInstalled, PhotosMissing, PortTaken, StartFailed, SupervisorError)
    with told_plainly(*failures, httpx.HTTPError, WebSocketException):
        stack = demo_stack()
        if not run_until_interrupted(_demo(stack, console, stays=not exit_), stack.settings):
            raise typer.Exit(EXIT_INTERRUPTED if exit_ else 0)


async def _demo(stack: LocalStack, console: Console, *, stays: bool) -> None:
    try:
        photos = await asyncio.to_thread(load_photos, stack.settings.home / "photos")
        with TerminalProgress(console) as progress:
            await stack.start(progress)
        token = await _administrator(stack)
        api = Api(f"http://127.0.0.1:{stack.settings.api_port}", token)
        lecture = Lecture.just_over(datetime.now(UTC))
        terminal = Terminal(stack.settings, console)
        console.print("\nRooms and a camera are made; class, students, photos and timetable imported …")
        school = await asyncio.to_thread(found_school, api, terminal, lecture, photos)
        console.print(f'  A photo of {NO_CONSENT} was refused before it was looked at: "{school.refusal}"')
        show_plan(console, lecture, school.zone)
        strangers = await _count_unknown(stack)
        shots = list(lecture.shots(photos))
        with Progress(console=console) as bar:
            playing = bar.add_task("The camera sends its backlog", total=len(shots))
            replies = await play(
                f"ws://127.0.0.1:{stack.settings.ingest_port}",
                school.camera_id,
                school.camera_token,
                shots,
                seconds=PLAY_SECONDS,
                on_stored=lambda: bar.advance(playing),
            )
            _check_replies(replies)
            closing = bar.add_task("The meeting closes", total=None)
            await _until_closed(api, school, bar, closing)
        await _show_outcome(stack, console, api, terminal, school, await _count_unknown(stack) - strangers)
        show_next(console, api.url, school.meeting_id, token)
        if stays:
            console.print("\nCtrl-C ends all.")
            await asyncio.Event().wait()
    finally:
        with TerminalProgress(console) as progress:
            await stack.stop(progress)


async def _show_outcome(
    stack: LocalStack, console: Console, api: Api, terminal: Terminal, school: School, unknown: int
) -> None:
    path = f"/meetings/{school.meeting_id}/roll"
    by_machine = api.call("GET", path)
    show_roll(console, by_machine, "The roll as the machine called it")
    await asyncio.to_thread(people_speak, terminal, school)
    roll, seminar = api.call("GET", path), api.call("GET", f"/meetings/{school.seminar_id}/roll")
    show_roll(console, roll, "The roll after the teacher's words, read over REST")
    show_roll(console, seminar, "The seminar's roll, called by the code")
    exported = await asyncio.to_thread(export, terminal, school)
    console.print(f"Faces of the stranger, answered with 'unknown': {unknown}. Nothing of them was kept.\n")
    told_twice = 2  # the close, and again with the counts that the correction changed
    wanted = sum(entry["revision"] for entry in roll["entries"]) + told_twice
    connection = stack.settings
    events = await read_events(
        connection.kafka_bootstrap, connection.topics.attendance_events, school.meeting_id, wanted
    )
    show_events(console, events, school.students)
    wrong = differences(by_machine, BY_THE_MACHINE) + differences(roll, AT_THE_END) + differences(seminar, BY_CODE)
    wrong += export_differences(exported, roll)
    if len(events) != wanted:
        wrong.append(f"{wanted} events must be on Kafka, and {len(events)} are")
    if not unknown:
        wrong.append("the stranger must have been seen, and answered with 'unknown'")
    if wrong:
        raise DemoFailed("it is not right: " + "; ".join(wrong))
    console.print("[green]Rolls, events and export are exactly right.[/green]")


def _check_replies(replies: list[dict[str, object]]) -> None:
    refused = [reply for reply in replies if reply.get("type") != "stored"]
    if refused:
        raise DemoFailed(f"{len(refused)} frames were not stored; the first answer: {refused[0]}")


async def _until_closed(api: Api, school: School, bar: Progress, closing: TaskID) -> None:
    async with asyncio.timeout(CLOSE_WITHIN_SECONDS):
        while api.call("GET", f"/meetings/{school.meeting_id}")["state"] == "open":  # noqa: ASYNC110  # REST has no event
            await asyncio.sleep(0.3)
    bar.update(closing, total=1, completed=1)


async def _administrator(stack: LocalStack) -> str:
    store = Store(stack.settings)
    try:
        now = datetime.now(UTC)
        made = await store.tokens.create(Role.ADMINISTRATOR, now=now, expires_at=now + TOKENS_LAST, label="demo")
    finally:
        store.close()
    return made.text


async def _count_unknown(stack: LocalStack) -> int:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{stack.settings.stream_port}/metrics")
    name = 'rollcall_stream_faces_total{answer="unknown"}'
    return int(sum(float(line.rsplit(" ", 1)[1]) for line in answer.text.splitlines() if line.startswith(name)))
