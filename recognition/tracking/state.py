"""What is known of a camera's tracks between two frames, as values that can be stored.

No template is among them: a stored track says where someone was and who, never what a stranger looks like. A worker
that takes a camera over gets the templates back by reading a few seconds of frames again (`Tracker.resume`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from recognition.faces import Box

__all__ = ["Block", "Glimpse", "Ledger", "TrackState", "TrackerState"]


@dataclass(frozen=True)
class Block:
    """A person's word that someone wasn't before this camera from `since` to `until` (seconds, both ends count)."""

    person: str
    since: float
    until: float


@dataclass(frozen=True)
class TrackState:
    """One open track.

    `id`: derived from the camera, the first frame and the place in it, so that the same frames give the same ids.
    `box` at `last_seen`, `velocity` of its centre in pixels a second; times in seconds. `encoded_at`: when its newest
    template was made, None for never. `person`: who it is, None for unknown; `margin`: by how much the score was above
    the matcher's threshold when it was last compared. `blocked`: whom it may never be.
    """

    id: str
    box: Box
    velocity: tuple[float, float]
    first_seen: float
    last_seen: float
    frames: int
    encoded_at: float | None = None
    person: str | None = None
    margin: float | None = None
    blocked: frozenset[str] = frozenset()

    def overlaps(self, block: Block) -> bool:
        """Tell whether the track was seen, by what is known, within the block's interval."""
        return self.first_seen <= block.until and block.since <= self.last_seen


@dataclass(frozen=True)
class Glimpse:
    """Which faces of a frame went into the templates of which open tracks: (track id, box in whole pixels).

    Without it tracks would be told apart anew when a camera moves to another worker, and two people in one place could
    change names. `frame`: its id; `time`: as it counted, in seconds.
    """

    frame: str
    time: float
    faces: tuple[tuple[str, Box], ...]


@dataclass(frozen=True)
class Ledger:
    """What a meeting's error budget was spent on: how many unnamed tracks were most like each person of the roster.

    One a meeting, shared by the cameras of its room. It counts by person enrolled, and holds nothing of the strangers.
    """

    chances: Mapping[str, int]

    @classmethod
    def empty(cls) -> "Ledger":
        """Return the ledger that a meeting begins with."""
        return cls({})

    def spent(self, person: str) -> int:
        """How many tracks were most like this person, and ended without a name."""
        return self.chances.get(person, 0)

    def with_chance(self, person: str) -> "Ledger":
        """Return the ledger after one more such track."""
        return Ledger({**self.chances, person: self.spent(person) + 1})


@dataclass(frozen=True)
class TrackerState:
    """All of a camera's open tracks, the blocks that hold for it, and when it was last looked over as a whole.

    `glimpses`: what to read again to rebuild the templates, oldest first (see `Tracker.resume`).
    """

    camera: str
    time: float | None = None
    tracks: tuple[TrackState, ...] = ()
    blocks: tuple[Block, ...] = ()
    searched_at: float | None = None
    glimpses: tuple[Glimpse, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, for JSON or a database."""
        tracks = [
            {**asdict(track), "velocity": list(track.velocity), "blocked": sorted(track.blocked)}
            for track in self.tracks
        ]
        # By number, not by id: these are most of the document, and it is written often.
        numbers = {track.id: number for number, track in enumerate(self.tracks)}
        glimpses = [
            {
                "frame": each.frame,
                "time": each.time,
                "faces": [[numbers[track], box.left, box.top, box.right, box.bottom] for track, box in each.faces],
            }
            for each in self.glimpses
        ]
        return {
            "camera": self.camera,
            "time": self.time,
            "tracks": tracks,
            "blocks": [asdict(block) for block in self.blocks],
            "searched_at": self.searched_at,
            "glimpses": glimpses,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "TrackerState":
        """Return what `to_document` wrote; fields that it doesn't know are passed over. Raises KeyError."""
        tracks = tuple(
            TrackState(
                id=each["id"],
                box=Box(*(each["box"][side] for side in ("left", "top", "right", "bottom"))),
                velocity=(each["velocity"][0], each["velocity"][1]),
                first_seen=each["first_seen"],
                last_seen=each["last_seen"],
                frames=each["frames"],
                encoded_at=each["encoded_at"],
                person=each["person"],
                margin=each["margin"],
                blocked=frozenset(each["blocked"]),
            )
            for each in document["tracks"]
        )
        blocks = tuple(Block(each["person"], each["since"], each["until"]) for each in document["blocks"])
        glimpses = tuple(
            Glimpse(each["frame"], each["time"], tuple((tracks[face[0]].id, Box(*face[1:])) for face in each["faces"]))
            for each in document["glimpses"]
        )
        return cls(document["camera"], document["time"], tracks, blocks, document["searched_at"], glimpses)
