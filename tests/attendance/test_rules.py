"""Each line of the table of statuses, as it stands now."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance import rules
from attendance.coverage import Coverage
from attendance.meetings import ClassRules, Meeting
from attendance.records import MACHINE, Record, Sighting
from attendance.status import Cause, Method, Status, UnmarkedReason
from tests.attendance.building import CAMERA, MEETING, NOW, STUDENT, at, looked_at, meeting, sighting, steps

TEACHER = "0a1b2c3d4e5f"
ALL = looked_at((-10, 50))
NOTHING = Coverage()


def seen(
    *minutes: float, record: Record | None = None, coverage: Coverage = ALL, of: Meeting | None = None
) -> Record | None:
    of = of or meeting()
    for minute in minutes:
        record = rules.see(record, sighting(minute), of, counts_from=of.opens_at, coverage=coverage, now=NOW)
    return record


def closed(record: Record | None = None, *, has_template: bool = True, coverage: Coverage = ALL) -> Record:
    return rules.close(record, STUDENT, meeting(), has_template=has_template, coverage=coverage, now=NOW)


def marked(record: Record | None, status: Status, reason: str | None = None) -> Record:
    return rules.mark(record, MEETING, STUDENT, status, by=TEACHER, reason=reason, now=NOW)


@pytest.mark.parametrize("minute", [-10, -0.001, 0, 5, 10])
def test_who_is_first_seen_from_ten_minutes_before_to_ten_minutes_after_the_start_is_present(minute: float) -> None:
    record = seen(minute, coverage=NOTHING)  # present needs no coverage
    assert record
    assert (record.status, record.provisional, record.method) == (Status.PRESENT, False, Method.FACE)
    assert steps(record) == [(1, "present", False)]


@pytest.mark.parametrize("minute", [10.001, 30, 49.999])
def test_who_is_first_seen_later_is_late_and_provisional(minute: float) -> None:
    record = seen(minute)
    assert record
    assert (record.status, record.provisional, record.method) == (Status.LATE, True, Method.FACE)


def test_nobody_is_late_where_the_room_was_hardly_looked_at_before_they_were_seen() -> None:
    below = seen(20, coverage=looked_at((0, 15.9), (20, 50)))
    assert below
    assert (below.status, below.provisional, below.reason) == (Status.UNMARKED, False, UnmarkedReason.LOW_COVERAGE)
    enough = seen(20, coverage=looked_at((0, 16)))
    assert enough
    assert enough.status is Status.LATE


@pytest.mark.parametrize("minute", [-10.001, 50, 300])
def test_a_sighting_outside_of_the_meeting_changes_nothing(minute: float) -> None:
    assert seen(minute) is None
    present = seen(5)
    assert seen(minute, record=present) is present


def test_a_class_has_its_own_window() -> None:
    strict = meeting(rules=ClassRules(arrival_opens=at(2) - at(0), late_after=at(1) - at(0), coverage_floor=0.5))
    assert seen(-3, of=strict) is None
    assert steps(seen(1, of=strict)) == [(1, "present", False)]
    assert steps(seen(2, of=strict)) == [(1, "late", True)]


def test_between_two_meetings_in_one_room_a_student_counts_for_the_second_only_from_the_end_of_the_first() -> None:
    second = meeting()
    of_first = rules.see(None, sighting(-6), second, counts_from=at(-5), coverage=ALL, now=NOW)
    assert of_first is None
    of_second = rules.see(None, sighting(-5), second, counts_from=at(-5), coverage=ALL, now=NOW)
    assert of_second
    assert of_second.status is Status.PRESENT


def test_first_seen_is_the_earliest_and_last_seen_the_latest_in_whatever_order_frames_come() -> None:
    record = seen(20, 5, 40, 30)
    assert record
    assert (record.first_seen, record.last_seen) == (at(5), at(40))


def test_an_earlier_frame_that_comes_later_makes_late_present() -> None:
    assert steps(seen(20, 5)) == [(1, "late", True), (2, "present", False)]


def test_being_seen_again_moves_the_evidence_and_makes_no_revision() -> None:
    record = seen(5)
    assert record
    again = rules.see(
        record,
        replace(sighting(8, score=0.95), camera_id="other"),
        meeting(),
        counts_from=at(-10),
        coverage=ALL,
        now=NOW,
    )
    assert again
    assert again.evidence
    assert again.history == record.history
    assert (again.evidence.score, again.evidence.camera_id, again.evidence.frames) == (0.95, "other", 2)
    worse = seen(9, record=again)
    assert worse
    assert worse.evidence
    assert (worse.evidence.score, worse.evidence.camera_id, worse.evidence.frames) == (0.95, "other", 3)


def test_of_two_looks_that_are_equally_good_the_first_is_named() -> None:
    record: Record | None = None
    for camera_id in ("first", "second"):
        record = rules.see(
            record, sighting(5, camera_id=camera_id), meeting(), counts_from=at(-10), coverage=ALL, now=NOW
        )
    assert record
    assert record.evidence
    assert record.evidence.camera_id == "first"


def test_who_was_not_seen_when_it_closes_is_absent_and_provisional() -> None:
    record = closed()
    assert (record.status, record.provisional, record.method, record.reason) == (Status.ABSENT, True, None, None)
    assert record.history[-1].cause is Cause.CLOSE
    assert record.history[-1].by == MACHINE


def test_who_has_no_template_is_unmarked_never_absent() -> None:
    record = closed(has_template=False)
    assert (record.status, record.provisional, record.reason) == (
        Status.UNMARKED,
        False,
        UnmarkedReason.NO_TEMPLATE,
    )


@pytest.mark.parametrize(
    ("coverage", "status"),
    [
        (NOTHING, Status.UNMARKED),
        (looked_at((0, 39.9)), Status.UNMARKED),
        (looked_at((0, 20), (30, 50)), Status.ABSENT),  # exactly the floor
        (looked_at((-10, 39)), Status.UNMARKED),  # time before the start doesn't count towards it
    ],
)
def test_absent_only_where_enough_was_looked_at(coverage: Coverage, status: Status) -> None:
    assert closed(coverage=coverage).status is status
    assert rules.is_taken(meeting(), coverage) is (status is Status.ABSENT)


def test_closing_keeps_whoever_was_seen() -> None:
    present = seen(5)
    assert closed(present) == present
    assert closed(present, coverage=NOTHING, has_template=False) == present
    late = seen(20)
    assert closed(late) == late


def test_closing_judges_a_late_sighting_again_by_the_whole_coverage() -> None:
    unmarked = seen(20, coverage=NOTHING)
    assert steps(closed(unmarked)) == [(1, "unmarked", False), (2, "late", True)]


def test_closing_twice_makes_no_second_revision() -> None:
    for coverage in (ALL, NOTHING):
        once = closed(coverage=coverage)
        assert closed(once, coverage=coverage) == once


@pytest.mark.parametrize(("minute", "status", "provisional"), [(5, "present", False), (25, "late", True)])
def test_a_frame_that_comes_after_the_close_corrects_absent(minute: float, status: str, provisional: bool) -> None:  # noqa: FBT001
    record = seen(minute, record=closed())
    assert steps(record) == [(1, "absent", True), (2, status, provisional)]
    assert record
    assert record.history[-1].previous_status is Status.ABSENT
    assert record.history[-1].cause is Cause.SIGHTING


@pytest.mark.parametrize("status", list(Status))
def test_a_persons_word_stands_over_the_machines(status: Status) -> None:
    said = marked(seen(20), status, "said so")
    after = seen(5, record=said)
    assert after
    assert after.history == said.history
    assert after.status is status
    assert after.first_seen == at(5)  # what was seen is still kept
    assert closed(said, coverage=NOTHING, has_template=False).history == said.history


def test_a_persons_word_is_never_provisional_and_names_who_said_it_and_why() -> None:
    record = marked(closed(), Status.ABSENT, "phoned in")
    assert steps(record) == [(1, "absent", True), (2, "absent", False)]
    last = record.history[-1]
    assert (last.by, last.reason, last.method, last.cause) == (TEACHER, "phoned in", Method.MANUAL, Cause.CORRECTION)


def test_a_person_can_speak_before_the_machine_saw_anything() -> None:
    record = marked(None, Status.EXCUSED, "ill")
    assert steps(record) == [(1, "excused", False)]
    assert record.history[0].previous_status is None
    assert closed(record).history == record.history


def test_the_same_word_again_makes_no_revision_and_another_word_does() -> None:
    once = marked(seen(5), Status.PRESENT)
    assert steps(once) == [(1, "present", False), (2, "present", False)]  # the method changed: a person says so now
    assert marked(once, Status.PRESENT) is once
    assert marked(once, Status.PRESENT, "I saw her").revision == 3
    assert marked(once, Status.ABSENT).revision == 3


def test_a_record_without_history_is_at_revision_zero() -> None:
    blank = Record(MEETING, STUDENT, Status.UNMARKED, provisional=False, method=None, reason=None)
    assert blank.revision == 0
    assert not blank.is_said_by_person


_minutes = st.integers(-15, 55).map(float)
_sightings = st.lists(
    st.builds(
        lambda minute, length, **fields: sighting(minute, minute + length, **fields),
        _minutes,
        st.integers(0, 30).map(float),
        sighting_id=st.sampled_from("abcdef"),
        score=st.floats(0, 1),
        camera_id=st.just(CAMERA),
        frames=st.integers(1, 50),
    )
)
_coverage = st.lists(st.tuples(st.integers(-12, 52), st.integers(-12, 52)), max_size=4).map(
    lambda spans: looked_at(*((float(min(span)), float(max(span))) for span in spans))
)


def _take_all(sightings: list[Sighting], coverage: Coverage) -> Record | None:
    of, record = meeting(), None
    for each in sightings:
        record = rules.see(record, each, of, counts_from=of.opens_at, coverage=coverage, now=NOW)
    return record


@given(_sightings, _coverage, st.data())
def test_sightings_given_twice_change_nothing(
    sightings: list[Sighting], coverage: Coverage, data: st.DataObject
) -> None:
    repeated: list[Sighting] = []
    for each in sightings:
        repeated.append(each)
        repeated += data.draw(st.lists(st.sampled_from(repeated), max_size=2))
    assert _take_all(sightings, coverage) == _take_all(repeated, coverage)


@given(_sightings, _coverage, st.randoms(use_true_random=False))
def test_where_a_student_stands_does_not_depend_on_the_order_of_frames(
    sightings: list[Sighting], coverage: Coverage, random: Random
) -> None:
    shuffled = list(sightings)
    random.shuffle(shuffled)
    one, other = _take_all(sightings, coverage), _take_all(shuffled, coverage)
    assert (one is None) == (other is None)
    if one and other:
        assert replace(one, history=()) == replace(other, history=())


@given(_sightings, _coverage, _coverage)
def test_revisions_are_numbered_from_one_and_each_knows_the_status_before_it(
    sightings: list[Sighting], early: Coverage, whole: Coverage
) -> None:
    record = closed(_take_all(sightings, early), coverage=early.union(whole))
    assert [step.number for step in record.history] == list(range(1, len(record.history) + 1))
    statuses = [None, *(step.status for step in record.history)]
    assert [step.previous_status for step in record.history] == statuses[:-1]
    assert record.status is statuses[-1]
