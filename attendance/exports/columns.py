"""A table's columns, and how a value stands in a cell of a spreadsheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

Value = str | int | float | bool | datetime | date | None
Row = Mapping[str, Value]

# A spreadsheet takes a text that begins with one of these for a formula and runs it: a student's name could then send
# the whole table away. The last four are what some of them take for the first four.
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"
    FLAG = "flag"
    MOMENT = "moment"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    kind: Kind = Kind.TEXT


def in_spreadsheet(value: Value) -> str:
    """Write a value into a cell: a text that would be taken for a formula gets a `'` before it, which shows it as text.

    Moments are UTC with milliseconds and `Z`, nothing is an empty cell.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return in_json(value)
        case str():
            return f"'{value}" if value.startswith(_BEGINS_A_FORMULA) else value
        case _:
            return str(value)


def in_json(value: datetime | date) -> str:
    """Write a moment or a date into JSON, as the rest of the API does."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat()
