from recognition import Box
from recognition.tracking import (
    Economy,
    Frame,
    Ledger,
    Plan,
    Tracker,
    TrackerState,
    faces_to_encode,
    hints,
    plan,
)
from tests.recognition.tracked import face, frame, gallery, tracker, watch

ECONOMY = Economy(search_every=1.0, encode_every=5.0, settle_after=3.0, retry_every=2.0)


def watched(*frames: Frame) -> Tracker:
    watching = tracker()
    watch(watching, frames, gallery("ada"))
    return watching


def encoded(state: TrackerState, time: float, *places: float) -> list[bool]:
    return faces_to_encode(hints(state, ECONOMY), time, [face(None, place) for place in places])


def test_the_first_frame_is_searched_as_a_whole() -> None:
    assert plan(hints(tracker().state), 5.0, 640, 480) == Plan(whole=True)


def test_between_whole_searches_only_the_places_of_tracks_are_searched() -> None:
    watching = watched(frame(0, face("ada", 100)))
    given = hints(watching.state, ECONOMY)
    assert plan(given, 0.4, 640, 480) == Plan(whole=False, near=(Box(60, 60, 140, 140),))
    assert plan(given, 1.0, 640, 480).whole


def test_who_has_been_out_of_sight_for_long_is_left_to_the_next_whole_search() -> None:
    given = hints(watched(frame(0, face("ada", 100))).state, Economy(search_every=9))
    assert plan(given, 0.5, 640, 480).near
    assert plan(given, 0.6, 640, 480) == Plan(whole=False)


def test_a_search_near_tracks_does_not_put_the_whole_one_off() -> None:
    watching = watched(frame(0, face("ada", 100)), Frame("near", 0.5, (face("ada", 100),), whole=False))
    assert plan(hints(watching.state, ECONOMY), 1.0, 640, 480).whole


def test_who_moves_is_sought_where_they_should_be_by_now() -> None:
    watching = watched(*[frame(step / 10, face("ada", 100 + 10 * step)) for step in range(20)])
    near = plan(hints(watching.state, Economy(search_every=9)), 2.2, 640, 480).near
    assert abs(near[0].left - (60 + 10 * 22)) < 1


def test_who_has_walked_out_of_the_picture_is_sought_no_more() -> None:
    watching = watched(*[frame(step / 10, face("ada", 640 - 20 + 20 * step)) for step in range(3)])
    assert plan(hints(watching.state, Economy(search_every=9)), 1.0, 640, 480) == Plan(whole=False)


def test_a_named_track_is_encoded_again_only_when_that_is_due() -> None:
    state = watched(frame(0, face("ada", 100))).state
    assert state.tracks[0].person == "ada"
    assert encoded(state, 0.2, 100) == [False]
    assert encoded(state, 5.0, 100) == [True]


def test_an_unknown_track_is_encoded_a_few_times_a_second_at_first_and_more_rarely_then() -> None:
    begun = watched(frame(0, face("eve", 100)))
    assert encoded(begun.state, 0.04, 100) == [False]
    assert encoded(begun.state, 0.2, 100) == [True]
    young = watched(frame(0, face("eve", 100)), frame(1, face("eve", 100, moment=1)))
    assert encoded(young.state, 1.2, 100) == [True]
    old = watched(*[frame(time, face("eve", 100, moment=time)) for time in range(5)])
    assert encoded(old.state, 4.2, 100) == [False]
    assert encoded(old.state, 6.0, 100) == [True]


def test_a_new_face_is_encoded() -> None:
    state = watched(frame(0, face("ada", 100))).state
    assert encoded(state, 0.2, 1900) == [True]


def test_faces_that_could_be_taken_for_one_another_are_encoded() -> None:
    state = watched(frame(0, face("ada", 100))).state
    assert encoded(state, 0.2, 100, 150) == [True, True]
    state = watched(frame(0, face("ada", 100), face("bob", 160))).state
    assert encoded(state, 0.2, 130) == [True]


def test_a_neighbour_who_is_out_of_sight_does_not_have_everyone_else_encoded() -> None:
    state = watched(frame(0, face("ada", 100), face("bob", 260)), frame(0.5, face("ada", 100, moment=0.5))).state
    assert encoded(state, 0.54, 100) == [False]


def test_a_face_that_was_not_encoded_keeps_the_name_of_its_track() -> None:
    watching = watched(frame(0, face("ada", 100)), frame(0.2, face(None, 103)))
    assert [(track.person, track.frames) for track in watching.state.tracks] == [("ada", 2)]
    moved = tracker()
    moved.resume(watching.state)
    seen = moved.see(frame(0.4, face(None, 105)), gallery("ada"), Ledger.empty())
    assert [track.person for track in seen.tracks] == ["ada"]
