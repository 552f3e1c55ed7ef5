"""What holds whatever a camera shows."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from recognition import Box
from recognition.tracking import Block, Frame, Ledger, Seen, Settings, Spending, Tracker, TrackerState
from tests.recognition.tracked import face, gallery, template, tracker

# Few places and people, so that crossings, lookalikes and doubles come up; None is a face that isn't encoded.
_PEOPLE = [*"abcdef", None]
_STEPS = [0.0, 0.04, 1.0, 1.0, 1.5, 6.0]
# Low enough that the wrong people are named too.
_THRESHOLD = 0.9


@st.composite
def films(draw: st.DrawFn) -> list[Frame]:
    time, frames = 0.0, []
    for number in range(draw(st.integers(1, 10))):
        time += draw(st.sampled_from(_STEPS))
        places = draw(st.lists(st.integers(0, 12), unique=True, max_size=5))
        faces = [
            face(draw(st.sampled_from(_PEOPLE)), 60.0 * place, moment=draw(st.sampled_from([time, 0.0])))
            for place in places
        ]
        frames.append(Frame(f"frame {number}", time, tuple(faces)))
    return frames


def run(frames: Sequence[Frame], watching: Tracker | None = None, ledger: Ledger | None = None) -> list[Seen]:
    watching = watching or tracker(Settings(spending=Spending(0.001, 0.01, 0.01)), _THRESHOLD)
    seen, ledger = [], ledger or Ledger.empty()
    for each in frames:
        seen.append(watching.see(each, gallery(*"abcde"), ledger))
        ledger = seen[-1].ledger
    return seen


@given(films())
def test_the_same_frames_give_the_same_tracks_ids_and_names(frames: list[Frame]) -> None:
    assert run(frames) == run(frames)


@given(films(), st.randoms(use_true_random=False))
def test_the_order_of_the_faces_within_a_frame_does_not_matter(frames: list[Frame], random: Random) -> None:
    orders = [random.sample(range(len(each.faces)), len(each.faces)) for each in frames]
    shuffled = [
        Frame(each.id, each.time, tuple(each.faces[place] for place in order))
        for each, order in zip(frames, orders, strict=True)
    ]
    for order, one, other in zip(orders, run(frames), run(shuffled), strict=True):
        assert tuple(one.tracks[place] for place in order) == other.tracks
        assert (one.changes, one.closed, one.ledger) == (other.changes, other.closed, other.ledger)


@given(films())
def test_a_person_is_given_to_one_open_track_at_a_time(frames: list[Frame]) -> None:
    watching = tracker(threshold=_THRESHOLD)
    ledger = Ledger.empty()
    for each in frames:
        ledger = watching.see(each, gallery(*"abcde"), ledger).ledger
        named = [track.person for track in watching.state.tracks if track.person is not None]
        assert len(named) == len(set(named))


@given(films())
def test_each_face_has_a_track_and_no_two_faces_of_a_frame_share_one(frames: list[Frame]) -> None:
    for each, seen in zip(frames, run(frames), strict=True):
        assert len(seen.tracks) == len(each.faces)
        assert len({track.id for track in seen.tracks}) == len(each.faces)
        assert [track.box for track in seen.tracks] == [one.box for one in each.faces]


@given(films())
def test_the_id_of_a_closed_track_never_comes_back(frames: list[Frame]) -> None:
    closed: set[str] = set()
    for seen in run(frames):
        assert not closed & {track.id for track in seen.tracks}
        closed |= {track.id for track in seen.closed}


@given(films())
def test_changes_add_up_to_the_names_that_tracks_have(frames: list[Frame]) -> None:
    names: dict[str, str] = {}
    for seen in run(frames):
        for change in seen.changes:
            if change.given:
                assert change.track not in names
                names[change.track] = change.person
            else:
                assert names.pop(change.track) == change.person
        for track in (*seen.tracks, *seen.closed):
            assert names.get(track.id) == track.person


def moved(first: Tracker, settings: Settings, frames: Sequence[Frame]) -> Tracker:
    """Another worker's tracker, which gets the stored state and can read these frames again."""
    second = tracker(settings, _THRESHOLD)
    second.resume(TrackerState.from_document(json.loads(json.dumps(first.state.to_document()))), frames)
    return second


@given(films(), st.integers(0, 10), st.randoms(use_true_random=False))
def test_a_move_to_another_worker_changes_no_track_no_name_and_no_chance(
    frames: list[Frame], at: int, random: Random
) -> None:
    everything = Settings(spending=Spending(0.001, 0.01, 0.01), read_back=math.inf, glimpse_every=0.0)
    at = min(at, len(frames))
    whole = tracker(everything, _THRESHOLD)
    straight = run(frames, whole)

    first = tracker(everything, _THRESHOLD)
    before = run(frames[:at], first)
    # Read again in any order, and searched otherwise: boxes are a little off, and each face is encoded.
    again = [shifted(each, random) for each in random.sample(frames[:at], at)]
    second = moved(first, everything, again)
    assert second.state == first.state
    after = run(frames[at:], second, before[-1].ledger if before else Ledger.empty())
    assert before + after == straight
    assert second.state == whole.state


@given(films(), st.integers(0, 10), st.randoms(use_true_random=False))
def test_a_move_keeps_every_track_name_and_block_however_little_can_be_read_again(
    frames: list[Frame], at: int, random: Random
) -> None:
    sparing = Settings(read_back=2.0, glimpses=2, glimpse_every=0.5)
    first = tracker(sparing, _THRESHOLD)
    run(frames[:at], first)
    first.block(Block("a", 0.0, 1.0))
    state = first.state
    assert all(state.time is None or each.time >= state.time - 2 for each in state.glimpses)
    read = random.sample(frames[:at], random.randint(0, len(frames[:at])))
    second = moved(first, sparing, read)
    assert second.state == state
    # The next frame shows nobody: what changes is told of no one.
    time = state.time or 0.0
    (seen,) = run([Frame("empty", time, ())], second)
    assert (seen.changes, seen.closed, second.state.tracks) == ((), (), state.tracks)


def shifted(frame: Frame, random: Random) -> Frame:
    faces = [
        replace(each, box=_off(each.box, random.uniform(-5, 5)), template=each.template or template("f", frame.time))
        for each in frame.faces
    ]
    return replace(frame, faces=tuple(faces))


def _off(box: Box, by: float) -> Box:
    return Box(box.left + by, box.top - by, box.right + by, box.bottom - by)


@given(films(), st.sampled_from("abcde"), st.integers(0, 9), st.floats(0, 5), st.floats(0, 10))
def test_who_was_blocked_is_never_named_within_that_interval(
    frames: list[Frame], person: str, at: int, since: float, lasting: float
) -> None:
    block = Block(person, since, since + lasting)
    watching = tracker(threshold=_THRESHOLD)
    run(frames[:at], watching)
    watching.block(block)
    for seen in run(frames[at:], watching):
        for track in seen.tracks:
            assert not (track.person == person and track.overlaps(block))
    assert not any(track.person == person and track.overlaps(block) for track in watching.state.tracks)
