"""Follows the people of a clip, with no more work on a frame than what is known of it asks for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.engine import Engine
from recognition.gallery import Gallery
from recognition.tracking import (
    CHANGE,
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

__all__ = ["Following"]


@dataclass(frozen=True)
class _Before:
    """The last frame that was looked at, small, and what was in it."""

    thumbnail: NDArray[np.uint8]
    tracks: tuple[TrackState, ...]


class Following:
    """The tracks of one clip."""

    def __init__(self, engine: Engine, gallery: Gallery, smallest_face: float, clip: str) -> None:
        self._engine = engine
        self._gallery = gallery
        self._smallest_face = smallest_face
        self._tracker = Tracker.for_matcher(clip, engine.matcher)
        self._ledger = Ledger.empty()
        self._closed: list[TrackState] = []
        self._before: _Before | None = None

    @property
    def tracks(self) -> list[TrackState]:
        """Every track so far, in the order in which they began."""
        return sorted((*self._closed, *self._tracker.state.tracks), key=lambda track: (track.first_seen, track.id))

    def see(self, picture: NDArray[np.uint8], number: int, seconds: float) -> tuple[TrackState, ...]:
        """Take the next frame, RGB uint8 (height, width, 3), and return the tracks that are in sight."""
        small = thumbnail(picture, self._smallest_face)
        if self._before is not None and change(self._before.thumbnail, small) < CHANGE:
            return self._before.tracks
        given = hints(self._tracker.state)
        height, width = picture.shape[:2]
        where = plan(given, seconds, width, height)
        faces = self._engine.find(picture, self._smallest_face, None if where.whole else where.near)
        due = faces_to_encode(given, seconds, faces)
        encoded = self._engine.encode(picture, [face for face, needed in zip(faces, due, strict=True) if needed])
        bare = [face for face, needed in zip(faces, due, strict=True) if not needed]
        frame = Frame(f"frame {number}", seconds, (*encoded, *bare), where.whole)
        seen = self._tracker.see(frame, self._gallery, self._ledger)
        self._ledger = seen.ledger
        self._closed += seen.closed
        self._before = _Before(small, seen.tracks)
        return seen.tracks
