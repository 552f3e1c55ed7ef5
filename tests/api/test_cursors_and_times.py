"""What is read out of requests, on its own."""

import base64
import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import read_key, read_moment, write_key, write_moment
from api.problems import Problem
from api.times import parse_date, parse_moment, to_milliseconds, written

FIRST, LAST = datetime(1901, 1, 1), datetime(2998, 12, 31)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(FIRST, LAST, timezones=OFFSETS)


def as_cursor(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@given(MOMENTS)
def test_a_moment_is_read_as_the_same_moment_in_utc(moment: datetime) -> None:
    read = parse_moment(moment.isoformat())
    assert read == to_milliseconds(moment.astimezone(UTC))
    assert read.utcoffset() == timedelta()


@given(MOMENTS)
def test_what_is_written_is_read_again(moment: datetime) -> None:
    text = written(moment)
    assert text.endswith("Z")
    assert parse_moment(text) == to_milliseconds(moment.astimezone(UTC))


@given(st.text(max_size=40))
def test_any_other_text_is_refused_in_words(text: str) -> None:
    for parse in (parse_moment, parse_date):
        try:
            parse(text)
        except ValueError as error:
            assert len(str(error)) > 10  # noqa: PT017


@given(st.dates(date(1901, 1, 1), date(2999, 12, 31)))
def test_a_date_is_read_as_it_is_written(day: date) -> None:
    assert parse_date(day.isoformat()) == day


@given(MOMENTS, st.uuids())
def test_a_cursor_leads_back_to_its_place(moment: datetime, its_id: object) -> None:
    in_utc = to_milliseconds(moment.astimezone(UTC))
    assert read_moment(write_moment(in_utc, str(its_id))) == (in_utc, str(its_id))
    assert read_key(write_key(str(its_id))) == str(its_id)


@pytest.mark.parametrize(
    "value",
    [
        None, 7, "x", [], [7], ["\ud800"], ["x" * 40], [{"$gt": ""}], {"$gt": ""}, [10**30, "x"],
        [10**15, "6f1c2f4e-4a7b-4d0e-9a57-3c1f0b7d2e90"], [1, {"$gt": ""}], [1, "6F1C2F4E"], [[[]]],
    ],
)  # fmt: skip
def test_a_changed_cursor_is_refused(value: object) -> None:
    for read in (read_key, read_moment):
        with pytest.raises(Problem) as refused:
            read(as_cursor(value))
        assert refused.value.code == "invalid_request"
