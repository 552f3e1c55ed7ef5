"""How long somebody stayed, cards and codes, and cameras that aren't of the room."""

from dataclasses import replace

import pytest

from attendance import rules
from attendance.cameras import CameraKind
from attendance.coverage import Coverage
from attendance.meetings import ClassRules, Meeting, MeetingState
from attendance.records import CheckIn, Excuse, Record, Sighting
from attendance.status import AbsentReason, Cause, Method, Status, UnmarkedReason
from tests.attendance.building import MEETING, NOW, STUDENT, at, looked_at, meeting, sighting

ALL = looked_at((-10, 50))
LEAVES = meeting(rules=ClassRules(left_early_before=at(10) - at(0)))
STAYS = meeting(rules=ClassRules(minimum_stay=at(15) - at(0)))


def seen(of: Meeting, *sightings: Sighting, record: Record | None = None, coverage: Coverage = ALL) -> Record:
    for each in sightings:
        record = rules.see(record, each, of, counts_from=at(-10), coverage=coverage, now=NOW)
    assert record
    return record


def closed(of: Meeting, record: Record | None, *, coverage: Coverage = ALL, excuse: Excuse | None = None) -> Record:
    return rules.close(record, STUDENT, of, has_template=True, coverage=coverage, now=NOW, excuse=excuse)


def given(
    method: Method, minute: float, *, record: Record | None = None, of: Meeting | None = None, coverage: Coverage = ALL
) -> Record | None:
    check_in = CheckIn(method, at(minute), "a reader")
    return rules.check_in(
        record, STUDENT, of or meeting(), check_in, counts_from=at(-10), coverage=coverage, now=at(minute)
    )


@pytest.mark.parametrize(("last", "status"), [(39.9, Status.LEFT_EARLY), (40, Status.PRESENT), (49, Status.PRESENT)])
def test_who_was_last_seen_too_long_before_the_end_left_early_and_it_is_provisional(
    last: float, status: Status
) -> None:
    before = seen(LEAVES, sighting(0, last))
    assert before.status is Status.PRESENT  # as long as the meeting goes on nobody has left
    record = closed(LEAVES, before)
    assert (record.status, record.provisional) == (status, status is Status.LEFT_EARLY)
    assert record.method is Method.FACE


def test_nobody_left_early_where_no_class_asks_for_it_or_nobody_looked_afterwards() -> None:
    assert closed(meeting(), seen(meeting(), sighting(0, 5))).status is Status.PRESENT
    unseen = closed(LEAVES, seen(LEAVES, sighting(0, 30)), coverage=looked_at((0, 40)))
    assert unseen.status is Status.PRESENT


def test_who_came_late_and_left_early_stays_late() -> None:
    assert closed(LEAVES, seen(LEAVES, sighting(20, 30))).status is Status.LATE


def test_who_left_early_by_the_close_stays_so_until_they_are_seen_later_than_that() -> None:
    record = closed(LEAVES, seen(LEAVES, sighting(0, 20, sighting_id="t")))
    again = seen(LEAVES, sighting(0, 20, sighting_id="t"), sighting(1, 30, sighting_id="t"), record=record)
    assert again.history == record.history
    assert seen(LEAVES, sighting(45), record=record).status is Status.PRESENT


@pytest.mark.parametrize(("of", "status"), [(LEAVES, Status.LEFT_EARLY), (STAYS, Status.ABSENT)])
def test_a_meeting_that_is_planned_anew_after_its_close_judges_the_stay_at_its_next_close(
    of: Meeting, status: Status
) -> None:
    record = closed(of, seen(of, sighting(0, 5)))
    assert record.status is status
    again = rules.reschedule(record, of, is_expected=True, coverage=ALL, counts_from=at(-10), now=NOW)
    assert (again.status, again.provisional) == (Status.PRESENT, False)
    assert closed(of, again).status is status


def test_who_stays_too_short_is_absent_provisionally_with_the_reason() -> None:
    record = closed(STAYS, seen(STAYS, sighting(0, 14.9)))
    assert (record.status, record.provisional, record.reason) == (Status.ABSENT, True, AbsentReason.SHORT_STAY)
    assert record.method is None
    assert closed(STAYS, seen(STAYS, sighting(0, 2), sighting(15))).status is Status.PRESENT


