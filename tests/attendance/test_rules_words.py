"""What people say: confirmations, corrections over each other, notices, and taking it all back."""

import pytest

from attendance import rules
from attendance.records import Block, Excuse, Record
from attendance.rules import NothingToUndo
from attendance.status import Cause, Method, Status
from tests.attendance.building import CAMERA, MEETING, NOW, STUDENT, at, looked_at, meeting, sighting, steps

TEACHER, REGISTRAR = "0a1b2c3d4e5f", "5f4e3d2c1b0a"
ALL = looked_at((-10, 50))
BEFORE, AFTER = Excuse("a notice", at(-60), "ill", "M"), Excuse("a notice", at(600), "ill", "M")


def seen(*minutes: float, record: Record | None = None) -> Record:
    for minute in minutes:
        record = rules.see(record, sighting(minute), meeting(), counts_from=at(-10), coverage=ALL, now=NOW)
    assert record
    return record


def closed(record: Record | None = None, excuse: Excuse | None = None) -> Record:
    return rules.close(record, STUDENT, meeting(), has_template=True, coverage=ALL, now=NOW, excuse=excuse)


def marked(record: Record | None, status: Status, reason: str | None = None, code: str | None = None) -> Record:
    return rules.mark(record, MEETING, STUDENT, status, by=TEACHER, reason=reason, now=NOW, reason_code=code)


def confirmed(record: Record) -> Record:
    return rules.confirm(record, by=TEACHER, now=NOW)


def undone(record: Record) -> Record:
    return rules.undo(record, meeting(), by=TEACHER, coverage=ALL, now=NOW)


def denied(record: Record, since: float, until: float) -> Record:
    block = Block(CAMERA, at(since), at(until))
    return rules.deny(record, block, meeting(), by=TEACHER, reason="her sister", coverage=ALL, now=NOW)


def noticed(record: Record, excuse: Excuse | None) -> Record:
    return rules.excuse(record, excuse, by=REGISTRAR, now=NOW)


@pytest.mark.parametrize(("record", "status"), [(closed(), Status.ABSENT), (seen(20), Status.LATE)])
def test_a_confirmation_makes_what_was_provisional_final_with_a_cause_of_its_own(
    record: Record, status: Status
) -> None:
    after = confirmed(record)
    assert (after.status, after.provisional, after.method) == (status, False, record.method)
    assert (after.history[-1].cause, after.history[-1].by) == (Cause.CONFIRMATION, TEACHER)
    assert confirmed(after) is after


def test_what_is_not_provisional_needs_no_confirmation() -> None:
    present = seen(5)
    assert confirmed(present) is present


def test_a_confirmed_absence_stands_over_frames_that_come_later() -> None:
    after = seen(5, record=confirmed(closed()))
    assert (after.status, after.provisional) == (Status.ABSENT, False)
    assert after.first_seen == at(5)  # told to whoever looks


def test_a_confirmed_lateness_falls_when_a_person_says_that_it_was_somebody_else() -> None:
    after = denied(confirmed(seen(20)), 19, 21)
    assert (after.status, after.method, after.is_unsettled) == (Status.UNMARKED, None, True)
    assert undone(after).verdict == confirmed(seen(20)).verdict


def test_an_excuse_by_hand_carries_the_institutions_code() -> None:
    record = marked(closed(), Status.EXCUSED, "jury duty", "J")
    assert (record.reason, record.reason_code) == ("jury duty", "J")
    assert record.history[-1].reason_code == "J"
    assert marked(record, Status.EXCUSED, "jury duty", "J") is record
    assert marked(record, Status.EXCUSED, "jury duty", "K").revision == record.revision + 1


def test_undoing_goes_back_correction_by_correction_and_the_history_only_grows() -> None:
    record = marked(marked(closed(), Status.LATE), Status.PRESENT)
    back = undone(record)
    assert (back.status, back.history[:-1], back.history[-1].cause) == (Status.LATE, record.history, Cause.UNDO)
    assert steps(undone(back))[-1] == (5, "absent", True)
    with pytest.raises(NothingToUndo):
        undone(undone(back))


def test_a_word_that_is_taken_back_leaves_what_the_machine_saw_meanwhile() -> None:
    record = seen(5, record=marked(closed(), Status.ABSENT))
    assert undone(record).verdict == seen(5).verdict


def test_undoing_a_confirmation_makes_it_provisional_again() -> None:
    assert steps(undone(confirmed(closed()))) == [(1, "absent", True), (2, "absent", False), (3, "absent", True)]


def test_undoing_not_this_person_gives_the_sighting_back_and_lets_it_come_again() -> None:
    record = undone(denied(seen(5), 4, 6))
    assert (record.sightings, record.blocks, record.status) == (seen(5).sightings, (), Status.PRESENT)
    assert seen(5.5, record=record).last_seen == at(5.5)
    assert denied(record, 4, 6).sightings == ()  # it can be said again


def test_a_record_that_nobody_spoke_of_has_nothing_to_undo() -> None:
    with pytest.raises(NothingToUndo):
        undone(seen(5))


def test_a_notice_excuses_who_would_be_absent_with_its_reason_and_code() -> None:
    record = closed(excuse=BEFORE)
    assert (record.status, record.provisional, record.reason, record.reason_code) == (
        Status.EXCUSED,
        False,
        "ill",
        "M",
    )
    assert record.history[-1].cause is Cause.CLOSE


def test_a_notice_takes_nothing_from_who_came_all_the_same() -> None:
    assert closed(seen(5), BEFORE).status is Status.PRESENT
    assert closed(seen(20), BEFORE).status is Status.LATE
    after_all = seen(5, record=closed(excuse=BEFORE))
    assert after_all.status is Status.PRESENT


def test_a_notice_makes_no_excuse_of_what_the_machine_cannot_say() -> None:
    unknown = rules.close(None, STUDENT, meeting(), has_template=False, coverage=ALL, now=NOW, excuse=BEFORE)
    assert unknown.status is Status.UNMARKED


@pytest.mark.parametrize("record", [closed(), confirmed(closed()), marked(None, Status.ABSENT)])
def test_a_notice_after_the_close_excuses_an_absence_whoever_said_it_and_gives_it_back(record: Record) -> None:
    excused = noticed(record, AFTER)
    assert (excused.status, excused.reason, excused.reason_code) == (Status.EXCUSED, "ill", "M")
    assert (excused.history[-1].cause, excused.history[-1].by) == (Cause.NOTICE, REGISTRAR)
    assert noticed(excused, AFTER) == excused
    withdrawn = noticed(excused, None)
    assert withdrawn.verdict == record.verdict
    assert withdrawn.history[-1].cause is Cause.NOTICE


def test_who_says_absent_in_spite_of_a_notice_is_heeded() -> None:
    record = marked(closed(excuse=BEFORE), Status.ABSENT, "was in the cafeteria")
    assert (record.status, record.method) == (Status.ABSENT, Method.MANUAL)
    assert noticed(record, AFTER).status is Status.EXCUSED  # said after it


def test_a_notice_leaves_a_persons_other_words() -> None:
    assert noticed(marked(closed(), Status.PRESENT), AFTER).status is Status.PRESENT
