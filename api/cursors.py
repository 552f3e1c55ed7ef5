"""Cursors of lists: opaque to callers, and harmless when they are changed.

A cursor only says where to go on. Every page is asked for with the caller's own rights, so there is nothing to sign.
"""

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from api.problems import invalid_field
from api.texts import is_id

Item = TypeVar("Item")
Row = TypeVar("Row")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# UUIDs and the ids of tokens; anything else might be a text that the database can't hold.
_KEY = re.compile(r"[0-9a-f-]{12,36}", re.ASCII)
# Far above any cursor given out; a longer one isn't worth decoding.
_LONGEST = 200

Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
CursorParameter = Annotated[str | None, Query(description="the `next_cursor` of the page before")]


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name a page of things as clients' generated code would."""
        return f"{params[0].__name__.removesuffix('Out')}Page"

    items: list[Item]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; null on the last one")


def make_page(found: list[Row], limit: int, show: Callable[[Row], Item], cursor_of: Callable[[Row], str]) -> Page[Item]:
    """Make a page out of what was found where one more than `limit` was asked for: it tells whether there is more."""
    page = found[:limit]
    return Page(items=[show(row) for row in page], next_cursor=cursor_of(page[-1]) if len(found) > limit else None)


def write_key(key: str) -> str:
    """Write a cursor for a list in order of id."""
    return _encode([key])


def read_key(cursor: str | None) -> str | None:
    """Read it; raises Problem `invalid_request` where it was not given out here."""
    if cursor is None:
        return None
    match _decode(cursor):
        case [str(key)] if _KEY.fullmatch(key):
            return key
    raise bad_cursor()


def write_moment(moment: datetime, its_id: str) -> str:
    """Write a cursor for a list in order of time, then of id."""
    return _encode([(moment - _EPOCH) // timedelta(milliseconds=1), its_id])


def read_moment(cursor: str | None) -> tuple[datetime, str] | None:
    """Read it; raises Problem `invalid_request` where it was not given out here."""
    if cursor is None:
        return None
    match _decode(cursor):
        case [int(milliseconds), str(its_id)] if is_id(its_id):
            try:
                return _EPOCH + timedelta(milliseconds=milliseconds), its_id
            except OverflowError as error:
                raise bad_cursor() from error
    raise bad_cursor()


def write_entry(moment: datetime, meeting_id: str, student_id: str) -> str:
    """Write a cursor for a list of records in order of their meetings' time."""
    return _encode([(moment - _EPOCH) // timedelta(milliseconds=1), meeting_id, student_id])


def read_entry(cursor: str | None) -> tuple[datetime, str, str] | None:
    """Read it; raises Problem `invalid_request` where it was not given out here."""
    if cursor is None:
        return None
    match _decode(cursor):
        case [int(milliseconds), str(meeting_id), str(student_id)] if is_id(meeting_id) and is_id(student_id):
            try:
                return _EPOCH + timedelta(milliseconds=milliseconds), meeting_id, student_id
            except OverflowError as error:
                raise bad_cursor() from error
    raise bad_cursor()


def write_number(number: int) -> str:
    """Write a cursor into the log of events."""
    return _encode([number])


def read_number(cursor: str) -> int:
    """Read it; raises Problem `invalid_request` where it was not given out here."""
    match _decode(cursor):
        case [int(number)] if not isinstance(number, bool) and 0 <= number < 2**53:
            return number
    raise bad_cursor()


def write_rank(rank: int, its_id: str) -> str:
    """Write a cursor for a list in order of a rank, then of id."""
    return _encode([rank, its_id])


def read_rank(cursor: str | None) -> tuple[int, str] | None:
    """Read it; raises Problem `invalid_request` where it was not given out here."""
    if cursor is None:
        return None
    match _decode(cursor):
        case [int(rank), str(its_id)] if is_id(its_id):
            return rank, its_id
    raise bad_cursor()


def _encode(parts: list[int | str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def _decode(cursor: str) -> object:
    if len(cursor) > _LONGEST:
        raise bad_cursor()
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise bad_cursor() from error


def bad_cursor() -> Exception:
    """Say that a cursor was not given out for this list."""
    return invalid_field(
        "query", "cursor", "bad_cursor", "this is no cursor of this list: take `next_cursor` as it was given"
    )
