"""iCalendar files read: recurrence, exceptions, local times, and what no timetable may hold."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.imports import calendar_file
from attendance.imports.calendar_file import Window, read_calendar
from attendance.imports.findings import Findings
from attendance.imports.sittings import BadTime, Sitting, moments_of

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC))
ZURICH = ZoneInfo("Europe/Zurich")


def event(*lines: str, uid: str = "a@school", start: str = "DTSTART;TZID=Europe/Zurich:20260302T100000") -> str:
    """An event of an hour at ten."""
    body = [f"UID:{uid}", start, "DURATION:PT1H", "SUMMARY:ma-1", "LOCATION:Hall 1", *lines]
    return "\r\n".join(["BEGIN:VEVENT", *body, "END:VEVENT", ""])


def calendar(*events: str) -> bytes:
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a test\r\n" + "".join(events) + "END:VCALENDAR\r\n").encode()


def read(data: bytes, window: Window = WINDOW) -> tuple[list[Sitting], Findings]:
    findings = Findings()
    return read_calendar("x.ics", data, window, findings), findings


def starts(sittings: list[Sitting]) -> list[str]:
    return [f"{each.start:%m-%d %H:%M}" for each in sittings]


def test_a_weekly_lecture_stays_at_its_local_hour_over_a_change_of_clocks() -> None:
    found, findings = read(calendar(event("RRULE:FREQ=WEEKLY;COUNT=5")))
    assert findings.kept == []
    assert starts(found) == ["03-02 10:00", "03-09 10:00", "03-16 10:00", "03-23 10:00", "03-30 10:00"]
    moments = [moments_of(each, "UTC")[0].hour for each in found]
    assert moments == [9, 9, 9, 9, 8]
    assert {each.zone for each in found} == {"Europe/Zurich"}
    assert {(each.classes, each.rooms) for each in found} == {(("ma-1",), ("Hall 1",))}


def test_exceptions_are_left_out_moved_ones_moved_and_cancelled_ones_cancelled() -> None:
    moved = event(
        "RECURRENCE-ID;TZID=Europe/Zurich:20260309T100000", start="DTSTART;TZID=Europe/Zurich:20260310T140000"
    )
    gone = event(
        "RECURRENCE-ID;TZID=Europe/Zurich:20260323T100000", "STATUS:CANCELLED",
        start="DTSTART;TZID=Europe/Zurich:20260323T100000",
    )  # fmt: skip
    found, findings = read(
        calendar(event("RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Zurich:20260316T100000"), moved, gone)
    )
    assert findings.kept == []
    assert starts(found) == ["03-02 10:00", "03-10 14:00", "03-23 10:00"]
    assert [each.cancelled for each in found] == [False, False, True]
    plain, _ = read(calendar(event("RRULE:FREQ=WEEKLY;COUNT=4")))
    assert {each.source for each in found} <= {each.source for each in plain}  # known again, wherever it is now


def test_a_series_put_to_another_hour_and_a_single_event_on_another_day_are_known_again() -> None:
    def later(text: str) -> str:
        return text.replace("20260302T100000", "20260302T130000")

    series = event("RRULE:FREQ=WEEKLY;COUNT=3")
    single = event(uid="b@school")
    before, _ = read(calendar(series, single))
    after, _ = read(calendar(later(series), single.replace("20260302", "20260305")))
    assert {each.source for each in before} == {each.source for each in after}
    assert starts(before) != starts(after)


def test_an_endless_recurrence_is_followed_to_the_windows_end_and_that_is_said() -> None:
    found, findings = read(calendar(event("RRULE:FREQ=DAILY")))
    assert [each.code for each in findings.kept] == ["endless_recurrence"]
    assert not findings.has_errors
    assert found[-1].start.date() in (WINDOW.end.date(), datetime(2026, 12, 30, tzinfo=UTC).date())


def test_an_event_too_far_from_now_is_left_out_and_that_is_said() -> None:
    found, findings = read(calendar(event(start="DTSTART;TZID=Europe/Zurich:20200302T100000")))
    assert found == []
    assert [each.code for each in findings.kept] == ["too_far"]


def test_more_meetings_than_any_timetable_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_file, "MOST_SITTINGS", 20)
    found, findings = read(calendar(event("RRULE:FREQ=DAILY;COUNT=21")))
    assert found == []
    assert [each.code for each in findings.kept] == ["too_many_meetings"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (event(start="DTSTART;TZID=Mars/Base:20260302T100000"), "unknown_zone"),
        (event("RECURRENCE-ID;TZID=Nowhere:20260302T100000"), "unknown_zone"),
        (event("RRULE:FREQ=SECONDLY"), "bad_recurrence"),
        (event("RRULE:FREQ=MINUTELY;COUNT=3"), "bad_recurrence"),
        (event("RRULE:FREQ=DAILY;BYHOUR=8,9,10;BYMINUTE=0,1,2"), "bad_recurrence"),
        (event("RRULE:FREQ=DAILY;INTERVAL=0"), "bad_recurrence"),
        (event("RRULE:FREQ=SOMETIMES"), "bad_event"),
        (event(start="DTSTART:2026-03-02"), "bad_event"),
        (event(start="DTSTART:10000302T100000"), "bad_time"),
        (event(start="X-NO-START:1"), "missing_value"),
        (event(uid=""), "missing_value"),
    ],
)
def test_what_can_not_be_followed_is_an_error_with_its_line(lines: str, code: str) -> None:
    found, findings = read(calendar(lines))
    assert [each.code for each in findings.kept if each.severity == "error"] == [code]
    assert all(each.line is not None and each.line >= 4 for each in findings.kept)
    assert found == []


def test_two_calendars_in_a_file_can_not_call_two_events_the_same() -> None:
    _, findings = read(calendar(event()) + calendar(event()))
    assert [(each.code, each.line) for each in findings.kept] == [("duplicate_id", 15)]


def test_a_zone_by_its_name_in_windows_is_the_iana_one() -> None:
    found, findings = read(calendar(event(start="DTSTART;TZID=W. Europe Standard Time:20260302T100000")))
    assert findings.kept == []
    assert found[0].zone == "Europe/Berlin"


def test_a_moment_in_utc_says_no_zone_and_a_floating_one_is_local() -> None:
    utc, floating = (read(calendar(event(start=f"DTSTART:20260302T100000{mark}")))[0][0] for mark in ("Z", ""))
    assert (utc.zone, floating.zone) == (None, None)
    assert moments_of(utc, "Europe/Zurich")[0].hour == 10
    assert moments_of(floating, "Europe/Zurich")[0].hour == 9


def test_a_holiday_of_a_whole_day_is_no_meeting_and_is_said() -> None:
    found, findings = read(calendar(event(start="DTSTART;VALUE=DATE:20260302").replace("PT1H", "P1D"), event(uid="b")))
    assert [each.code for each in findings.kept] == ["all_day"]
    assert len(found) == 1


def test_an_events_class_and_rooms_are_said_by_what_says_them_most_surely() -> None:
    (found,), _ = read(calendar(event("X-ROLLCALL-CLASS:c-1", "CATEGORIES:Lecture,c-2", "X-ROLLCALL-ROOMS:A,B")))
    assert found.classes == ("c-1", "Lecture", "c-2", "ma-1")
    assert found.rooms == ("A,B",)


@pytest.mark.parametrize("data", [b"", b"rubbish", b"BEGIN:VCALENDAR\r\n", b"\xff\xfe", b"BEGIN:VEVENT\r\nEND:VEVENT"])
def test_what_is_no_calendar_is_said(data: bytes) -> None:
    found, findings = read(data)
    assert found == []
    assert findings.has_errors


ODD_LINES = ["END:VCALENDAR", "BEGIN:VALARM", "DTEND:1", "RRULE:", "EXDATE:x", "RDATE:20260303T100000", "\x00", "é:ü"]
LINES = [*event("RRULE:FREQ=WEEKLY;COUNT=3", "CATEGORIES:a").split("\r\n"), *ODD_LINES]


@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_whatever_its_lines_are_there_are_meetings_or_findings_and_no_crash(lines: list[str]) -> None:
    found, findings = read(calendar("\r\n".join(lines) + "\r\n"))
    assert findings.has_errors or all(each.source for each in found)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 4), "no_such_time"),
        (datetime(2026, 3, 2, 11), datetime(2026, 3, 2, 10), "bad_time"),
        (datetime(2026, 3, 2, 10), datetime(2026, 3, 3, 11), "bad_time"),
    ],
)
def test_times_that_can_not_be_are_refused(start: datetime, end: datetime, code: str) -> None:
    with pytest.raises(BadTime) as refused:
        moments_of(Sitting("x", 1, ("c",), ("r",), start, end, "Europe/Zurich"), "UTC")
    assert refused.value.code == code


def test_an_hour_that_a_clock_has_twice_is_the_first_one() -> None:
    start, end = datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 4)
    found = moments_of(Sitting("x", 1, ("c",), ("r",), start, end, "Europe/Zurich"), "UTC")
    assert found == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 3, tzinfo=UTC))
