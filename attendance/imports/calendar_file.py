"""Meetings as an iCalendar file (RFC 5545): recurrence, exceptions, cancelled and moved instances, local times.

An event's class is the first of these that names one: `X-ROLLCALL-CLASS`, its categories, its summary. Its rooms are in
`X-ROLLCALL-ROOMS` or `LOCATION`.
"""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import recurring_ical_events
from icalendar import Calendar, Component

from attendance.imports.findings import Findings
from attendance.imports.sittings import FIRST_YEAR, LAST_YEAR, Sitting
from attendance.imports.tables import LONGEST_ID, LONGEST_TEXT, shortened
from attendance.texts import plain
from attendance.zones import known_zone

# More is not a timetable: each would be looked for in frames.
MOST_SITTINGS = 100_000
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
# Without one of these that can be read an event can't be placed; the others may be damaged.
_NEEDED = ("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")


class _Unusable(ValueError):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which recurrences are followed: from one moment to another."""

    begin: datetime
    end: datetime


def read_calendar(file: str, data: bytes, window: Window, findings: Findings) -> list[Sitting]:
    """Give the meetings of a calendar whose time touches the window. Faults go to the findings.

    A recurrence without an end is followed to the end of the window, and that is said.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        findings.error("not_utf_8", "a sign isn't UTF-8: save it as UTF-8", file, line)
        return []
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        findings.error("bad_calendar", f"it can't be read as iCalendar: {shortened(str(error))}", file)
        return []
    if not calendars:
        findings.error("bad_calendar", "there is no VCALENDAR in it", file)
    lines = iter(_lines_of_events(text))
    sittings: list[Sitting] = []
    for calendar in calendars:
        sittings += _sittings(calendar, file, lines, window, findings)
    return _each_once(file, sittings, findings)


def _sittings(calendar: Calendar, file: str, lines: Iterator[int], window: Window, findings: Findings) -> list[Sitting]:
    places: dict[str, int] = {}
    series: set[str] = set()
    for event in calendar.walk("VEVENT"):
        line = next(lines, 1)
        try:
            uid = _check(event)
            if _is_endless(event):
                detail = f"it recurs without an end: it is followed to {window.end.date()}"
                findings.warn("endless_recurrence", detail, file, line)
        except _Unusable as error:
            findings.error(error.code, str(error), file, line)
            continue
        places.setdefault(uid, line)
        if any(name in event for name in ("RRULE", "RDATE", "RECURRENCE-ID")):
            series.add(uid)
        if not isinstance(_value(event, "DTSTART").dt, datetime):
            findings.warn("all_day", "it takes all day, so it is no meeting: left out", file, line)
        elif uid not in series and not _is_in(window, _value(event, "DTSTART").dt):
            detail = f"it is not between {window.begin.date()} and {window.end.date()}: left out"
            findings.warn("too_far", detail, file, line)
    if findings.has_errors:
        return []
    query = recurring_ical_events.of(calendar, skip_bad_series=False)
    try:
        found = list(islice(_occurrences(query, window), MOST_SITTINGS + 1))
    except (ValueError, OverflowError, TypeError) as error:
        findings.error("bad_recurrence", f"a recurrence can't be followed: {shortened(str(error))}", file)
        return []
    if len(found) > MOST_SITTINGS:
        findings.error("too_many_meetings", f"it has more than {MOST_SITTINGS:,} meetings", file)
        return []
    seen: Counter[str] = Counter()
    return [_sitting(event, places[str(_value(event, "UID")).strip()], seen, series) for event in found]


def _occurrences(query: recurring_ical_events.CalendarQuery, window: Window) -> Iterator[Component]:
    for event in query.between(window.begin, window.end):
        if isinstance(_value(event, "DTSTART").dt, datetime):
            yield event


def _check(event: Component) -> str:
    """Give an event's UID, where it can be placed."""
    for name, fault in event.errors:
        if (name or "").upper() in _NEEDED:
            raise _Unusable("bad_event", f"{name}: {shortened(fault)}")
    uid = str(_value(event, "UID") or "").strip()
    if not uid or len(uid) > LONGEST_ID * 4:
        raise _Unusable("missing_value", "it has no UID, or one that is too long")
    if "DTSTART" not in event:
        raise _Unusable("missing_value", "it has no DTSTART")
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        for value in _listed(_value(event, name)):
            _check_time(name, value)
    _check_rule(event)
    return uid


