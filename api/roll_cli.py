"""`rollcall roll`: what a teacher does with a roll, over the API."""

from typing import Annotated, Any, NoReturn

import httpx
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from api.client_settings import ClientSettings
from api.texts import is_id
from attendance.status import Status

_TIMEOUT_SECONDS = 30.0
_ID_WIDTH = 36

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="See a roll, confirm and correct it, and call it by a code: over the API (ROLLCALL_API, ROLLCALL_TOKEN).",
)

Meeting = Annotated[str, typer.Argument(help="The meeting's id.")]
Student = Annotated[str, typer.Argument(help="The student's id.")]
Reason = Annotated[str | None, typer.Option(help="Why.")]


@app.command()
def show(meeting: Meeting) -> None:
    """Show where everybody stands."""
    roll = _call("GET", f"{_meeting(meeting)}/roll")
    table = Table("student", "status", "method")
    table.add_column("id", no_wrap=True, min_width=_ID_WIDTH)  # to be copied, so never cut
    for entry in roll["entries"]:
        name = " ".join(part for part in (entry["given_name"], entry["family_name"]) if part)
        status = entry["status"] + (", provisional" if entry["provisional"] else "")
        table.add_row(name, status, entry["method"] or "", entry["student_id"])
    Console().print(table)


@app.command()
def confirm(
    meeting: Meeting,
    student: Annotated[str | None, typer.Argument(help="Only this student's entry; everybody's unless given.")] = None,
) -> None:
    """Confirm what is provisional: of one student, or of all."""
    if student is None:
        done = _call("POST", f"{_meeting(meeting)}/roll/confirm", {})
        _say(f"{done['changed']} confirmed")
    else:
        _say(_standing(_call("POST", f"{_entry(meeting, student)}/confirm", {})))


@app.command("set")
def set_status(
    meeting: Meeting,
    student: Student,
    status: Annotated[Status, typer.Argument(help="What the student is.")],
    reason: Reason = None,
    reason_code: Annotated[str | None, typer.Option(help="The institution's own code, of an excuse.")] = None,
) -> None:
    """Set a student's status. It stands over what the machine says."""
    said = {"status": status.value, "reason": reason, "reason_code": reason_code}
    given = {name: value for name, value in said.items() if value is not None}
    _say(_standing(_call("PUT", _entry(meeting, student), given)))


@app.command()
def undo(meeting: Meeting, student: Student, reason: Reason = None) -> None:
    """Take back the last thing that a person said of a student."""
    _say(_standing(_call("POST", f"{_entry(meeting, student)}/undo", {} if reason is None else {"reason": reason})))


@app.command()
def code(meeting: Meeting) -> None:
    """Open a meeting's code and show the one of now: while the meeting is on."""
    _say(_call("POST", f"{_meeting(meeting)}/code", {})["code"])


@app.command("check-in")
def check_in(code: Annotated[str, typer.Argument(help="The code that the teacher shows.")]) -> None:
    """Give a code, with a student's token."""
    done = _call("POST", "/codes/redeem", {"code": code})
    _say(f"{done['status']}, by {done['method']}")


def _standing(record: dict[str, Any]) -> str:
    entry = record["entry"]
    until = ", provisional" if entry["provisional"] else ""
    return f"{entry['status']}{until} (revision {entry['revision']})"


def _meeting(meeting: str) -> str:
    return f"/meetings/{_id(meeting)}"


def _entry(meeting: str, student: str) -> str:
    return f"{_meeting(meeting)}/roll/{_id(student)}"


def _id(text: str) -> str:
    if not is_id(text.lower()):
        _end(f"{text!r} is no id: it is a UUID, like 6f1c2f4e-4a7b-4d0e-9a57-3c1f0b7d2e90")
    return text.lower()


def _call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  # JSON
    """Call a path under `/v1`; what isn't a success ends the command with the problem's own words."""
    try:
        settings = ClientSettings()
    except ValidationError as error:
        _end("; ".join(f"ROLLCALL_{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors()))
    if not settings.token:
        _end("there is no token: put yours into ROLLCALL_TOKEN")
    try:
        headers = {"Authorization": f"Bearer {settings.token}"}
        url = f"{settings.api.rstrip('/')}/v1{path}"
        answer = httpx.request(method, url, headers=headers, json=body, timeout=_TIMEOUT_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _end(f"the API at {settings.api} can't be reached: {error}")
    if answer.is_success:
        return answer.json()
    try:
        problem = answer.json()
        _end(f"{problem['detail']} ({problem['type'].rpartition(':')[2]})")
    except (ValueError, KeyError, TypeError):
        _end(f"{settings.api} answered {answer.status_code}, which isn't Rollcall's: is it the API's address?")


def _say(sentence: str) -> None:
    typer.echo(sentence)


def _end(sentence: str) -> NoReturn:
    typer.echo(f"error: {sentence}", err=True)
    raise typer.Exit(1)
