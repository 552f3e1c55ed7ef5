"""Meetings as a CSV: a line each, with an id of the file's own.

Columns: `id`, `class` (the school's id of it, its code or its title), `rooms` (titles or ids, parted by semicolons),
`start` and `end` (local, like `2026-10-05 10:15`, or with an offset); where wanted `zone` (IANA) and `status`
(`cancelled`).
"""

import re
from collections.abc import Iterator
from datetime import datetime

from attendance.imports.findings import Findings
from attendance.imports.sittings import Sitting
from attendance.imports.tables import LONGEST_ID, BadCell, Row, read_rows, shortened
from attendance.zones import known_zone

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)


def read_meeting_table(file: str, data: bytes, findings: Findings) -> list[Sitting]:
    """Give the meetings of a CSV. Faults go to the findings."""
    return list(_sittings(file, data, findings))


def _sittings(file: str, data: bytes, findings: Findings) -> Iterator[Sitting]:
    lines: dict[str, int] = {}
    for row in read_rows(file, data, ("id", "class", "rooms", "start", "end"), findings):
        try:
            sitting = _sitting(row)
        except BadCell as error:
            findings.error(error.code, str(error), file, row.line)
            continue
        if sitting.source in lines:
            findings.error("duplicate_id", f"id is that of line {lines[sitting.source]} too", file, row.line, "id")
        else:
            lines[sitting.source] = row.line
            yield sitting


def _sitting(row: Row) -> Sitting:
    return Sitting(
        source=f"csv\0{row.text('id', LONGEST_ID)}",
        line=row.line,
        classes=(row.text("class"),),
        rooms=tuple(dict.fromkeys(room.strip() for room in row.text("rooms", 2000).split(";") if room.strip())),
        start=_moment(row, "start"),
        end=_moment(row, "end"),
        zone=_zone(row),
        cancelled=row.word("status", ("confirmed", "cancelled")) == "cancelled",
    )


def _moment(row: Row, column: str) -> datetime:
    text = row.text(column)
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text)
    except ValueError as error:
        detail = f"{column}: write a local time like 2026-10-05 10:15, not {shortened(text)!r}"
        raise BadCell("bad_time", detail) from error


def _zone(row: Row) -> str | None:
    zone = row.optional("zone")
    try:
        return known_zone(zone) if zone else None
    except ValueError as error:
        raise BadCell("unknown_zone", f"zone is {shortened(zone or '')!r}: {error}") from error
