"""A meeting as a file tells it, before it is known which class and rooms it names."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

# A sitting is not a term: a longer one is a mistake in a date, and would keep its cameras' frames looked at for days.
LONGEST = timedelta(hours=24)
FIRST_YEAR, LAST_YEAR = 1900, 2999


@dataclass(frozen=True, slots=True)
class Sitting:
    """One meeting of a file.

    `source`: what knows it again when the file is imported anew, also where it was moved.
    `classes`, `rooms`: what names them, the surest first; of `classes` the first that names one counts.
    `start`, `end`: with a time zone, or local: then `zone`, and where that is None the room's or the campus' own, says
    which moments they are.
    """

    source: str
    line: int
    classes: tuple[str, ...]
    rooms: tuple[str, ...]
    start: datetime
    end: datetime
    zone: str | None = None
    cancelled: bool = False


class BadTime(ValueError):
    """A start or an end that can't be. `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def moments_of(sitting: Sitting, zone: str) -> tuple[datetime, datetime]:
    """Give start and end in UTC; `zone` counts where the sitting says none.

    An hour that a clock has twice is the first one.

    Raises:
        BadTime: a time that the zone's clocks skip, an end before the start, a meeting longer than a day.
    """
    start, end = (_moment(moment, sitting.zone or zone) for moment in (sitting.start, sitting.end))
    if end <= start:
        raise BadTime("bad_time", "it has to end after it starts")
    if end - start > LONGEST:
        raise BadTime("bad_time", "a meeting takes at most 24 hours")
    return start, end


def _moment(moment: datetime, zone: str) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise BadTime("bad_time", f"the year must be {FIRST_YEAR} to {LAST_YEAR}")
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    found = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    if found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != moment.replace(fold=0):
        raise BadTime("no_such_time", f"there is no {moment:%Y-%m-%d %H:%M} in {zone}: its clocks skip it")
    return found
