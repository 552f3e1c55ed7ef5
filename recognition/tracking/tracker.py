"""One camera's tracks: a frame's faces in, tracks and names out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from uuid import NAMESPACE_URL, uuid5

import numpy as np
from numpy.typing import NDArray

from recognition.faces import Box, Face
from recognition.gallery import Gallery
from recognition.tracking.association import Motion, Place, associate
from recognition.tracking.decision import Margins, Spending, decide
from recognition.tracking.fusion import Correlation, Evidence, Weigh, weigh_by_size
from recognition.tracking.state import Block, Ledger, TrackerState, TrackState

__all__ = ["Change", "Frame", "Seen", "Settings", "Tracker"]

_NOBODY: Mapping[str, float] = MappingProxyType({})
# Between frames further apart than this a movement says nothing of the next one.
_LONGEST_STEP = 1.0
# How much of a track's speed the newest step makes; all of it, and the jitter of a box would throw the next prediction.
_NEWEST_STEP = 0.5


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


@dataclass(frozen=True)
class Settings:
    """How a tracker works.

    `lost_after`: seconds without a face after which a track is closed; at one frame a second a face that is missed
    twice must not break it. `most_tracks`: open at once; a picture full of false finds must not fill the memory.
    """

    motion: Motion = field(default_factory=Motion)
    correlation: Correlation = field(default_factory=Correlation)
    spending: Spending = field(default_factory=Spending)
    lost_after: float = 4.0
    most_tracks: int = 500


_DEFAULTS = Settings()


@dataclass
class _Open:
    state: TrackState
    evidence: Evidence
    most_like: str | None = None


class Tracker:
    """Follows the faces before one camera. Deterministic; the order of the faces within a frame doesn't matter.

    >>> tracker = Tracker("camera 1", margins_of(engine.matcher))
    >>> seen = tracker.see(Frame("frame 1", 12.0, look.faces), gallery, Ledger.empty())
    >>> [track.person for track in seen.tracks]

    Frames come in the order of their times (an earlier one counts as of the last one's time), and each only once.
    """

    def __init__(
        self, camera: str, margins: Margins, settings: Settings = _DEFAULTS, weigh: Weigh = weigh_by_size
    ) -> None:
        self._margins = margins
        self._settings = settings
        self._weigh = weigh
        self._tracks: list[_Open] = []
        self._rest = TrackerState(camera)

    @property
    def state(self) -> TrackerState:
        """Everything but the templates; see `resume`."""
        return replace(self._rest, tracks=tuple(track.state for track in self._tracks))

    def resume(self, state: TrackerState, frames: Iterable[Frame] = ()) -> None:
        """Go on from another tracker's state, with the templates of its tracks rebuilt from its last frames.

        `frames`: read again, in order, with templates; of those that the state already saw. A track gets its templates
        back from the frame in which it was last seen; without that frame it goes on without them, and keeps its name
        until it is encoded again.
        """
        rebuilt: dict[tuple[float, Box], Evidence] = {}
        reader = Tracker(state.camera, self._margins, self._settings, self._weigh)
        nobody = Gallery("")
        for frame in frames:
            reader.see(frame, nobody, Ledger.empty())
            rebuilt.update({(each.state.last_seen, each.state.box): each.evidence for each in reader._tracks})
        self._rest = replace(state, tracks=())
        self._tracks = [
            _Open(track, deepcopy(rebuilt.get((track.last_seen, track.box), Evidence(self._settings.correlation))))
            for track in state.tracks
        ]

    def block(self, block: Block) -> tuple[Change, ...]:
        """Never give that name to a track seen within that interval, now or later; take it back where it was given."""
        if block not in self._rest.blocks:
            self._rest = replace(self._rest, blocks=(*self._rest.blocks, block))
        changes = []
        for track in self._tracks:
            before = track.state
            track.state = self._blocked(before)
            if before.person is not None and before.person in track.state.blocked:
                track.state = replace(track.state, person=None, margin=None)
                changes.append(Change(before.id, before.person, given=False, reason="blocked"))
        return tuple(changes)

    def see(self, frame: Frame, gallery: Gallery, ledger: Ledger, elsewhere: Mapping[str, float] = _NOBODY) -> Seen:
        """Take the next frame; `gallery` is who may be named now, `elsewhere` who is in other rooms, by margin.

        Raises what the matcher raises where gallery and templates aren't of one encoder.
        """
        now = frame.time if self._rest.time is None else max(frame.time, self._rest.time)
        searched = now if frame.whole else self._rest.searched_at
        self._rest = replace(self._rest, time=now, searched_at=searched)
        closed = self._close(lambda track: now - track.state.last_seen > self._settings.lost_after)
        ledger = _spend(ledger, closed)

        order = sorted(range(len(frame.faces)), key=lambda place: _sort_key(frame.faces[place]))
        in_sight = self._follow(frame, [frame.faces[place] for place in order], now)
        changes, superseded = self._name(in_sight, gallery, ledger, elsewhere)
        ended = self._close(lambda track: track.state.id in superseded)
        if len(self._tracks) > self._settings.most_tracks:
            oldest = sorted(self._tracks, key=lambda track: (track.state.last_seen, track.state.id))
            surplus = {track.state.id for track in oldest[: len(oldest) - self._settings.most_tracks]}
            ended += self._close(lambda track: track.state.id in surplus)

        tracks = dict(zip(order, (track.state for track in in_sight), strict=True))
        return Seen(
            tuple(tracks[place] for place in range(len(order))),
            changes,
            tuple(track.state for track in closed + ended),
            _spend(ledger, ended),
        )

    def _follow(self, frame: Frame, faces: Sequence[Face], now: float) -> list[_Open]:
        places = [Place(each.state.box, each.state.velocity, now - each.state.last_seen) for each in self._tracks]
        boxes = [face.box for face in faces]
        chosen = associate(places, boxes, self._cosines(faces), self._settings.motion)
        by_face = {face: track for track, face in zip(self._tracks, chosen, strict=True) if face is not None}
        in_sight = []
        for index, face in enumerate(faces):
            track = by_face.get(index)
            if track is None:
                track = self._begin(frame, index, face, now)
            else:
                track.state = _moved(track.state, face.box, now)
            if face.template is not None:
                track.evidence.add(face.template, self._weigh(face), now)
                track.state = replace(track.state, encoded_at=now)
            track.state = self._blocked(track.state)
            in_sight.append(track)
        return in_sight

    def _begin(self, frame: Frame, index: int, face: Face, now: float) -> _Open:
        identity = str(uuid5(NAMESPACE_URL, f"{self._rest.camera}\n{frame.id}\n{frame.time!r}\n{index}"))
        state = TrackState(identity, face.box, (0.0, 0.0), first_seen=now, last_seen=now, frames=1)
        track = _Open(state, Evidence(self._settings.correlation))
        self._tracks.append(track)
        return track

    def _name(
        self, in_sight: Sequence[_Open], gallery: Gallery, ledger: Ledger, elsewhere: Mapping[str, float]
    ) -> tuple[tuple[Change, ...], set[str]]:
        pairs = [(track.state, track.evidence.fused()) for track in in_sight]
        answers = decide(pairs, gallery, self._margins, self._settings.spending, ledger, elsewhere)
        changes = []
        for track, answer in zip(in_sight, answers, strict=True):
            before = track.state.person
            track.most_like = answer.most_like
            track.state = replace(track.state, person=answer.person, margin=answer.margin)
            if before is not None and before != answer.person:
                changes.append(
                    Change(track.state.id, before, given=False, reason=_reason(track.state, before, gallery))
                )
            if answer.person is not None and before != answer.person:
                changes.append(Change(track.state.id, answer.person, given=True))
        named = {answer.person for answer in answers} - {None}
        visible = {track.state.id for track in in_sight}
        hidden = [track.state for track in self._tracks if track.state.id not in visible]
        return tuple(changes), {state.id for state in hidden if state.person in named}

    def _blocked(self, state: TrackState) -> TrackState:
        blocked = state.blocked | {block.person for block in self._rest.blocks if state.overlaps(block)}
        return replace(state, blocked=blocked) if blocked != state.blocked else state

    def _close(self, is_over: Callable[[_Open], bool]) -> list[_Open]:
        closed = [track for track in self._tracks if is_over(track)]
        self._tracks = [track for track in self._tracks if not is_over(track)]
        return closed

    def _cosines(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        table = np.full((len(self._tracks), len(faces)), np.nan, np.float32)
        directions = [track.evidence.direction for track in self._tracks]
        rows = [row for row, direction in enumerate(directions) if direction is not None]
        columns = [column for column, face in enumerate(faces) if face.template is not None]
        if not rows or not columns:
            return table
        left = np.stack([direction for direction in directions if direction is not None])
        right = np.stack([face.template.vector for face in faces if face.template is not None])
        lengths = np.linalg.norm(right, axis=1)
        table[np.ix_(rows, columns)] = left @ right.T / np.maximum(lengths, np.float32(1e-12))
        return table


def _spend(ledger: Ledger, closed: Iterable[_Open]) -> Ledger:
    for track in closed:
        if track.state.person is None and track.most_like is not None:
            ledger = ledger.with_chance(track.most_like)
    return ledger


def _moved(state: TrackState, box: Box, now: float) -> TrackState:
    seconds = now - state.last_seen
    velocity = (0.0, 0.0)
    if 0 < seconds <= _LONGEST_STEP:
        old = state.box
        step = (
            (box.left + box.right - old.left - old.right) / 2 / seconds,
            (box.top + box.bottom - old.top - old.bottom) / 2 / seconds,
        )
        velocity = (
            state.velocity[0] + _NEWEST_STEP * (step[0] - state.velocity[0]),
            state.velocity[1] + _NEWEST_STEP * (step[1] - state.velocity[1]),
        )
    return replace(state, box=box, velocity=velocity, last_seen=now, frames=state.frames + 1)


def _reason(state: TrackState, person: str, gallery: Gallery) -> str:
    if person in state.blocked:
        return "blocked"
    return "evidence" if person in gallery else "off_roster"


def _sort_key(face: Face) -> tuple[float, float, float, float, float, bytes]:
    box = face.box
    template = b"" if face.template is None else face.template.to_bytes()
    return box.left, box.top, box.right, box.bottom, face.score, template
