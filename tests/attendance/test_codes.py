"""Codes and claims: what is shown, what is taken, for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance.codes import (
    ALPHABET,
    CLAIM_HOLDS,
    LENGTH,
    MARGIN_STEPS,
    STEP,
    Claim,
    code_at,
    is_right,
    left_at,
    meeting_of_claim,
    new_secret,
    read_claim,
    sign_claim,
)
from attendance.records import CheckIn, Record, shared_devices
from attendance.status import Method, Status

SECRET, OTHER = b"a" * 32, b"b" * 32
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLAIM = Claim("0123", "a meeting", NOON, "a hash")

_moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@given(_moments, st.binary(min_size=32, max_size=32))
def test_a_code_is_short_and_has_no_sign_that_looks_like_another(moment: datetime, secret: bytes) -> None:
    code = code_at(secret, moment)
    assert len(code) == LENGTH
    assert set(code) <= set(ALPHABET)
    assert not set(ALPHABET) & set("0O1ILUAE")


@given(_moments)
def test_a_code_is_shown_for_fifteen_seconds_and_taken_for_thirty_more(moment: datetime) -> None:
    code, left = code_at(SECRET, moment), left_at(moment)
    assert timedelta() < left <= STEP
    tick = timedelta(microseconds=1)
    assert code_at(SECRET, moment + left - tick) == code
    assert code_at(SECRET, moment + left) != code
    assert is_right(SECRET, code, moment + left + MARGIN_STEPS * STEP - tick)
    assert not is_right(SECRET, code, moment + left + MARGIN_STEPS * STEP)
    assert not is_right(SECRET, code, moment + left - STEP - tick)  # before it was shown


def test_a_code_may_be_typed_as_people_do() -> None:
    code = code_at(SECRET, NOON)
    for typed in (code.lower(), f" {code[:3]} {code[3:]}", f"{code[:3]}-{code[3:]}"):
        assert is_right(SECRET, typed, NOON)
    for wrong in ("", code[:-1], code + "2", code_at(OTHER, NOON), "é" * 6, "\ud800"):
        assert not is_right(SECRET, wrong, NOON)


def test_secrets_differ() -> None:
    assert len({new_secret() for _ in range(20)}) == 20


def test_a_claim_holds_through_a_login_and_no_longer() -> None:
    text = sign_claim(SECRET, CLAIM)
    assert meeting_of_claim(text) == CLAIM.meeting_id
    assert read_claim(SECRET, text, NOON) == CLAIM
    assert read_claim(SECRET, text, NOON + CLAIM_HOLDS - timedelta(seconds=1)) == CLAIM
    assert read_claim(SECRET, text, NOON + CLAIM_HOLDS) is None
    assert read_claim(SECRET, text, NOON - timedelta(seconds=1)) is None
    assert read_claim(OTHER, text, NOON) is None


@given(st.data())
def test_a_claim_that_was_changed_holds_no_more(data: st.DataObject) -> None:
    text = sign_claim(SECRET, CLAIM)
    place = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(st.sampled_from("Aa0.-_=é").filter(lambda one: one != text[place]))
    assert read_claim(SECRET, text[:place] + sign + text[place + 1 :], NOON) is None


@pytest.mark.parametrize("change", [{"id": "4"}, {"at": NOON + timedelta(minutes=5)}, {"device": None}])
def test_no_part_of_a_claim_can_be_exchanged(change: dict[str, object]) -> None:
    other = sign_claim(OTHER, replace(CLAIM, **change))  # type: ignore[arg-type]
    forged = f"{other.partition('.')[0]}.{sign_claim(SECRET, CLAIM).partition('.')[2]}"
    assert read_claim(SECRET, forged, NOON + timedelta(minutes=6)) is None


@given(st.text(max_size=80))
def test_whatever_is_no_claim_is_none(text: str) -> None:
    assert read_claim(SECRET, text, NOON) is None


def test_students_who_answer_from_one_device_are_told_together() -> None:
    def of(student: str, *devices: str | None) -> Record:
        given = tuple(CheckIn(Method.CODE, NOON, "t", device) for device in devices)
        return Record("m", student, Status.PRESENT, False, Method.CODE, None, check_ins=given)  # noqa: FBT003

    assert shared_devices([of("b", "x"), of("a", "x"), of("c", "y"), of("d", None), of("e", None), of("f")]) == [
        ["a", "b"]
    ]
