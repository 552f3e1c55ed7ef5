"""What the demo prints."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from deploy.demo.lecture import LATE_BY, Lecture
from deploy.demo.school import LATE, NEVER_SEEN, NO_CONSENT, ON_TIME

_COLOURS = {"present": "green", "late": "yellow", "absent": "red", "unmarked": "cyan"}


def show_plan(console: Console, lecture: Lecture, zone: str) -> None:
    """Say who will do what."""
    console.print(f"\nThe lecture: {_clock(lecture.start, zone)} to {_clock(lecture.end, zone)}, just over.")
    console.print(f"  [b]{ON_TIME}[/b] is there from the start. Shown is another photo than those enrolled.")
    console.print(
        f"  [b]{LATE}[/b] comes {LATE_BY.seconds // 60} minutes late. There is one photo of this person: "
        "the same one is shown altered (turned, darker, softer)."
    )
    console.print(f"  [b]{NEVER_SEEN}[/b] is enrolled and never comes.")
    console.print(f"  [b]{NO_CONSENT}[/b] gave no consent: no photo is kept, and the machine can't say.")
    console.print("  A stranger walks in who is on no roster.\n")


def show_roll(console: Console, roll: dict[str, Any], title: str) -> None:
    """Print a roll as a table."""
    zone = roll["meeting"]["zone"]
    table = Table("student", "status", "provisional", "method", "first seen", "last seen", title=title)
    for entry in roll["entries"]:
        status = entry["status"]
        colour = _COLOURS.get(status, "white")
        table.add_row(
            f"{entry['given_name']} {entry['family_name']}",
            f"[{colour}]{status}[/{colour}]",
            "until confirmed" if entry["provisional"] else "",
            entry["method"] or "",
            *(_clock(datetime.fromisoformat(entry[key]), zone) if entry[key] else "" for key in _SEEN),
        )
    console.print(table)


def show_events(console: Console, events: list[dict[str, Any]], students: dict[str, str]) -> None:
    """Print events as a table; the names are the demo's own knowledge, the events hold none."""
    names = {student_id: name for name, student_id in students.items()}
    table = Table("event", "who", "what", "id", title="attendance.events, read from Kafka")
    for event in events:
        data = event["data"]
        if "counts" in data:
            counts = ", ".join(f"{count} {status}" for status, count in data["counts"].items() if count)
            who, what = f"close {data['close_number']}", counts
        else:
            who = names.get(data["student_id"], data["student_id"])
            before = f"{data['previous_status']} → " if data["previous_status"] else ""
            what = f"{before}{data['status']} (revision {data['revision']}, by {data['cause']})"
        table.add_row(event["type"].removeprefix("org.rollcall."), who, what, event["id"])
    console.print(table)


def show_next(console: Console, api_url: str, meeting_id: str, token: str) -> None:
    """Say where to look next, while all is running."""
    console.print("\nLook next:")
    console.print(f"  The API's description: [b]{api_url}/docs[/b]")
    console.print("  The roll as JSON:")
    console.print(
        f'    curl -s -H "Authorization: Bearer {token}" {api_url}/v1/meetings/{meeting_id}/roll',
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


_SEEN = ("first_seen", "last_seen")


def _clock(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S")
