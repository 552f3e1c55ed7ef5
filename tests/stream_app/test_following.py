"""A camera's frames in, what records hear out: nothing is told twice, and nothing kept back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import numpy as np

from attendance.cameras import Camera
from attendance.meetings import Meeting
from attendance.records import Block
from recognition import Box, DetectorScale, Face, Gallery, Glance, Look, PictureHeader, Timings
from recognition.tracking import Change, Frame, Ledger, Seen, Tracker, TrackState
from stream_app.following import Following
from stream_app.messages import Looked, Shown
from stream_app.rosters import View, Watched
from tests.recognition.tracked import face, gallery, tracker

CAMERA = Camera("camera", "room")
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
MEETING = Meeting("meeting", "class", ("room",), START, START + timedelta(minutes=50), "UTC")
NEXT = Meeting("next", "class", ("room",), MEETING.end, MEETING.end + timedelta(minutes=50), "UTC")
SCALE = DetectorScale(0, 1)


def view(
    *meetings: Meeting, roster: tuple[str, ...] = ("ada", "ben"), blocks: tuple[tuple[str, Block], ...] = ()
) -> View:
    return View(tuple(Watched(each, frozenset(roster)) for each in meetings or (MEETING,)), gallery(*roster), blocks)


def glance(faces: Sequence[Face], *, is_unchanged: bool = False) -> Glance:
    look = Look(PictureHeader("JPEG", 9, 9), 9, 9, tuple(faces), SCALE, Timings(0, 0, 0))
    return Glance(None if is_unchanged else look, whole=not is_unchanged, thumbnail=np.zeros((2, 2), np.uint8))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Watching:
    """A lane's knowledge of one camera, fed with frames a second apart."""

    def __init__(self) -> None:
        self.following = Following(tracker())

    def see(self, seconds: float, *faces: Face, on: View | None = None) -> Shown:
        looked = Looked(f"frame {seconds}", CAMERA, at(seconds), glance(faces))
        assert looked.glance
        return self.following.take(looked, looked.glance, on or view())

    def see_no_change(self, seconds: float) -> Shown:
        known, reference = self.following.known(at(seconds))
        assert (known.last is None) == (reference is None)
        still = glance((), is_unchanged=True)
        return self.following.take(Looked(f"frame {seconds}", CAMERA, at(seconds), still, reference), still, view())


def ada(seconds: float, x: float = 100) -> Face:
    return face("ada", x, moment=seconds)


def test_a_student_who_is_recognised_is_news_at_once_and_then_only_now_and_then() -> None:
    watching = Watching()
    first = watching.see(0, ada(0))
    assert first.is_urgent
    assert [(each.sighting.student_id, each.sighting.first_seen) for each in first.seen] == [("ada", at(0))]
    later = [watching.see(second, ada(second)) for second in range(1, 25)]
    assert not any(each.is_urgent for each in later)
    assert [each.taken_at for each in later if each.seen] == [at(10), at(20)]
    assert {each.sighting.id for shown in later for each in shown.seen} == {first.seen[0].sighting.id}


def test_a_track_that_ends_tells_when_it_was_last_seen() -> None:
    watching = Watching()
    for second in range(4):
        watching.see(second, ada(second))
    over = watching.see(20)
    assert [(each.sighting.last_seen, each.sighting.frames) for each in over.seen] == [(at(3), 4)]
    assert watching.see(21).seen == ()


def test_the_last_moments_of_a_meeting_are_told_by_the_first_frame_after_it() -> None:
    watching = Watching()
    for second in range(4):
        watching.see(second, ada(second))
    after = watching.following.pass_over(Looked("after", CAMERA, MEETING.end))
    assert [each.sighting.last_seen for each in after.seen] == [at(3)]
    assert watching.following.pass_over(Looked("after that", CAMERA, MEETING.end)).seen == ()


def test_who_stays_for_the_next_meeting_is_news_there() -> None:
    watching = Watching()
    watching.see(0, ada(0))
    shown = watching.see(1, ada(1), on=view(NEXT))
    assert shown.is_urgent
    assert [each.meeting for each in shown.seen] == [NEXT]


