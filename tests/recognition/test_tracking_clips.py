"""Tracks on real clips, with and without the work that may be left undone."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from recognition import Box, Engine, Gallery, load_engine
from recognition.tracking import (
    CHANGE,
    Economy,
    Frame,
    Ledger,
    Tracker,
    TrackState,
    change,
    faces_to_encode,
    hints,
    plan,
    thumbnail,
)

_PROJECT = Path(__file__).parents[2]
_RATE = 12.5
# People in the clip, all in sight from the first frame to the last.
CLIPS = {"head-pose-face-detection-female-and-male.gif": 2, "face-demographics-walking-and-pause.gif": 3}
# A track of fewer frames is a false find.
_FEWEST_FRAMES = 4

Film = list[NDArray[np.uint8]]


@dataclass
class Watched:
    """What a camera's tracker made of a film: open tracks after each frame, and the work that it took."""

    open: list[tuple[TrackState, ...]]
    closed: list[TrackState]
    whole_searches: int = 0
    searches_near: int = 0
    templates: int = 0

    @property
    def tracks(self) -> list[TrackState]:
        """All tracks but false finds."""
        return [track for track in (*self.closed, *self.open[-1]) if track.frames >= _FEWEST_FRAMES]


@pytest.fixture(scope="module")
def fast() -> Engine:
    return load_engine("fast")


@pytest.fixture(scope="module", params=sorted(CLIPS))
def clip(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def film(clip: str) -> Film:
    path = Path(os.environ.get("ROLLCALL_FACES", _PROJECT / "../shared/faces")) / "clips" / clip
    if not path.exists():
        pytest.skip(f"no clip at {path.resolve()}: set ROLLCALL_FACES to a folder that holds clips")
    with Image.open(path) as pictures:
        return [np.array(picture.convert("RGB")) for picture in ImageSequence.Iterator(pictures)]


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = max(min(one.right, other.right) - max(one.left, other.left), 0)
    shared = width * max(min(one.bottom, other.bottom) - max(one.top, other.top), 0)
    return shared / (one.width * one.height + other.width * other.height - shared)


def roster(engine: Engine, picture: NDArray[np.uint8]) -> Gallery:
    """Everyone in a picture, from left to right."""
    faces = sorted(engine.encode(picture, engine.find(picture)), key=lambda face: face.box.left)
    people = [(f"person {place}", face.template) for place, face in enumerate(faces) if face.template is not None]
    return Gallery.of(engine.encoder, people)


def watch(engine: Engine, film: Film, gallery: Gallery, economy: Economy | None, rate: float = _RATE) -> Watched:
    """Look at a film; with an economy only as much as its hints ask for."""
    watching = Tracker.for_matcher("camera", engine.matcher)
    watched = Watched([], [])
    looked_at: NDArray[np.uint8] | None = None
    for number, picture in enumerate(film):
        time = number / rate
        small = thumbnail(picture)
        if economy is not None and looked_at is not None and change(looked_at, small) < CHANGE:
            watched.open.append(watching.state.tracks)
            continue
        looked_at = small
        whole, near = True, None
        if economy is not None:
            given = hints(watching.state, economy)
            planned = plan(given, time, picture.shape[1], picture.shape[0])
            whole, near = planned.whole, None if planned.whole else planned.near
        faces = engine.find(picture, near=near)
        needed = [True] * len(faces) if economy is None else faces_to_encode(given, time, faces)
        encoded = engine.encode(picture, [face for face, due in zip(faces, needed, strict=True) if due])
        bare = [face for face, due in zip(faces, needed, strict=True) if not due]
        frame = Frame(f"frame {number}", time, (*encoded, *bare), whole=whole)
        watched.closed += watching.see(frame, gallery, Ledger.empty()).closed
        watched.open.append(watching.state.tracks)
        watched.whole_searches += whole
        watched.searches_near += not whole
        watched.templates += len(encoded)
    return watched


@pytest.fixture(scope="module")
def everything(fast: Engine, film: Film) -> Watched:
    return watch(fast, film, roster(fast, film[0]), None)


def test_each_person_of_a_clip_is_one_track_with_their_own_name(clip: str, everything: Watched) -> None:
    assert len(everything.tracks) == CLIPS[clip]
    assert {track.person for track in everything.tracks} == {f"person {place}" for place in range(CLIPS[clip])}


def test_at_one_frame_a_second_each_person_is_still_one_track(clip: str, fast: Engine, film: Film) -> None:
    every = round(_RATE)
    watched = watch(fast, film[::every] + film[1::every], roster(fast, film[0]), None, rate=1.0)
    assert len(watched.tracks) == CLIPS[clip]


def test_work_that_is_left_undone_loses_no_track(clip: str, fast: Engine, film: Film, everything: Watched) -> None:
    less = watch(fast, film, roster(fast, film[0]), Economy())
    assert len(less.tracks) == CLIPS[clip]
    assert {track.person for track in less.tracks} == {track.person for track in everything.tracks}
    for now, fewer in zip(everything.open, less.open, strict=True):
        for track in (each for each in now if each.person is not None):
            assert max((overlap(track.box, other.box) for other in fewer), default=0) > 0.3
    assert less.whole_searches <= len(film) / 5
    assert less.templates <= everything.templates / 4
