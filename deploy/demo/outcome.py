"""What the lecture must have come to, and whether it did. Pure but for reading Kafka."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer

from attendance.exports import in_spreadsheet
from deploy.demo.school import LATE, NEVER_SEEN, NO_CONSENT, ON_TIME

EVENTS_WITHIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Expected:
    """One line of the roll as it must be."""

    status: str
    provisional: bool
    method: str | None


BY_THE_MACHINE = {
    ON_TIME: Expected("present", provisional=False, method="face"),
    LATE: Expected("late", provisional=True, method="face"),
    NEVER_SEEN: Expected("absent", provisional=True, method=None),
    NO_CONSENT: Expected("unmarked", provisional=False, method=None),
}
AT_THE_END = {
    **BY_THE_MACHINE,
    NEVER_SEEN: Expected("absent", provisional=False, method=None),
    NO_CONSENT: Expected("present", provisional=False, method="manual"),
}
BY_CODE = {
    **dict.fromkeys(BY_THE_MACHINE, Expected("pending", provisional=False, method=None)),
    NO_CONSENT: Expected("present", provisional=False, method="code"),
}


def differences(roll: dict[str, Any], expected: dict[str, Expected]) -> list[str]:
    """Say in what a roll (`GET /v1/meetings/ID/roll`) is not as it must be; nothing, where it is exactly right."""
    found = {
        f"{entry['given_name']} {entry['family_name']}": Expected(
            entry["status"], provisional=entry["provisional"], method=entry["method"]
        )
        for entry in roll["entries"]
    }
    wrong = [
        f"{name} must be {wanted}, and is {found.get(name)}"
        for name, wanted in expected.items()
        if found.get(name) != wanted
    ]
    return wrong + [f"{name} must not be on the roll" for name in found if name not in expected]


def export_differences(exported: Iterable[Mapping[str, str]], roll: dict[str, Any]) -> list[str]:
    """Say in what exported rows are not the roll of their meeting."""
    meeting_id, columns = roll["meeting"]["id"], ("student_id", "status", "provisional", "method", "revision")
    written = [{name: row[name] for name in columns} for row in exported if row["meeting_id"] == meeting_id]
    called = [
        {name: in_spreadsheet(entry[name]) for name in columns} for entry in roll["entries"] if entry["revision"] > 0
    ]

    def by_student(row: Mapping[str, str]) -> str:
        return row["student_id"]

    if sorted(written, key=by_student) == sorted(called, key=by_student):
        return []
    return [f"the export must hold {called}, and holds {written}"]


async def read_events(bootstrap: str, topic: str, meeting_id: str, wanted: int) -> list[dict[str, Any]]:
    """Read this meeting's events from the topic, each once, until as many as wanted have come or the time is over."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    events: dict[str, dict[str, Any]] = {}
    deadline = time.monotonic() + EVENTS_WITHIN_SECONDS
    try:
        while len(events) < wanted and time.monotonic() < deadline:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                told = [json.loads(message.value) for message in batch]
                events |= {event["id"]: event for event in told if event["data"]["meeting_id"] == meeting_id}
    finally:
        await consumer.stop()
    return sorted(events.values(), key=lambda event: str(event["time"]))
