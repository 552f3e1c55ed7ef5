"""How dead letters look on a terminal and as JSON. What a camera wrote is shown without control characters."""

from typing import Any

from aiokafka.structs import ConsumerRecord
from rich.table import Table
from rich.text import Text

from ingest.contract import format_time
from stream_app.dead_selection import Overview
from stream_app.dead_topic import Letter, letter_of

# A header may have any length; a terminal needn't show it all.
_LONGEST_HEADER = 200


def plain(text: str) -> Text:
    """Give text without anything that a terminal or rich would act upon."""
    return Text("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text))


def summary_table(found: Overview) -> Table:
    """Count letters by reason and camera, the most first."""
    table = Table("reason", "camera", box=None)
    for title in ("letters", "MB", "replayed"):
        table.add_column(title, justify="right")
    for group, count in found.letters.most_common():
        reason, camera = group
        table.add_row(
            plain(reason),
            plain(camera),
            f"{count:,}",
            f"{found.sizes[group] / 1e6:,.1f}",
            f"{found.replayed_letters[group]:,}",
        )
    table.add_section()
    return table


def newest_table(found: Overview) -> Table:
    """Show the newest letters, one a line."""
    table = Table("letter", "refused at", "reason", "camera", "bytes", "tries", "", box=None, title_justify="left")
    for letter in found.newest:
        table.add_row(
            letter.name,
            format_time(letter.at),
            plain(letter.reason),
            plain(letter.camera),
            f"{letter.size:,}",
            str(letter.tries),
            _state(letter, found),
        )
    return table


def details(record: ConsumerRecord) -> Table:
    """Show one letter with its headers; of its bytes only how many there are."""
    letter = letter_of(record)
    table = Table(box=None, show_header=False)
    rows = {
        "letter": letter.name,
        "reason": letter.reason,
        "error": letter.error,
        "camera": letter.camera,
        "came from": f"{letter.topic} {letter.source[0]}:{letter.source[1]}",
        "arrived at": format_time(letter.arrived_at),
        "refused at": format_time(letter.at),
        "times tried": str(letter.tries),
        "times replayed": str(letter.replays),
        "bytes": f"{letter.size:,}",
    }
    for name, text in rows.items():
        table.add_row(name, plain(text))
    for name, value in record.headers:
        if not name.startswith("dead_"):
            table.add_row(plain(name), plain((value or b"").decode("utf-8", "replace")[:_LONGEST_HEADER]))
    return table


def as_json(found: Overview) -> dict[str, Any]:
    """Give the same for programs."""
    counts = [
        {
            "reason": reason,
            "camera": camera,
            "letters": count,
            "bytes": found.sizes[reason, camera],
            "replayed": found.replayed_letters[reason, camera],
        }
        for (reason, camera), count in found.letters.most_common()
    ]
    newest = [
        {
            "letter": letter.name,
            "refused_at": format_time(letter.at),
            "arrived_at": format_time(letter.arrived_at),
            "reason": letter.reason,
            "error": letter.error,
            "camera": letter.camera,
            "source": f"{letter.topic} {letter.source[0]}:{letter.source[1]}",
            "tries": letter.tries,
            "replays": letter.replays,
            "bytes": letter.size,
            "replayed": letter.place in found.replayed,
        }
        for letter in found.newest
    ]
    return {"letters": found.letters.total(), "counts": counts, "newest": newest}


def _state(letter: Letter, found: Overview) -> str:
    if letter.place in found.replayed:
        return "replayed"
    return "failed again" if letter.replays else ""
