"""The time that a question is about: `from` and `to`, as civil dates or as moments."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query

from api.problems import invalid_field
from api.times import parse_date, parse_moment

_Bound = Annotated[str | None, Query(max_length=40, description="a civil date, or a moment with its offset")]

Since = Annotated[
    _Bound, Query(alias="from", description="meetings that start on this date, or at this moment, or later")
]
Until = Annotated[_Bound, Query(alias="to", description="up to and with this date, or before this moment")]


def read_span(since: str | None, until: str | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Read `[start, end)` in UTC; dates are those of the zone, and the last one is meant whole.

    Raises:
        Problem: `invalid_request`, where a bound can't be read, or the span is empty.
    """
    start = _moment("from", since, zone, extra_days=0)
    end = _moment("to", until, zone, extra_days=1)
    if start and end and end <= start:
        raise invalid_field("query", "to", "empty_range", "it lies before `from`")
    return start, end


def _moment(name: str, text: str | None, zone: ZoneInfo, *, extra_days: int) -> datetime | None:
    if text is None:
        return None
    try:
        if len(text) == len("2026-09-01"):
            day = parse_date(text) + timedelta(days=extra_days)
            return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        return parse_moment(text)
    except ValueError as error:
        hint = " (in a URL, + is written %2B)" if " " in text else ""
        detail = f"{error}, or a date like 2026-09-01{hint}"
        raise invalid_field("query", name, "bad_date", detail) from error
