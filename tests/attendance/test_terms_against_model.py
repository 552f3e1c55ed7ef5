"""Whole terms against the obvious model: who is expected when, excused when, and where they stand in each meeting."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from attendance import rules
from attendance.coverage import Coverage
from attendance.meetings import ClassRules, Meeting, MeetingState, counts_from
from attendance.notices import Notice, excuse_on
from attendance.people import Enrollment
from attendance.records import CheckIn, Record, Sighting
from attendance.status import Method, Status
from tests.attendance.building import CAMERA, CLASS, ROOM, STUDENT
from tests.attendance.obvious_model import ObviousMeeting, ObviousRecord, Standing
from tests.attendance.scenes import TICK

# Clocks go forward in the night to the 29th; the fifth meeting lies wholly after it.
FIRST = datetime(2026, 3, 26, 21, 0, tzinfo=UTC)
DAYS = [date(2026, 3, day) for day in range(25, 32)]
LENGTH = 12


@dataclass(frozen=True)
class Day:
    """What happens in one meeting, in ticks; `absent`, `confirmed`: what the teacher says after the close."""

    hours_later: int
    looked_at: int
    seen: int | None
    card: int | None
    is_cancelled: bool
    said: str


@dataclass(frozen=True)
class Told:
    """A notice, and after which meeting's close it was said (-1: before the term) and withdrawn (None: never)."""

    first: date
    last: date
    after: int
    withdrawn_after: int | None


@dataclass(frozen=True)
class Term:
    zone: str
    rules: tuple[int | None, int | None]
    begin: date | None
    end: date | None
    days: list[Day]
    notices: list[Told]
    has_template: bool


_day = st.sampled_from(DAYS)
_terms = st.builds(
    Term,
    st.sampled_from(["UTC", "Europe/Vienna", "America/New_York", "Pacific/Auckland"]),
    st.tuples(st.none() | st.integers(0, 6), st.none() | st.integers(0, 6)),
    st.none() | _day,
    st.none() | _day,
    st.lists(
        st.builds(
            Day,
            st.integers(3, 30),
            st.sampled_from([0, 6, LENGTH, LENGTH, LENGTH]),
            st.none() | st.integers(-4, LENGTH + 2),
            st.none() | st.none() | st.integers(-4, LENGTH + 2),
            st.integers(0, 7).map(lambda number: number == 0),
            st.sampled_from(["nothing", "nothing", "absent", "confirmed", "undone"]),
        ),
        min_size=3,
        max_size=5,
    ),
    st.lists(
        st.builds(
            lambda one, other, after, withdrawn: Told(min(one, other), max(one, other), after, withdrawn),
            _day,
            _day,
            st.integers(-1, 4),
            st.none() | st.integers(0, 4),
        ),
        max_size=2,
    ),
    st.booleans(),
)


def _starts(term: Term) -> list[datetime]:
    starts, moment = [], FIRST
    for day in term.days:
        moment += timedelta(hours=day.hours_later)
        starts.append(moment)
    return starts


def _hour_of(number: int) -> datetime:
    """When people speak after the close of this meeting."""
    return datetime(2026, 6, 1, tzinfo=UTC) + timedelta(hours=number)


def _by_the_rules(term: Term) -> list[Record]:
    leaves, stays = (None if each is None else each * TICK for each in term.rules)
    meetings = [
        Meeting(
            f"meeting {number}",
            CLASS,
            (ROOM,),
            start,
            start + LENGTH * TICK,
            term.zone,
            rules=ClassRules(2 * TICK, 3 * TICK, 0.8, leaves, stays),
            state=MeetingState.CANCELLED if day.is_cancelled else MeetingState.OPEN,
        )
        for number, (start, day) in enumerate(zip(_starts(term), term.days, strict=True))
    ]
    enrollment = Enrollment(CLASS, STUDENT, term.begin, term.end)
    records: list[Record] = []
    for number, (of, day) in enumerate(zip(meetings, term.days, strict=True)):
        now, record = _hour_of(number), None
        coverage = Coverage.of([(of.start, of.start + day.looked_at * TICK)])
        since, is_expected = counts_from(of, meetings), enrollment.holds_on(of.local_date)
        if is_expected and not day.is_cancelled:
            if day.seen is not None:
                moment = of.start + day.seen * TICK
                one = Sighting("track", STUDENT, CAMERA, moment, moment, 0.5, 1)
                record = rules.see(record, one, of, counts_from=since, coverage=coverage, now=now)
            if day.card is not None:
                card = CheckIn(Method.CARD, of.start + day.card * TICK, "a reader")
                record = rules.check_in(record, STUDENT, of, card, counts_from=since, coverage=coverage, now=now)
        record = rules.close(
            record,
            STUDENT,
            of,
            has_template=term.has_template,
            coverage=coverage,
            now=now,
            is_expected=is_expected,
            excuse=excuse_on(_notices(term, number), of.local_date),
        )
        if day.said in ("absent", "undone"):
            record = rules.mark(record, of.id, STUDENT, Status.ABSENT, by="teacher", reason=None, now=now)
        if day.said == "confirmed":
            record = rules.confirm(record, by="teacher", now=now)
        if day.said == "undone":
            record = rules.undo(record, of, by="teacher", coverage=coverage, now=now)
        records.append(record)
        for earlier, (its, record) in enumerate(zip(meetings, records, strict=False)):
            excuse = excuse_on(_notices(term, number + 1), its.local_date)
            records[earlier] = rules.excuse(record, excuse, by="registrar", now=now)
    return records


