"""Tracks as sightings: cut to the meeting, taken in by id, taken back, denied, bounded."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attendance import rules
from attendance.coverage import Coverage
from attendance.records import MACHINE, Block, Record, Sighting
from attendance.rules.machine import MOST_REVERSALS
from attendance.sightings import MOST_SIGHTINGS
from attendance.status import Cause, Method, Status, UnmarkedReason
from tests.attendance.building import CAMERA, MEETING, NOW, STUDENT, at, looked_at, meeting, sighting, steps

TEACHER = "0a1b2c3d4e5f"
ALL = looked_at((-10, 50))


def seen(*sightings: Sighting, record: Record | None = None, coverage: Coverage = ALL) -> Record | None:
    for each in sightings:
        record = rules.see(record, each, meeting(), counts_from=at(-10), coverage=coverage, now=NOW)
    return record


def taken_back(
    record: Record | None, sighting_id: str, until: float | None = None, coverage: Coverage = ALL
) -> Record | None:
    moment = None if until is None else at(until)
    return rules.take_back(record, sighting_id, meeting(), coverage=coverage, now=NOW, until=moment)


def denied(record: Record | None, since: float, until: float, *, camera_id: str = CAMERA) -> Record:
    assert record
    block = Block(camera_id, at(since), at(until))
    return rules.deny(record, block, meeting(), by=TEACHER, reason="her sister", coverage=ALL, now=NOW)


def closed(record: Record | None, coverage: Coverage = ALL) -> Record:
    return rules.close(record, STUDENT, meeting(), has_template=True, coverage=coverage, now=NOW)


def test_a_track_that_goes_on_widens_its_sighting() -> None:
    short = sighting(5, 6, sighting_id="t", score=0.4, frames=3)
    record = seen(short, replace(short, last_seen=at(9), score=0.3, frames=8))
    assert record
    assert record.sightings == (replace(short, last_seen=at(9), frames=8),)
    assert record.revision == 1


def test_a_track_that_began_before_the_window_counts_from_its_start() -> None:
    record = seen(sighting(-40, -5))
    assert record
    assert (record.first_seen, record.last_seen) == (at(-10), at(-5))
    assert record.status is Status.PRESENT


def test_a_track_that_goes_on_past_the_end_is_seen_until_the_end() -> None:
    record = seen(sighting(45, 80))
    assert record
    assert (record.first_seen, record.last_seen) == (at(45), at(50))


@pytest.mark.parametrize(("first", "last"), [(-60, -10.001), (50, 70)])
def test_a_track_wholly_outside_changes_nothing(first: float, last: float) -> None:
    assert seen(sighting(first, last)) is None


def test_the_evidence_is_the_best_score_and_all_frames() -> None:
    record = seen(
        sighting(5, 9, score=0.2, frames=40),
        sighting(20, 21, score=0.7, frames=5, camera_id="b"),
        sighting(30, 31, score=0.7, frames=1),
    )
    assert record
    assert record.evidence
    assert (record.evidence.score, record.evidence.camera_id, record.evidence.frames) == (0.7, "b", 46)


def test_whose_only_sighting_is_taken_back_is_unmarked_until_the_close_settles_them() -> None:
    record = taken_back(seen(sighting(5, 9, sighting_id="t")), "t")
    assert record
    assert (record.status, record.provisional, record.method, record.reason) == (Status.UNMARKED, False, None, None)
    assert (record.first_seen, record.evidence, record.is_unsettled) == (None, None, True)
    last = record.history[-1]
    assert (last.cause, last.by, last.previous_status) == (Cause.REVERSAL, MACHINE, Status.PRESENT)
    settled = closed(record)
    assert steps(settled) == [(1, "present", False), (2, "unmarked", False), (3, "absent", True)]
    assert not settled.is_unsettled
    blind = closed(record, Coverage())
    assert (blind.status, blind.reason, blind.is_unsettled) == (Status.UNMARKED, UnmarkedReason.LOW_COVERAGE, False)


def test_what_is_left_after_a_reversal_is_judged_again() -> None:
    record = seen(sighting(5, sighting_id="t"), sighting(25))
    assert steps(taken_back(record, "t")) == [(1, "present", False), (2, "late", True)]
    record = seen(sighting(5), sighting(25, sighting_id="t"))
    after = taken_back(record, "t")
    assert after
    assert steps(after) == [(1, "present", False)]
    assert after.last_seen == at(5)


def test_taking_back_what_is_not_there_changes_nothing() -> None:
    record = seen(sighting(5))
    assert taken_back(record, "another") is record
    assert taken_back(None, "t") is None


def test_frames_that_come_again_after_a_reversal_bring_the_sighting_not_back() -> None:
    told = [sighting(5, 5 + grown, sighting_id="t") for grown in range(4)]
    record = taken_back(seen(*told), "t", until=9)
    again = taken_back(seen(*told, record=record), "t", until=9)
    assert again == record


def test_a_track_that_gets_the_name_once_more_is_seen_again_and_a_repeated_reversal_is_known() -> None:
    record = taken_back(seen(sighting(5, 8, sighting_id="t")), "t", until=9)
    record = seen(sighting(5, 12, sighting_id="t"), record=record)
    assert record
    assert (record.status, record.first_seen, record.revision) == (Status.PRESENT, at(5), 3)
    assert taken_back(record, "t", until=9) is record
    gone = taken_back(record, "t", until=14)
    assert gone
    assert (gone.status, gone.revision, len(gone.reversals)) == (Status.UNMARKED, 4, 1)


def test_only_the_latest_reversals_are_remembered() -> None:
    record: Record | None = None
    for number in range(MOST_REVERSALS + 5):
        record = taken_back(seen(sighting(5, sighting_id=f"{number}"), record=record), f"{number}")
    assert record
    assert [each.sighting_id for each in record.reversals] == [f"{number}" for number in range(5, MOST_REVERSALS + 5)]


def test_a_persons_word_stands_when_a_sighting_is_taken_back() -> None:
    record = seen(sighting(5, sighting_id="t"))
    said = rules.mark(record, MEETING, STUDENT, Status.PRESENT, by=TEACHER, reason=None, now=NOW)
    after = taken_back(said, "t")
    assert after
    assert (after.sightings, after.history) == ((), said.history)


def test_not_this_person_takes_back_what_the_camera_saw_then_and_says_who_said_so() -> None:
    record = denied(seen(sighting(5, 8), sighting(6, camera_id="b"), sighting(20)), 7, 15)
    assert [(each.camera_id, each.first_seen) for each in record.sightings] == [("b", at(6)), (CAMERA, at(20))]
    last = record.history[-1]
    assert (last.cause, last.by, last.reason, last.status) == (Cause.CORRECTION, TEACHER, "her sister", Status.PRESENT)
    assert record.reason is None  # the reason speaks of the sighting, not of where the student stands


def test_a_denied_student_is_not_marked_from_there_again_but_may_be_seen_elsewhere() -> None:
    record = denied(seen(sighting(5, 8, sighting_id="t")), 5, 8)
    assert (record.status, record.method, record.is_said_by_person) == (Status.UNMARKED, None, False)
    assert seen(sighting(5, 12, sighting_id="t"), sighting(7, 7.5), record=record) is record
    elsewhere = seen(sighting(7, camera_id="b"), record=record)
    later = seen(sighting(9, 12), record=record)
    for after in (elsewhere, later):
        assert after
        assert (after.status, after.method) == (Status.PRESENT, Method.FACE)
    assert closed(record).status is Status.ABSENT


def test_the_same_denial_again_changes_nothing_and_one_over_a_persons_word_leaves_it() -> None:
    record = denied(seen(sighting(5)), 5, 8)
    assert denied(record, 5, 8) is record
    said = rules.mark(seen(sighting(5)), MEETING, STUDENT, Status.LATE, by=TEACHER, reason="bus", now=NOW)
    after = denied(said, 5, 8)
    assert (after.status, after.reason, after.sightings, after.revision) == (Status.LATE, "bus", (), said.revision + 1)
    assert after.is_said_by_person
    assert closed(after).history == after.history


def _many(count: int) -> list[Sighting]:
    return [
        sighting(minute / 10, minute / 10 + 0.04, sighting_id=f"{minute:04}", camera_id=f"{minute % 2}", frames=2)
        for minute in range(count)
    ]


def test_beyond_the_bound_neighbours_of_one_camera_become_one_and_no_frame_is_lost() -> None:
    record = seen(*_many(MOST_SIGHTINGS + 50))
    assert record
    assert len(record.sightings) == MOST_SIGHTINGS
    assert record.evidence
    assert record.evidence.frames == 2 * (MOST_SIGHTINGS + 50)
    assert {each.camera_id for each in record.sightings} == {"0", "1"}
    assert (record.first_seen, record.last_seen) == (at(0), at((MOST_SIGHTINGS + 49) / 10 + 0.04))


@settings(deadline=None)  # slow by nature: each telling is judged against 200 sightings
@given(st.randoms(use_true_random=False))
def test_beyond_the_bound_the_order_makes_no_difference_to_where_the_student_stands(random: Random) -> None:
    told = _many(MOST_SIGHTINGS + 20)
    straight = seen(*told)
    random.shuffle(told)
    mixed = seen(*told, *random.sample(told, 20))
    assert straight
    assert mixed
    assert (mixed.status, mixed.first_seen, mixed.last_seen) == (
        straight.status,
        straight.first_seen,
        straight.last_seen,
    )
    assert len(mixed.sightings) == MOST_SIGHTINGS
