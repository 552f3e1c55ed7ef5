"""Who is named, when, and who isn't any more."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from recognition import EncoderMismatch, Face, Gallery, Matcher, Template
from recognition.face_recognition_engine import DistanceMatcher
from recognition.scoring import chosen_matcher
from recognition.tracking import (
    LOG_ODDS_SPENDING,
    Block,
    Change,
    Frame,
    Fused,
    Ledger,
    Settings,
    Spending,
    Tracker,
    margins_of,
)
from tests.recognition.tracked import CosineMatcher, face, frame, gallery, template, tracker, watch


def scripted(*tables: dict[str, float]) -> Tracker:
    """A tracker to which the only face before it is like each person by the margins of one table a frame."""
    left = list(tables)

    def margins(roster: Gallery, fused: Sequence[Fused]) -> NDArray[np.float32]:
        row = left.pop(0)
        return np.array([[row.get(person, -1.0) for person in roster.people]] * len(fused), np.float32)

    return Tracker("camera", margins, Settings(spending=Spending(base=0.1, per_chance=0.2, keep=0.15)))


def one_face(frames: int, step: float = 1.0) -> list[Frame]:
    return [frame(number * step, face("anyone", 100)) for number in range(frames)]


def names(watching: Tracker, frames: Sequence[Frame]) -> list[str | None]:
    return [seen.tracks[0].person for seen in watch(watching, frames, gallery("ada", "bob"))]


def test_a_name_is_given_as_soon_as_the_evidence_is_enough() -> None:
    assert names(scripted({"ada": 0.0}, {"ada": 0.09}, {"ada": 0.11}), one_face(3)) == [None, None, "ada"]


def test_a_name_stands_while_the_evidence_wavers_and_is_taken_back_when_it_contradicts() -> None:
    tables = [{"ada": 0.11}, {"ada": -0.04}, {"ada": -0.06}, {"ada": -0.04}]
    assert names(scripted(*tables), one_face(4)) == ["ada", "ada", None, None]


def test_what_is_taken_back_is_told_with_its_reason() -> None:
    seen = watch(scripted({"ada": 0.2}, {"ada": -1.0, "bob": 0.3}), one_face(2), gallery("ada", "bob"))
    track = seen[0].tracks[0].id
    assert seen[0].changes == (Change(track, "ada", given=True),)
    assert seen[1].changes == (
        Change(track, "ada", given=False, reason="evidence"),
        Change(track, "bob", given=True),
    )


def test_after_tracks_that_were_like_someone_the_next_must_be_more_like_them() -> None:
    # Two tracks like ada, but not enough, are lost; then 0.1 + 0.2 ln 3 = 0.32 is asked for.
    faces = [frame(10.0 * number, face("eve", 100)) for number in range(4)]
    tables = [{"ada": 0.05}, {"ada": 0.05}, {"ada": 0.31}, {"ada": 0.5}]
    seen = watch(scripted(*tables), faces, gallery("ada", "bob"))
    assert [each.tracks[0].person for each in seen] == [None, None, None, "ada"]
    assert [each.ledger.spent("ada") for each in seen] == [0, 1, 2, 3]
    assert seen[-1].ledger.spent("bob") == 0


def test_a_track_that_had_a_name_spends_nothing() -> None:
    faces = [frame(10.0 * number, face("ada", 100)) for number in range(3)]
    seen = watch(scripted(*[{"ada": 0.5}] * 3), faces, gallery("ada", "bob"))
    assert seen[-1].ledger == Ledger.empty()


def test_what_a_name_asks_for_never_falls_as_chances_are_spent() -> None:
    required = [LOG_ODDS_SPENDING.required(chances) for chances in range(50)]
    assert required == sorted(required)
    assert required[0] > 0


def test_two_faces_like_one_person_are_not_both_given_the_name() -> None:
    twins = frame(0, face("ada", 100, moment=1), face("ada", 900, moment=2))
    (seen,) = watch(tracker(), [twins], gallery("ada"))
    assert sorted(str(track.person) for track in seen.tracks) == ["None", "ada"]


def test_a_person_whose_track_broke_is_named_again_and_the_old_track_closes() -> None:
    first, second = watch(
        tracker(), [frame(0, face("ada", 100)), frame(1, face("ada", 1900, moment=1))], gallery("ada")
    )
    assert second.tracks[0].person == "ada"
    assert [track.id for track in second.closed] == [first.tracks[0].id]
    assert not any(not change.given for change in second.changes), "the old sighting stands"


def test_a_person_who_is_surer_in_another_room_is_not_named_here() -> None:
    watching = scripted({"ada": 0.3}, {"ada": 0.3}, {"ada": 0.3})
    elsewhere: list[dict[str, float]] = [{"ada": 0.4}, {"ada": 0.2}, {"bob": 9.0}]
    roster, ledger = gallery("ada", "bob"), Ledger.empty()
    named = []
    for each, other in zip(one_face(3), elsewhere, strict=True):
        named.append(watching.see(each, roster, ledger, other).tracks[0].person)
    assert named == [None, "ada", "ada"]


def test_not_this_person_takes_the_name_back_and_never_gives_it_to_that_track_again() -> None:
    watching = tracker()
    roster, ledger = gallery("ada"), Ledger.empty()
    track = watching.see(frame(0, face("ada", 100)), roster, ledger).tracks[0]
    assert watching.block(Block("ada", 0, 0)) == (Change(track.id, "ada", given=False, reason="blocked"),)
    assert watching.state.tracks[0].person is None
    later = watching.see(frame(2, face("ada", 100, moment=2)), roster, ledger).tracks[0]
    assert (later.id, later.person) == (track.id, None), "the interval is over, but it is still that track"
    again = watching.see(frame(20, face("ada", 100, moment=3)), roster, ledger).tracks[0]
    assert again.person == "ada", "a track after the interval is another matter"


def test_a_track_that_lives_into_a_blocked_interval_loses_the_name_there() -> None:
    watching = tracker()
    watching.block(Block("ada", 5, 9))
    frames = [frame(time, face("ada", 100, moment=time)) for time in (3, 4, 5)]
    seen = watch(watching, frames, gallery("ada"))
    assert [each.tracks[0].person for each in seen] == ["ada", "ada", None]
    assert [change.reason for change in seen[2].changes] == ["blocked"]


def test_who_left_the_roster_is_named_no_more() -> None:
    watching = tracker()
    watching.see(frame(0, face("ada", 100)), gallery("ada"), Ledger.empty())
    seen = watching.see(frame(1, face("ada", 100, moment=1)), gallery("bob"), Ledger.empty())
    assert seen.tracks[0].person is None
    assert seen.changes[0].reason == "off_roster"


def test_to_an_empty_gallery_everyone_is_unknown_and_nothing_is_spent() -> None:
    seen = watch(tracker(), [frame(0, face("ada", 100)), frame(30)])
    assert seen[0].tracks[0].person is None
    assert seen[1].ledger == Ledger.empty()


def test_a_matcher_that_reads_the_length_is_told_how_much_evidence_there_is() -> None:
    class LengthMatcher(CosineMatcher):
        def scores(self, gallery: Gallery, probes: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.repeat(np.linalg.norm(probes, axis=1, keepdims=True), len(gallery.people), axis=1)

    fused = [Fused(Template("made up", np.array([3, 4], np.float32)), 9, worth) for worth in (1.0, 1.6)]
    roster = Gallery.of("made up", [("ada", Template("made up", np.array([1, 0], np.float32)))])
    lengths = margins_of(LengthMatcher(threshold=0.0), look=0.05)(roster, fused)
    np.testing.assert_allclose(lengths[:, 0] ** 2, [1, 1 - (1 - 1 / 1.6) * 0.05], rtol=1e-5)


@pytest.mark.parametrize("matcher", [DistanceMatcher(), chosen_matcher("dlib-resnet-29-mirrored-v1")])
def test_a_tracker_for_an_engines_matcher_names_who_is_enrolled_and_no_stranger(matcher: Matcher) -> None:
    def seen_by(engine: str, each: Face) -> Face:
        return replace(each, template=None if each.template is None else Template(engine, each.template.vector))

    roster = Gallery(matcher.encoder)
    for name in ("ada", "bob"):
        roster.add(name, Template(matcher.encoder, template(name, moment=99).vector))
    watching = Tracker.for_matcher("camera", matcher)
    people = ("ada", "bob", "eve", "mallory")
    for moment in range(4):
        faces = [face(name, 300.0 * place, moment=moment) for place, name in enumerate(people)]
        shown = Frame(f"{moment}", moment, tuple(seen_by(matcher.encoder, each) for each in faces))
        seen = watching.see(shown, roster, Ledger.empty())
    assert [track.person for track in seen.tracks] == ["ada", "bob", None, None]


def test_templates_of_two_encoders_are_never_compared() -> None:
    seen = frame(0, face("ada", 100))
    with pytest.raises(EncoderMismatch, match="'other'"):
        tracker().see(seen, Gallery.of("other", [("ada", Template("other", template("ada").vector))]), Ledger.empty())
    other = replace(seen, faces=(replace(seen.faces[0], template=Template("other", template("ada").vector)),))
    with pytest.raises(EncoderMismatch, match="'other'"):
        tracker().see(other, gallery("ada"), Ledger.empty())
