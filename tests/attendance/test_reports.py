"""Rates, standings and weeks, against a slow and obvious model of the docs' words."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.reports import (
    Counting,
    Mark,
    Rate,
    Risk,
    Treatment,
    Week,
    by_week,
    rate_of,
    standing_of,
    together,
    totals_of,
    unconfirmed_in,
)
from attendance.status import Status
from tests.attendance.obvious_reports import (
    ObviousSettings,
    Told,
    obvious_days_since,
    obvious_missed_in_a_row,
    obvious_rate,
)

FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
TODAY = 40

tellings = st.lists(
    st.tuples(st.integers(0, TODAY), st.integers(0, 1439), st.sampled_from([*Status]), st.booleans()),
    max_size=30,
    unique_by=lambda told: told[:2],
)
countings = st.builds(
    Counting,
    late_weight=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    left_early=st.sampled_from(Treatment),
    excused=st.sampled_from(Treatment),
    provisional=st.booleans(),
)


def marks_of(told: list[Told]) -> list[Mark]:
    return [
        Mark(f"meeting {number}", FIRST_DAY + timedelta(days=day, minutes=minute), Status(status), provisional)
        for number, (day, minute, status, provisional) in enumerate(told)
    ]


def as_words(counting: Counting) -> ObviousSettings:
    return ObviousSettings(
        Fraction(counting.late_weight), counting.left_early.value, counting.excused.value, counting.provisional
    )


@given(told=tellings, counting=countings)
def test_rates_and_standings_are_those_of_the_obvious_model(told: list[Told], counting: Counting) -> None:
    standing = standing_of(marks_of(told), counting)
    words = as_words(counting)
    assert (Fraction(standing.rate.numerator), standing.rate.denominator) == obvious_rate(told, words)
    assert standing.missed_in_a_row == obvious_missed_in_a_row(told, words)
    today = (FIRST_DAY + timedelta(days=TODAY)).date()
    assert standing.days_since(today, UTC) == obvious_days_since(told, TODAY)


@given(told=tellings, counting=countings, order=st.randoms())
def test_the_order_in_which_records_come_changes_nothing(told: list[Told], counting: Counting, order: Random) -> None:
    marks = marks_of(told)
    shuffled = marks.copy()
    order.shuffle(shuffled)
    assert standing_of(shuffled, counting) == standing_of(marks, counting)


@given(parts=st.lists(tellings, max_size=4), counting=countings)
def test_rates_of_parts_add_up_to_the_rate_of_the_whole(parts: list[list[Told]], counting: Counting) -> None:
    tallies = [standing_of(marks_of(part), counting).tally for part in parts]
    rates = [rate_of(tally, counting) for tally in tallies]
    whole = rate_of(together(tallies), counting)
    assert whole.denominator == sum(rate.denominator for rate in rates)
    assert whole.numerator == pytest.approx(sum(rate.numerator for rate in rates))
    assert sum(totals_of(together(tallies)).values()) == sum(map(len, parts))
    assert unconfirmed_in(together(tallies)) == sum(told[3] for part in parts for told in part)


@given(told=tellings, counting=countings)
def test_what_nobody_confirmed_never_counts_against_a_student_where_such_is_not_counted(
    told: list[Told], counting: Counting
) -> None:
    strict = Counting(counting.late_weight, counting.left_early, counting.excused, provisional=False)
    against = {Status.ABSENT, Status.LATE, Status.LEFT_EARLY}
    unconfirmed = [each for each in told if each[3] and each[2] in against]
    settled = [each for each in told if each not in unconfirmed]
    without, with_them = (standing_of(marks_of(part), strict) for part in (settled, told))
    assert not with_them.rate.denominator or (with_them.rate.value or 0) >= (without.rate.value or 0)
    assert with_them.missed_in_a_row <= without.missed_in_a_row


@pytest.mark.parametrize(
    ("counting", "numerator", "denominator"),
    [
        (Counting(), "present + late", "present + late + absent"),
        (Counting(late_weight=0.5), "present + 0.5 x late", "present + late + absent"),
        (Counting(late_weight=0), "present", "present + late + absent"),
        (
            Counting(left_early=Treatment.ATTENDED, excused=Treatment.MISSED),
            "present + late + left_early",
            "present + late + absent + left_early + excused",
        ),
    ],
)
def test_a_counting_says_what_it_counts(counting: Counting, numerator: str, denominator: str) -> None:
    assert (counting.numerator, counting.denominator) == (numerator, denominator)


@given(counting=countings, status=st.sampled_from(Status))
def test_the_sentences_name_what_is_counted_and_nothing_else(counting: Counting, status: Status) -> None:
    worth = counting.worth(status, provisional=False)
    assert (status.value in counting.denominator.split(" + ")) == (worth is not None)
    assert (status.value in counting.numerator.replace(" x ", " + ").split(" + ")) == bool(worth)


def test_a_rate_of_nothing_has_no_value_and_is_below_no_bound() -> None:
    assert Rate(0, 0).value is None
    assert not Rate(0, 0).is_below(1)


@pytest.mark.parametrize("denominator", [*range(1, 200)])
def test_a_rate_that_equals_the_bound_is_not_below_it(denominator: int) -> None:
    for numerator in range(denominator + 1):
        assert not Rate(numerator, denominator).is_below(numerator / denominator)
        assert not numerator or Rate(numerator - 1, denominator).is_below(numerator / denominator)


def standing(*statuses: Status) -> list[Mark]:
    return [
        Mark(f"m{day}", FIRST_DAY + timedelta(days=day), status, provisional=False)
        for day, status in enumerate(statuses)
    ]


@pytest.mark.parametrize(
    ("risk", "at_risk"),
    [
        (Risk(), True),
        (Risk(below=0.5), False),
        (Risk(below=0.51), True),
        (Risk(below=0.51, at_least=4), True),
        (Risk(below=0.51, at_least=5), False),
        (Risk(missed_in_a_row=2), True),
        (Risk(missed_in_a_row=3), False),
        (Risk(below=0.1, missed_in_a_row=2), True),
    ],
)
def test_a_student_is_at_risk_by_a_rate_of_enough_meetings_or_by_misses_in_a_row(risk: Risk, *, at_risk: bool) -> None:
    marks = standing(Status.PRESENT, Status.LATE, Status.ABSENT, Status.EXCUSED, Status.ABSENT)
    assert risk.holds_for(standing_of(marks, Counting())) is at_risk


def test_the_day_on_which_a_student_was_last_seen_is_that_of_the_time_zone() -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    seen = standing_of([Mark("m", late, Status.LATE, provisional=True)], Counting())
    assert seen.days_since(date(2026, 3, 5), ZoneInfo("Europe/Vienna")) == 2
    assert seen.days_since(date(2026, 3, 5), UTC) == 3


@given(day=st.dates(date(1900, 1, 8), date(2999, 12, 31)))
def test_a_week_is_the_one_of_iso_8601(day: date) -> None:
    week = Week.of(day)
    assert week.monday.weekday() == 0
    assert week.monday <= day < week.monday + timedelta(days=7)
    assert week.name == f"{day.isocalendar().year}-W{day.isocalendar().week:02}"


@given(tellings)
def test_weeks_come_in_order_and_lose_nothing(told: list[Told]) -> None:
    days = [(mark.start.date(), Counter({(mark.status, mark.provisional): 1})) for mark in marks_of(told)]
    weeks = by_week(days)
    assert list(weeks) == sorted({Week.of(day) for day, _ in days})
    assert sum(sum(tally.values()) for tally in weeks.values()) == len(told)
