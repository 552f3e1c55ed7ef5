"""What of a frame's work need not be done, said by values that a stateless worker gets with the frame. Pure.

The caller asks its tracker's state for `hints` and sends them along with the picture. The worker does what `plan` says,
looks over the whole picture when that is due and near open tracks between, and encodes only `faces_to_encode`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from recognition.faces import Box, Face
from recognition.tracking.association import Motion, Place, plainly
from recognition.tracking.state import TrackerState

__all__ = ["Economy", "Hint", "Hints", "Plan", "faces_to_encode", "hints", "plan"]


@dataclass(frozen=True)
class Economy:
    """How much is left undone.

    `search_every`: seconds between searches of the whole picture; so late is someone found who comes in. `seek_for`:
    seconds for which a track that is out of sight is looked for where it should be; after that the next whole search
    has to find it, or each face that hid in the last seconds would cost as much as one in sight.
    `encode_every`: seconds between two templates of a track that has a name; so late is it noticed that the face is
    another's. `settle_after`: seconds for which a track without a name is encoded `settle_every` so many seconds: two
    looks nearer to each other tell hardly more than one, and a camera of 25 frames a second would have five times the
    work. `retry_every`: seconds between its templates from then on; a stranger who sits there for an hour must not cost
    as much as a search.
    """

    search_every: float = 0.8
    seek_for: float = 0.5
    encode_every: float = 5.0
    settle_after: float = 5.0
    settle_every: float = 0.2
    retry_every: float = 1.0
    motion: Motion = field(default_factory=Motion)


@dataclass(frozen=True)
class Hint:
    """One open track: where it was and how it moves, and when its next template is due (None: with the next frame)."""

    box: Box
    velocity: tuple[float, float]
    last_seen: float
    template_due: float | None


@dataclass(frozen=True)
class Hints:
    """What a worker needs of a camera's tracks: no id, no name. `search_due`: time of the next whole search."""

    tracks: tuple[Hint, ...]
    search_due: float | None
    economy: Economy


@dataclass(frozen=True)
class Plan:
    """Where to look: in the whole picture, or only `near` where open tracks should be by now (none means nowhere)."""

    whole: bool
    near: tuple[Box, ...] = ()


_DEFAULTS = Economy()


def hints(state: TrackerState, economy: Economy = _DEFAULTS) -> Hints:
    """Return what a worker needs to know for the next frame."""
    tracks = []
    for track in state.tracks:
        due = None
        if track.encoded_at is not None and track.person is not None:
            due = track.encoded_at + economy.encode_every
        elif track.encoded_at is not None:
            is_settled = track.encoded_at - track.first_seen >= economy.settle_after
            due = track.encoded_at + (economy.retry_every if is_settled else economy.settle_every)
        tracks.append(Hint(track.box, track.velocity, track.last_seen, due))
    search_due = None if state.searched_at is None else state.searched_at + economy.search_every
    return Hints(tuple(tracks), search_due, economy)


def plan(given: Hints, time: float, width: int, height: int) -> Plan:
    """Return where to look in a frame of that event time (seconds) and size (pixels)."""
    if given.search_due is None or time >= given.search_due:
        return Plan(whole=True)
    seen = [track for track in given.tracks if time - track.last_seen <= given.economy.seek_for]
    places = [Place(track.box, track.velocity, max(time - track.last_seen, 0.0)) for track in seen]
    picture = Box(0.0, 0.0, float(width), float(height))
    return Plan(whole=False, near=tuple(each.predicted for each in places if _touches(each.predicted, picture)))


def faces_to_encode(given: Hints, time: float, faces: Sequence[Face]) -> list[bool]:
    """Return for each face whether it needs a template.

    Only a face that by its place continues one track beyond doubt goes without, while no template of it is due: where
    people are so near to each other that they could be taken for one another, their templates decide.
    """
    places = [Place(track.box, track.velocity, max(time - track.last_seen, 0.0)) for track in given.tracks]
    needed = []
    for track in plainly(places, [face.box for face in faces], given.economy.motion):
        due = None if track is None else given.tracks[track].template_due
        needed.append(due is None or time >= due)
    return needed


def _touches(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