def test_who_was_last_seen_in_the_meeting_before_is_not_seen_in_the_next_one_though_its_window_was_open() -> None:
    watching = Watching()
    end = (MEETING.end - START).total_seconds()
    both, then = view(MEETING, NEXT), replace(view(NEXT), earlier=view(MEETING).watched)
    for second in range(4):
        watching.see(end - 10 + second, ada(second), on=both)
    closed = watching.see(end + 5, on=then)
    assert [(each.meeting, each.sighting.last_seen) for each in closed.seen if each.meeting == MEETING] == [
        (MEETING, at(end - 7))
    ]
    assert {each.counts_from for each in closed.seen if each.meeting == NEXT} == {NEXT.start}


def test_who_stays_from_the_meeting_before_counts_for_the_next_one_from_its_start() -> None:
    watching = Watching()
    end = (MEETING.end - START).total_seconds()
    watching.see(end - 1, ada(0), on=view(MEETING, NEXT))
    stays = watching.see(end + 1, ada(2), on=replace(view(NEXT), earlier=view(MEETING).watched))
    assert {each.counts_from for each in stays.seen if each.meeting == NEXT} <= {NEXT.start}


def test_a_stranger_is_counted_and_told_to_nobody() -> None:
    shown = Watching().see(0, face("zoe", 100))
    assert (shown.faces, shown.unknown, shown.seen, shown.is_urgent) == (1, 1, (), False)


def test_where_nothing_changes_the_same_faces_go_on() -> None:
    watching = Watching()
    watching.see(0, ada(0))
    shown = [watching.see_no_change(second) for second in range(1, 12)]
    assert {(each.faces, each.unknown) for each in shown} == {(1, 0)}
    told = [seen.sighting for each in shown for seen in each.seen]
    assert [(each.first_seen, each.last_seen, each.frames) for each in told] == [(at(0), at(10), 11)]


def test_after_a_pause_nothing_is_taken_to_be_as_it_was() -> None:
    watching = Watching()
    watching.see(0, ada(0))
    known, reference = watching.following.known(at(30))
    assert known.last is None
    assert reference is None


def test_what_shows_no_change_shows_the_faces_of_the_frame_that_it_was_compared_with() -> None:
    watching = Watching()
    watching.see(0, ada(0))
    _, reference = watching.following.known(at(0.4))
    watching.see(0.2)  # looked at meanwhile: nobody there for a moment
    still = glance((), is_unchanged=True)
    shown = watching.following.take(Looked("f", CAMERA, at(0.4), still, reference), still, view())
    assert shown.faces == 1


class Changeable:
    """A tracker with one track, whose name a test changes."""

    def __init__(self) -> None:
        self.person: str | None = None

    def see(self, frame: Frame, _gallery: Gallery, ledger: Ledger) -> Seen:
        box = Box(0, 0, 9, 9)
        before, self.person = self.person, frame.id.split()[0]
        changes = []
        if before and before != self.person:
            changes.append(Change("track", before, given=False, reason="evidence"))
        if self.person and before != self.person:
            changes.append(Change("track", self.person, given=True))
        start = at(0).timestamp()
        track = TrackState("track", box, (0, 0), start, frame.time, 1, person=self.person, margin=0.5)
        return Seen((track,), tuple(changes), (), ledger)


def test_a_name_that_the_evidence_takes_back_is_taken_from_the_record_and_the_right_one_is_news() -> None:
    following = Following(cast("Tracker", Changeable()))
    shown = []
    for second, name in enumerate(["ben", "ben", "ada", "ada"]):
        seen = glance([ada(second)])
        shown.append(following.take(Looked(f"{name} {second}", CAMERA, at(second), seen), seen, view()))
    assert [[each.sighting.student_id for each in frame.seen] for frame in shown] == [["ben"], [], ["ada"], []]
    assert [[(each.student_id, each.at) for each in frame.taken_back] for frame in shown] == [
        [],
        [],
        [("ben", at(2))],
        [],
    ]
    assert [frame.is_urgent for frame in shown] == [True, False, True, False]


