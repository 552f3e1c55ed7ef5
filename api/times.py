"""Moments and civil dates: how they are read from requests, and how they are written into answers."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from attendance.zones import known_zone

# Outside of these years the arithmetic of zones and windows would leave what a datetime can hold.
_FIRST_YEAR, _LAST_YEAR = 1900, 2999

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE
)


def now() -> datetime:
    """Give the present moment in UTC, in the milliseconds that the store keeps."""
    return to_milliseconds(datetime.now(UTC))


def to_milliseconds(moment: datetime) -> datetime:
    """Cut off what the store doesn't keep, so that a value compares equal before and after it was stored."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def parse_moment(text: str) -> datetime:
    """Read an RFC 3339 moment with its offset, as UTC.

    Raises:
        ValueError: with a sentence that says how to write it.
    """
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError("another form")
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise ValueError(
            "write a moment with its offset, like 2026-09-01T09:00:00+02:00 or 2026-09-01T07:00:00Z"
        ) from error
    _check_year(moment.year)
    return to_milliseconds(moment.astimezone(UTC))


def parse_date(text: str) -> date:
    """Read a civil date.

    Raises:
        ValueError: with a sentence that says how to write it.
    """
    try:
        if not _DATE.fullmatch(text):
            raise ValueError("another form")
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("write a date like 2026-09-01") from error
    _check_year(day.year)
    return day


def _check_year(year: int) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"the year must be {_FIRST_YEAR} to {_LAST_YEAR}")


def _moment_of(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("write a moment as a text, like 2026-09-01T07:00:00Z")  # noqa: TRY004 - pydantic's way
    return parse_moment(value)


def _date_of(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("write a date as a text, like 2026-09-01")  # noqa: TRY004 - pydantic's way
    return parse_date(value)


def written(moment: datetime) -> str:
    """Write a moment in UTC with milliseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_MOMENT_SCHEMA = {"type": "string", "format": "date-time"}

MomentIn = Annotated[datetime, BeforeValidator(_moment_of), WithJsonSchema(_MOMENT_SCHEMA)]
DateIn = Annotated[date, BeforeValidator(_date_of), WithJsonSchema({"type": "string", "format": "date"})]
MomentOut = Annotated[
    datetime,
    PlainSerializer(written, return_type=str, when_used="json"),
    WithJsonSchema(_MOMENT_SCHEMA, mode="serialization"),
]
Zone = Annotated[str, AfterValidator(known_zone)]