def _check_time(name: str, value: Any) -> None:  # noqa: ANN401 - as above
    try:
        moment: date | datetime = value.dt
        told = value.params.get("TZID")
    except (ValueError, AttributeError) as error:
        raise _Unusable("bad_event", f"{name}: {shortened(str(error))}") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise _Unusable("bad_time", f"{name}: the year must be {FIRST_YEAR} to {LAST_YEAR}")
    if told is not None and _zone_of(moment) is None:
        raise _Unusable("unknown_zone", f"{name}: {shortened(str(told))!r} is no time zone of the IANA database")


def _check_rule(event: Component) -> None:
    for rule in _listed(_value(event, "RRULE")):
        frequency = str(next(iter(rule.get("FREQ", [])), "")).upper()
        if frequency not in _FREQUENCIES or any(part in rule for part in _WITHIN_A_DAY):
            detail = f"a meeting can recur {', '.join(each.lower() for each in _FREQUENCIES)}, once a day at most"
            raise _Unusable("bad_recurrence", detail)
        if any(int(interval) < 1 for interval in rule.get("INTERVAL", [])):
            raise _Unusable("bad_recurrence", "INTERVAL must be 1 or more")


def _is_in(window: Window, start: datetime) -> bool:
    return window.begin.date() <= start.date() <= window.end.date()


def _is_endless(event: Component) -> bool:
    return any("COUNT" not in rule and "UNTIL" not in rule for rule in _listed(_value(event, "RRULE")))


def _sitting(event: Component, line: int, seen: Counter[str], series: Container[str]) -> Sitting:
    start, end = _value(event, "DTSTART").dt, _value(event, "DTEND").dt
    zone = _zone_of(start)
    rooms = _texts(_value(event, "X-ROLLCALL-ROOMS")) or _texts(_value(event, "LOCATION"))
    names = _texts(_value(event, "X-ROLLCALL-CLASS")) + _categories(event) + _texts(_value(event, "SUMMARY"))
    return Sitting(
        source=_source(event, seen, series),
        line=line,
        classes=names,
        rooms=rooms,
        start=start,
        end=end,
        zone=zone,
        cancelled=str(_value(event, "STATUS") or "").upper() == "CANCELLED",
    )


def _source(event: Component, seen: Counter[str], series: Container[str]) -> str:
    """Give what knows an occurrence again: the UID and, in a series, the civil date on which it was planned.

    The date and not the time: a series that is put to another hour keeps its meetings.
    """
    uid = str(_value(event, "UID")).strip()
    source = f"ical\0{uid}"
    if uid in series:
        source += f"\0{_value(event, 'RECURRENCE-ID').dt:%Y-%m-%d}"
    seen[source] += 1
    return source if seen[source] == 1 else f"{source}\0{seen[source]}"


def _zone_of(moment: date | datetime) -> str | None:
    # UTC in a file says a moment and not where it is; a zone that the file defines itself has no name elsewhere.
    key = getattr(getattr(moment, "tzinfo", None), "key", None)
    try:
        return None if key is None or key == "UTC" else known_zone(key)
    except ValueError:
        return None


def _categories(event: Component) -> tuple[str, ...]:
    found = [str(text) for value in _listed(_value(event, "CATEGORIES")) for text in getattr(value, "cats", ())]
    return tuple(text for each in found for text in _texts(each))


def _texts(value: object) -> tuple[str, ...]:
    """Give texts without what no text may hold: a calendar's are only used to find something by."""
    found: list[str] = []
    for each in _listed(value):
        try:
            text = plain(str(each).strip())
        except ValueError:
            continue
        found += [text] if 0 < len(text) <= LONGEST_TEXT * 10 else []
    return tuple(found)


def _listed(value: Any) -> Iterable[Any]:  # noqa: ANN401 - a property may be there once or as a list
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _value(event: Component, name: str) -> Any:  # noqa: ANN401 - what a property is depends on its name
    return event.get(name)


def _lines_of_events(text: str) -> Iterator[int]:
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line.strip().upper() == "BEGIN:VEVENT":
            yield number


def _each_once(file: str, sittings: list[Sitting], findings: Findings) -> list[Sitting]:
    found: dict[str, Sitting] = {}
    for sitting in sittings:
        if sitting.source in found:
            detail = f"its UID is that of the event in line {found[sitting.source].line} too"
            findings.error("duplicate_id", detail, file, sitting.line)
        found[sitting.source] = sitting
    return sorted(found.values(), key=lambda each: (each.start.replace(tzinfo=each.start.tzinfo or UTC), each.source))