def _notices(term: Term, number: int) -> list[Notice]:
    """Give the notices as they stand when this meeting closes."""
    return [
        Notice(
            f"notice {index}",
            STUDENT,
            told.first,
            told.last,
            f"reason {index}",
            None,
            "registrar",
            _hour_of(told.after) + timedelta(minutes=1 + index),
            withdrawn_at=_hour_of(number)
            if told.withdrawn_after is not None and told.withdrawn_after < number
            else None,
        )
        for index, told in enumerate(term.notices)
        if told.after < number
    ]


def _by_the_model(term: Term) -> list[Standing]:
    starts = _starts(term)
    found: list[ObviousRecord] = []
    for number, (start, day) in enumerate(zip(starts, term.days, strict=True)):
        others = [((each - start) // TICK, (each - start) // TICK + LENGTH) for each in starts if each != start]
        of = ObviousMeeting(LENGTH, 2, 3, Fraction(4, 5), others, *term.rules)
        record = ObviousRecord(of, is_cancelled=day.is_cancelled, is_expected=_is_expected(term, start))
        record.looked_at = set(range(day.looked_at))
        if record.is_expected and not day.is_cancelled:
            if day.seen is not None:
                record.sighting("track", day.seen, day.seen, 1)
            if day.card is not None:
                record.check_in("card", day.card)
        record.notice = _standing_notice(term, number, start)
        record.close(has_template=term.has_template)
        if day.said in ("absent", "undone"):
            record.say(60 * number, "absent", None)
        if day.said == "confirmed":
            record.agree(60 * number)
        if day.said == "undone":
            record.undo()
        found.append(record)
        for its_start, earlier in zip(starts, found, strict=False):
            earlier.give_notice(_standing_notice(term, number + 1, its_start))
    return [record.standings[-1] for record in found]


def _civil_date(term: Term, moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(term.zone)).strftime("%Y-%m-%d")


def _is_expected(term: Term, start: datetime) -> bool:
    day = _civil_date(term, start)
    return (term.begin is None or str(term.begin) <= day) and (term.end is None or day <= str(term.end))


def _standing_notice(term: Term, number: int, start: datetime) -> tuple[int, str] | None:
    """Give when the notice was said that holds for a meeting, in minutes of those hours, and its reason."""
    day = _civil_date(term, start)
    standing = [
        (60 * told.after + 1 + index, f"reason {index}")
        for index, told in enumerate(term.notices)
        if told.after < number
        and (told.withdrawn_after is None or told.withdrawn_after >= number)
        and str(told.first) <= day <= str(told.last)
    ]
    return max(standing) if standing else None


@settings(max_examples=500, deadline=None)
@given(_terms)
def test_a_students_term_is_what_the_obvious_model_says(term: Term) -> None:
    real = [
        (each.status.value, each.provisional, each.method.value if each.method else None, each.reason)
        for each in _by_the_rules(term)
    ]
    assert real == _by_the_model(term)


def test_the_terms_reach_every_status() -> None:
    reached: set[str] = set()

    @settings(max_examples=500, deadline=None, database=None, derandomize=True)
    @given(_terms)
    def look(term: Term) -> None:
        reached.update(record.status.value for record in _by_the_rules(replace(term)))

    look()
    assert reached == {status.value for status in Status}
