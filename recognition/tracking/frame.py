"""What a tracker is given of a frame, and what it makes of it."""

from dataclasses import dataclass

from recognition.faces import Face
from recognition.tracking.state import Ledger, TrackState

__all__ = ["Change", "Frame", "Seen"]


@dataclass(frozen=True)
class Frame:
    """One frame's faces. `id`: the camera's own; `time`: event time in seconds; `faces`: encoded or not, in any order.

    `whole`: whether all of the picture was searched, not only around open tracks.
    """

    id: str
    time: float
    faces: tuple[Face, ...]
    whole: bool = True


@dataclass(frozen=True)
class Change:
    """A name given to a track or taken from it. `reason` of what was taken: `evidence`, `blocked` or `off_roster`."""

    track: str
    person: str
    given: bool
    reason: str | None = None


@dataclass(frozen=True)
class Seen:
    """What a frame showed.

    `tracks`: each face's track, in the order of the frame's faces. `closed`: tracks that were lost for good, or gave
    way to a newer track of the same person; a name they had stands. `ledger`: the meeting's, after this frame.
    """

    tracks: tuple[TrackState, ...]
    changes: tuple[Change, ...]
    closed: tuple[TrackState, ...]
    ledger: Ledger
