"""Who goes on whose track, on made-up motion."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from recognition import Box, Face, Template
from recognition.tracking import Frame, Settings, TrackState
from tests.recognition.tracked import ENCODER, face, frame, person, template, tracker, watch


def ids(states: tuple[TrackState, ...]) -> list[str]:
    return [state.id for state in states]


def walk(name: str | None, x: float, speed: float, moment: float, y: float = 100.0) -> Face:
    """Someone at `x` when the film begins, going right at `speed` pixels a second."""
    return face(name, x + speed * moment, y, moment=moment)


@pytest.mark.parametrize("rate", [1.0, 5.0, 25.0])
def test_a_person_who_walks_keeps_one_track_at_any_rate(rate: float) -> None:
    # Two and a half face widths a second: at one frame a second no box overlaps the one before.
    times = [step / rate for step in range(int(8 * rate))]
    seen = watch(tracker(), [frame(time, walk("ada", 100, 200, time)) for time in times])
    assert len({each.tracks[0].id for each in seen}) == 1
    assert seen[-1].tracks[0].frames == len(times)


def test_without_templates_a_walk_is_followed_where_boxes_overlap() -> None:
    times = [step / 10 for step in range(60)]
    seen = watch(tracker(), [frame(time, walk(None, 100, 200, time)) for time in times])
    assert len({each.tracks[0].id for each in seen}) == 1


@pytest.mark.parametrize("rate", [1.0, 10.0])
def test_two_people_who_cross_keep_their_own_tracks(rate: float) -> None:
    times = [step / rate for step in range(int(8 * rate) + 1)]
    frames = [frame(time, walk("ada", 0, 100, time), walk("bob", 800, -100, time, y=110)) for time in times]
    seen = watch(tracker(), frames)
    assert {tuple(ids(each.tracks)) for each in seen} == {tuple(ids(seen[0].tracks))}


def test_people_who_change_seats_between_two_frames_keep_their_own_tracks() -> None:
    first, second = watch(
        tracker(),
        [
            frame(0, face("ada", 100), face("bob", 250)),
            frame(1, face("bob", 100, moment=1), face("ada", 250, moment=1)),
        ],
    )
    assert ids(first.tracks) == ids(second.tracks)[::-1]


def test_another_face_in_the_same_seat_is_a_track_of_its_own() -> None:
    first, second = watch(tracker(), [frame(0, face("ada", 100)), frame(1, face("bob", 100))])
    assert ids(first.tracks) != ids(second.tracks)


def test_a_face_far_off_is_another_track_however_alike() -> None:
    first, second = watch(tracker(), [frame(0, face("ada", 100)), frame(1, face("ada", 1900, moment=1))])
    assert ids(first.tracks) != ids(second.tracks)


def test_a_face_of_another_size_is_another_track_where_templates_are_silent() -> None:
    first, second = watch(tracker(), [frame(0, face(None, 100)), frame(0.1, face(None, 100, width=320))])
    assert ids(first.tracks) != ids(second.tracks)


def test_of_two_faces_as_far_off_the_one_that_overlaps_more_continues_the_track() -> None:
    beside, diagonal = face(None, 140, 100), face(None, 100 - 28, 100 - 28)
    first, second = watch(tracker(), [frame(0, face(None, 100)), frame(0.1, beside, diagonal)])
    assert second.tracks[0].id == first.tracks[0].id


def test_a_lookalike_who_turns_up_nearby_is_not_taken_onto_the_track_of_someone_who_turned_away() -> None:
    # 1 − cosine 0.055, as of two people of a group that the encoder packs closely: joined, they would share the name.
    seen = template("ada").vector
    aside = person("bob") - (person("bob") @ seen) * seen
    mixed = 0.945 * seen + np.sqrt(1 - 0.945**2) * aside / np.linalg.norm(aside)
    stranger = Face(face("ada", 400).box, 1.0, template=Template(ENCODER, mixed.astype(np.float32)))
    first, _, third = watch(tracker(), [frame(0, face("ada", 100)), frame(1), frame(3, stranger)])
    assert third.tracks[0].id != first.tracks[0].id


def test_a_track_outlives_missed_frames_and_not_more() -> None:
    patient = Settings(lost_after=4.0)
    seen = watch(tracker(patient), [frame(0, face("ada", 100)), frame(2), frame(4, face("ada", 100, moment=4))])
    assert seen[2].tracks[0].id == seen[0].tracks[0].id
    assert not any(each.closed for each in seen)

    seen = watch(tracker(patient), [frame(0, face("ada", 100)), frame(2), frame(4.5, face("ada", 100, moment=4))])
    assert seen[2].tracks[0].id != seen[0].tracks[0].id
    assert ids(seen[2].closed) == ids(seen[0].tracks)


def test_two_workers_give_a_track_one_id_whatever_else_they_saw_and_however_exact_their_boxes() -> None:
    one = face("ada", 100)
    almost = replace(
        one, box=Box(*(side + 0.001 for side in (one.box.left, one.box.top, one.box.right, one.box.bottom)))
    )
    (alone,) = watch(tracker(), [frame(0, one)])
    (beside,) = watch(tracker(), [frame(0, face("eve", 20), almost)])
    assert alone.tracks[0].id == beside.tracks[1].id


def test_no_more_tracks_stay_open_than_allowed_and_the_newest_stay() -> None:
    few = tracker(Settings(most_tracks=5))
    watch(few, [frame(step / 10, face(None, 1000.0 * step)) for step in range(30)])
    assert [track.box.left for track in few.state.tracks] == [1000.0 * step - 40 for step in range(25, 30)]


def test_a_clock_that_goes_back_breaks_nothing() -> None:
    seen = watch(tracker(), [frame(10, face("ada", 100)), frame(3, face("ada", 101, moment=3))])
    assert seen[1].tracks[0].id == seen[0].tracks[0].id
    assert seen[1].tracks[0].last_seen == 10


def test_boxes_without_size_break_nothing() -> None:
    flat = Face(Box(5, 5, 5, 5), 0.1)
    for each in watch(tracker(), [Frame(str(time), time, (flat, face("ada", 100))) for time in (0.0, 0.0, 1.0)]):
        assert all(math.isfinite(track.velocity[0]) for track in each.tracks)


def test_the_state_of_a_full_lecture_hall_is_small_however_long_it_lasts() -> None:
    hall, sizes = tracker(), []
    for number in range(60):
        watch(hall, [frame(0.2 * number, *(face("ada", 200.0 * place, moment=number) for place in range(100)))])
        sizes.append(len(json.dumps(hall.state.to_document())))
    assert len(hall.state.tracks) == 100
    assert sizes[-1] < 80_000


def test_few_frames_serve_to_know_everyone_again() -> None:
    hall = tracker()
    for number in range(100):
        moment = number / 10
        coming = [face("ada", 100, moment=moment)] + [face("bob", 900, moment=moment)] * (moment >= 3.5)
        watch(hall, [frame(moment, *coming)])
    state = hall.state
    assert len(state.glimpses) <= 12
    for track in state.tracks:
        assert sum(track.id == each for glimpse in state.glimpses for each, _ in glimpse.faces) >= 6
