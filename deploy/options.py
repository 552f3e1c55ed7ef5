"""Options that several commands have, read from their text."""

from datetime import UTC, date, datetime

from api.texts import is_id


def an_id(text: str) -> str:
    """Read an id.

    Raises:
        ValueError: it is none.
    """
    if not is_id(text.lower()):
        raise ValueError(f"{text!r} is no id: it is a UUID, like 6f1c2f4e-4a7b-4d0e-9a57-3c1f0b7d2e90")
    return text.lower()


def a_date(text: str) -> date:
    """Read a date.

    Raises:
        ValueError: it is none.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise ValueError(f"{text!r} is no date: write it like 2026-09-01") from error
