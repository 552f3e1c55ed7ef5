"""Which tracks the topic `sightings` hears of: each at most twice, whatever happens to its name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from attendance.cameras import Camera
from attendance.sighting_events import Stage
from recognition import Box, Face, Quality
from recognition.tracking import Ledger, Seen, TrackState
from stream_app.messages import ToldTrack
from stream_app.telling import Telling, event_of

BOX = Box(1, 2, 31, 42)
SHARP = Quality(30, 0.5, 0.1, 120, 40)
STRANGER = TrackState("track", BOX, (0, 0), 100.0, 102.5, 3)
ADA = replace(STRANGER, person="ada", margin=1.5)


def seen(*tracks: TrackState, closed: tuple[TrackState, ...] = ()) -> Seen:
    return Seen(tracks, (), closed, Ledger.empty())


def of(telling: Telling, what: Seen, *faces: Face) -> list[tuple[Stage, str | None]]:
    return [(each.stage, each.track.person) for each in telling.of(what, faces, lambda _: ("meeting",))]


def test_a_track_is_told_when_it_gets_its_name_and_when_it_is_over() -> None:
    telling = Telling()
    assert of(telling, seen(STRANGER)) == []
    assert of(telling, seen(ADA)) == [(Stage.DECIDED, "ada")]
    assert of(telling, seen(ADA)) == []
    assert of(telling, seen(closed=(ADA,))) == [(Stage.ENDED, "ada")]


def test_a_stranger_is_told_once_it_is_over_and_without_a_name() -> None:
    telling = Telling()
    assert of(telling, seen(STRANGER)) == []
    assert of(telling, seen(closed=(STRANGER,))) == [(Stage.ENDED, None)]


def test_a_track_that_changes_its_name_is_not_decided_again_under_the_same_id() -> None:
    telling = Telling()
    of(telling, seen(ADA))
    assert of(telling, seen(STRANGER)) == []
    assert of(telling, seen(replace(ADA, person="ben"))) == []
    assert of(telling, seen(closed=(replace(ADA, person="ben"),))) == [(Stage.ENDED, "ben")]


@pytest.mark.parametrize("before", [ADA, replace(STRANGER, blocked=frozenset({"ada"}))])
def test_a_worker_that_takes_a_camera_over_does_not_tell_again_what_the_last_one_told(before: TrackState) -> None:
    telling = Telling()
    telling.resume([before])
    assert of(telling, seen(ADA)) == []


def test_the_event_holds_what_its_newest_picture_was_like() -> None:
    telling = Telling()
    face = Face(BOX, 0.9, None, None, SHARP)
    telling.of(seen(STRANGER), [face], lambda _: ())
    (told,) = telling.of(seen(ADA), [replace(face, quality=None)], lambda _: ("meeting",))
    event = event_of(told, Camera("camera", "room"), now=datetime(2026, 1, 1, tzinfo=UTC))
    assert event.id == "track/1"
    assert event.subject == event.data.camera_id == "camera"
    assert event.data.quality is not None
    assert (event.data.quality.width, event.data.quality.sharpness) == (30, 0.5)
    assert (event.data.box.left, event.data.box.bottom) == (1, 42)
    assert (event.data.student_id, event.data.score, event.data.meeting_ids) == ("ada", 1.5, ("meeting",))
    assert event.data.last_seen == datetime.fromtimestamp(102.5, UTC)


def test_a_track_without_a_picture_of_known_quality_says_so() -> None:
    told = ToldTrack(Stage.ENDED, STRANGER, (), None)
    event = event_of(told, Camera("camera", "room"), now=datetime(2026, 1, 1, tzinfo=UTC))
    assert (event.id, event.data.quality, event.data.student_id) == ("track/2", None, None)
