"""Time zones by their names in the IANA database."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


def known_zone(name: str) -> str:
    """Give the name back, where there is such a zone.

    Raises:
        ValueError: there is none; with a sentence that says what to write.
    """
    if name not in available_timezones():
        raise ValueError("name a time zone of the IANA database, like Europe/Zurich")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("name a time zone of the IANA database, like Europe/Zurich") from error
    return name
