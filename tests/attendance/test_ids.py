"""Ids that others store: the literal values here must never change."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from attendance.ids import attendance_event_id, meeting_closed_event_id, new_id
from tests.attendance.building import MEETING, STUDENT


def test_event_ids_are_what_they_were_in_the_first_release() -> None:
    assert attendance_event_id(MEETING, STUDENT, 1) == "bf61841e-65c7-5fa4-a440-32143da7d88d"
    assert attendance_event_id(MEETING, STUDENT, 2) == "5adf04f9-77fd-5e75-bfcd-4c3bfe017e53"
    assert meeting_closed_event_id(MEETING, 1) == "85a92919-5f69-59d1-a236-4cec1681ac21"
    assert meeting_closed_event_id(MEETING, 2) == "16d03f8d-1eeb-5d67-ba33-184770a9ab53"


_uuids = st.uuids().map(str)
_changes = st.tuples(_uuids, _uuids, st.integers(1, 1000))


@given(_changes, _changes)
def test_two_changes_have_one_id_only_if_they_are_the_same(
    one: tuple[str, str, int], other: tuple[str, str, int]
) -> None:
    assert (attendance_event_id(*one) == attendance_event_id(*other)) is (one == other)


@given(_uuids, _uuids, st.integers(1, 9))
def test_a_close_and_a_change_never_share_an_id(meeting: str, student: str, number: int) -> None:
    assert meeting_closed_event_id(meeting, number) != attendance_event_id(meeting, student, number)


def test_new_ids_are_random_uuids() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(UUID(one).version == 4 and str(UUID(one)) == one for one in ids)
