"""What `rollcall demo --exit` takes for right: each thing that goes wrong is told."""

from dataclasses import replace
from typing import Any

import pytest

from deploy.demo.outcome import AT_THE_END, BY_CODE, BY_THE_MACHINE, Expected, differences, export_differences
from deploy.demo.school import NEVER_SEEN, NO_CONSENT


def roll_of(expected: dict[str, Expected]) -> dict[str, Any]:
    entries = [
        {
            "student_id": name,
            "given_name": name.split()[0],
            "family_name": name.split()[1],
            "status": each.status,
            "provisional": each.provisional,
            "method": each.method,
            "revision": 0 if each.status == "pending" else 1,
        }
        for name, each in expected.items()
    ]
    return {"meeting": {"id": "the meeting"}, "entries": entries}


def exported(expected: dict[str, Expected]) -> list[dict[str, str]]:
    return [
        {
            "meeting_id": "the meeting",
            "student_id": name,
            "status": each.status,
            "provisional": "true" if each.provisional else "false",
            "method": each.method or "",
            "revision": "1",
        }
        for name, each in expected.items()
    ]


@pytest.mark.parametrize("expected", [BY_THE_MACHINE, AT_THE_END, BY_CODE])
def test_a_roll_that_is_right_is_right(expected: dict[str, Expected]) -> None:
    assert differences(roll_of(expected), expected) == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        (NEVER_SEEN, replace(AT_THE_END[NEVER_SEEN], provisional=True)),  # the absence wasn't confirmed
        (NO_CONSENT, BY_THE_MACHINE[NO_CONSENT]),  # the correction is missing
    ],
)
def test_an_absence_unconfirmed_or_a_correction_missing_is_told(name: str, wrong: Expected) -> None:
    (told,) = differences(roll_of({**AT_THE_END, name: wrong}), AT_THE_END)
    assert told.startswith(name)


def test_a_code_that_did_not_count_is_told() -> None:
    (told,) = differences(roll_of({**BY_CODE, NO_CONSENT: BY_CODE[NEVER_SEEN]}), BY_CODE)
    assert told.startswith(NO_CONSENT)


def test_an_export_is_the_roll_of_its_meeting_beside_other_meetings() -> None:
    rows = [*exported(AT_THE_END), {**exported(AT_THE_END)[0], "meeting_id": "an earlier one"}]
    assert export_differences(rows, roll_of(AT_THE_END)) == []


def test_an_export_that_lacks_a_record_or_holds_an_earlier_state_is_told() -> None:
    assert export_differences(exported(AT_THE_END)[1:], roll_of(AT_THE_END))
    assert export_differences(exported(BY_THE_MACHINE), roll_of(AT_THE_END))