def test_going_on_elsewhere_keeps_tracks_ids_budget_and_what_was_counted() -> None:
    here, there = Watching(), Watching()
    frames = []
    for second in range(5):
        faces = (ada(second), face("zoe", 400, moment=float(second)))
        here.see(second, *faces)
        frames.append(Frame(f"frame {second}", at(second).timestamp(), faces))
    saved = here.following.saved(CAMERA, ("frames", 0, 7), at(5), at(5))
    there.following.resume(saved, frames)
    assert there.following.was_counted("frame 4")
    on, also_on = (watching.see(5, ada(5), face("zoe", 400, moment=5.0)) for watching in (here, there))
    assert on.seen == ()  # told already
    (again,) = also_on.seen  # told once more: a new worker can't know
    (first,) = Watching().see(0, ada(0), face("zoe", 400)).seen
    assert (again.sighting.id, again.sighting.first_seen) == (first.sighting.id, at(0))
    assert also_on.unknown == on.unknown == 1
    assert here.following.saved(CAMERA, ("frames", 0, 8), at(5), at(5)) == there.following.saved(
        CAMERA, ("frames", 0, 8), at(5), at(5)
    )


def test_what_is_saved_holds_no_template() -> None:
    watching = Watching()
    watching.see(0, ada(0))
    saved = watching.following.saved(CAMERA, ("frames", 0, 1), at(1), at(1))
    numbers = [each for each in _leaves(saved.state) if isinstance(each, float | int)]
    assert len(numbers) < 40


def _leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    if isinstance(value, list | tuple):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value]


NOT_ADA = ("ada", Block(CAMERA.id, at(0), at(5)))


def _named(shown: Shown) -> set[str]:
    return {each.sighting.student_id for each in shown.seen}


def test_of_whom_somebody_says_not_this_person_is_not_named_again_though_looked_at_on_and_on() -> None:
    watching = Watching()
    assert _named(watching.see(0, ada(0))) == {"ada"}
    denied = view(blocks=(NOT_ADA,))
    shown = [watching.see(second, ada(second), on=denied) for second in range(1, 40)]
    assert not any(_named(each) for each in shown)
    assert not any(each.taken_back for each in shown)  # the word itself took it back
    assert all(each.unknown == 1 for each in shown)


def test_what_was_said_holds_for_the_next_worker_too() -> None:
    first, second = Watching(), Watching()
    first.see(0, ada(0))
    first.see(1, ada(1), on=view(blocks=(NOT_ADA,)))
    second.following.resume(first.following.saved(CAMERA, ("frames", 0, 1), at(1), at(1)))
    for moment in range(2, 5):
        assert not _named(second.see(moment, ada(moment)))  # though its view doesn't hold the word yet


def test_what_was_said_while_no_worker_had_the_camera_holds_for_the_next() -> None:
    first, second = Watching(), Watching()
    first.see(0, ada(0))
    second.following.resume(first.following.saved(CAMERA, ("frames", 0, 1), at(0), at(0)))
    for moment in range(1, 5):
        assert not _named(second.see(moment, ada(moment), on=view(blocks=(NOT_ADA,))))


def test_what_was_said_of_another_camera_or_another_time_changes_nothing() -> None:
    watching = Watching()
    elsewhere = ("ada", Block("another camera", at(0), at(5)))
    earlier = ("ada", Block(CAMERA.id, at(-60), at(-30)))
    assert _named(watching.see(0, ada(0), on=view(blocks=(elsewhere, earlier)))) == {"ada"}


def test_after_the_interval_the_student_may_come() -> None:
    watching = Watching()
    denied = view(blocks=(NOT_ADA,))
    watching.see(0, ada(0), on=denied)
    for second in range(6, 30, 8):  # the track from before is over
        watching.see(second, on=denied)
    assert _named(watching.see(31, ada(31), on=denied)) == {"ada"}