@pytest.mark.parametrize("coverage", [looked_at((0, 30)), looked_at((20, 50))])
def test_nobody_stayed_too_short_where_nobody_looked_before_or_after(coverage: Coverage) -> None:
    record = seen(STAYS, sighting(15, 20), coverage=coverage)
    assert closed(STAYS, record, coverage=coverage).status is not Status.ABSENT


def test_a_notice_excuses_a_stay_that_was_too_short() -> None:
    excuse = Excuse("a notice", at(-60), "dentist")
    assert closed(STAYS, seen(STAYS, sighting(0, 5)), excuse=excuse).status is Status.EXCUSED


@pytest.mark.parametrize("method", [Method.CARD, Method.CODE])
@pytest.mark.parametrize(
    ("minute", "status", "provisional"), [(-10, "present", False), (10, "present", False), (10.1, "late", True)]
)
def test_a_card_or_a_code_follows_the_rule_of_time(
    method: Method,
    minute: float,
    status: str,
    provisional: bool,  # noqa: FBT001
) -> None:
    record = given(method, minute, coverage=Coverage())
    assert record
    assert (record.status, record.provisional, record.method) == (status, provisional, method)
    assert (record.history[0].cause, record.history[0].by) == (Cause.CHECK_IN, "a reader")
    assert record.first_seen is None


@pytest.mark.parametrize("minute", [-10.1, 50, 60])
def test_a_card_outside_of_the_meeting_changes_nothing(minute: float) -> None:
    assert given(Method.CARD, minute) is None


def test_of_face_card_and_code_the_earliest_decides() -> None:
    late = seen(meeting(), sighting(30))
    by_card = given(Method.CARD, 5, record=late)
    assert by_card
    assert (by_card.status, by_card.method) == (Status.PRESENT, Method.CARD)
    again = given(Method.CARD, 7, record=by_card)
    assert again is by_card
    earlier = seen(meeting(), sighting(3), record=by_card)
    assert (earlier.status, earlier.method) == (Status.PRESENT, Method.FACE)


def test_a_card_is_no_word_over_a_persons() -> None:
    said = rules.mark(None, MEETING, STUDENT, Status.ABSENT, by="teacher", reason=None, now=NOW)
    after = given(Method.CARD, 5, record=said)
    assert after
    assert (after.status, after.history) == (Status.ABSENT, said.history)
    undone = rules.undo(after, meeting(), by="teacher", coverage=ALL, now=NOW)
    assert (undone.status, undone.method) == (Status.PRESENT, Method.CARD)


def test_who_gave_a_card_is_not_absent_and_did_not_leave_for_want_of_a_face() -> None:
    strict = meeting(rules=ClassRules(left_early_before=at(1) - at(0), minimum_stay=at(40) - at(0)))
    record = given(Method.CARD, 0, of=strict)
    assert closed(strict, record).status is Status.PRESENT


def test_stepping_up_to_a_kiosk_says_when_one_came_even_where_nobody_looked() -> None:
    kiosk = replace(sighting(20), kind=CameraKind.KIOSK)
    assert seen(meeting(), kiosk, coverage=Coverage()).status is Status.LATE
    by_room = seen(meeting(), sighting(20), coverage=Coverage())
    assert (by_room.status, by_room.reason) == (Status.UNMARKED, UnmarkedReason.LOW_COVERAGE)


@pytest.mark.parametrize("kind", [CameraKind.KIOSK, CameraKind.ENTRANCE])
def test_an_entrance_and_a_kiosk_tell_nothing_of_when_one_left(kind: CameraKind) -> None:
    strict = meeting(rules=ClassRules(left_early_before=at(1) - at(0), minimum_stay=at(40) - at(0)))
    record = seen(strict, replace(sighting(0), kind=kind))
    assert closed(strict, record).status is Status.PRESENT


def test_a_record_of_a_meeting_that_is_closed_already_is_judged_with_the_stay() -> None:
    over = replace(LEAVES, state=MeetingState.CLOSED)
    assert seen(over, sighting(0, 20)).status is Status.LEFT_EARLY
