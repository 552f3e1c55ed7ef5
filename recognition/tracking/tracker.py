"""One camera's tracks: a frame's faces in, tracks and names out."""

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from uuid import NAMESPACE_URL, uuid5

import numpy as np
from numpy.typing import NDArray

from recognition.assignment import assign
from recognition.faces import Box, Face
from recognition.gallery import Gallery
from recognition.matcher import Matcher
from recognition.tracking.association import Place, associate, overlaps
from recognition.tracking.decision import Margins, decide, margins_of, spending_of
from recognition.tracking.frame import Change, Frame, Seen
from recognition.tracking.fusion import Evidence, Weigh
from recognition.tracking.settings import Settings
from recognition.tracking.state import Block, Glimpse, Ledger, TrackerState, TrackState
from recognition.tracking.weighing import weigh_by_quality

__all__ = ["Tracker"]

_NOBODY: Mapping[str, float] = MappingProxyType({})
# Between frames further apart than this a movement says nothing of the next one.
_LONGEST_STEP = 1.0
# How much of a track's speed the newest step makes; all of it, and the jitter of a box would throw the next prediction.
_NEWEST_STEP = 0.5
# A face found again is the one found before from this overlap on; another search of the same picture moves a box a bit.
_SAME_FACE = 0.5


_DEFAULTS = Settings()


@dataclass(frozen=True)
class _Encoded:
    """Where a face was that went into a track's template. `number`: the frame's, of those that this tracker saw."""

    number: int
    frame: str
    time: float
    box: Box


@dataclass
class _Open:
    state: TrackState
    evidence: Evidence
    encoded: deque[_Encoded]
    # None until it is compared with someone, and again after `resume`: whom a stranger is like isn't stored.
    most_like: str | None = None


class Tracker:
    """Follows the faces before one camera. Deterministic; the order of the faces within a frame doesn't matter.

    >>> tracker = Tracker.for_matcher("camera 1", engine.matcher)
    >>> seen = tracker.see(Frame("frame 1", 12.0, look.faces), gallery, Ledger.empty())
    >>> [track.person for track in seen.tracks]

    Frames come in the order of their times (an earlier one counts as of the last one's time), and each only once.
    """

    def __init__(
        self, camera: str, margins: Margins, settings: Settings = _DEFAULTS, weigh: Weigh = weigh_by_quality
    ) -> None:
        self._margins = margins
        self._settings = settings
        self._weigh = weigh
        self._tracks: list[_Open] = []
        self._rest = TrackerState(camera)
        self._frames = 0

    @classmethod
    def for_matcher(cls, camera: str, matcher: Matcher, settings: Settings = _DEFAULTS) -> "Tracker":
        """Return a tracker that names people by a matcher, such as an engine's, within a meeting's error budget.

        The settings' spending gives way to the one that was fitted for such a matcher's scores.
        """
        return cls(camera, margins_of(matcher), replace(settings, spending=spending_of(matcher)))

    @property
    def state(self) -> TrackerState:
        """Everything but the templates; see `resume`."""
        since = -math.inf if self._rest.time is None else self._rest.time - self._settings.read_back
        frames: dict[int, tuple[_Encoded, list[tuple[str, Box]]]] = {}
        for track in self._tracks:
            for each in track.encoded:
                if each.time >= since:
                    frames.setdefault(each.number, (each, []))[1].append((track.state.id, each.box))
        glimpses = tuple(
            Glimpse(each.frame, each.time, tuple(faces)) for _, (each, faces) in sorted(frames.items(), key=_number)
        )
        return replace(self._rest, tracks=tuple(track.state for track in self._tracks), glimpses=glimpses)

    def resume(self, state: TrackerState, frames: Iterable[Frame] = ()) -> None:
        """Go on from another tracker's state, with the templates of its tracks rebuilt from the frames it names.

        `frames`: read again, with templates, in any order; those that `state.glimpses` doesn't name are passed over, so
        only those need be looked at. A track gets back the templates of the faces that were its own; one whose frames
        are gone goes on without, and keeps its name until it is encoded again.
        """
        self._rest = replace(state, tracks=(), glimpses=())
        self._tracks = [self._open(track) for track in state.tracks]
        self._frames = len(state.glimpses)
        tracks = {track.state.id: track for track in self._tracks}
        wanted = {glimpse.frame for glimpse in state.glimpses}
        read = {frame.id: frame.faces for frame in frames if frame.id in wanted}
        for number, glimpse in enumerate(state.glimpses):
            faces = [face for face in read.get(glimpse.frame, ()) if face.template is not None]
            found = assign(overlaps([box for _, box in glimpse.faces], [face.box for face in faces]), _SAME_FACE)
            for (identity, box), place in zip(glimpse.faces, found, strict=True):
                track = tracks[identity]
                track.encoded.append(_Encoded(number, glimpse.frame, glimpse.time, box))
                if place is not None and (template := faces[place].template) is not None:
                    track.evidence.add(template, self._weigh(faces[place]), glimpse.time)

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
        self._frames += 1
        closed = self._close(lambda track: now - track.state.last_seen > self._settings.lost_after)
        ledger = self._spend(ledger, closed, gallery)

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
            self._spend(ledger, ended, gallery),
        )

    def _follow(self, frame: Frame, faces: Sequence[Face], now: float) -> list[_Open]:
        places = [Place(each.state.box, each.state.velocity, now - each.state.last_seen) for each in self._tracks]
        boxes = [face.box for face in faces]
        chosen = associate(places, boxes, self._cosines(faces), self._settings.motion)
        by_face = {face: track for track, face in zip(self._tracks, chosen, strict=True) if face is not None}
        in_sight = []
        doubles: Counter[Box] = Counter()
        for index, face in enumerate(faces):
            track, whole = by_face.get(index), _whole(face.box)
            if track is None:
                track = self._begin(frame, face, now, doubles[whole])
            else:
                track.state = _moved(track.state, face, now)
            if face.template is not None:
                track.evidence.add(face.template, self._weigh(face), now)
            doubles[whole] += 1
            track.state = self._blocked(track.state)
            in_sight.append(track)
        self._note(frame, [(track, face) for track, face in zip(in_sight, faces, strict=True) if face.template], now)
        return in_sight

    def _note(self, frame: Frame, encoded: Sequence[tuple[_Open, Face]], now: float) -> None:
        """Note where all of a frame's faces were if that is due for one: so few frames serve many tracks."""
        every = self._settings.glimpse_every
        if any(not track.encoded or now - track.encoded[-1].time >= every for track, _ in encoded):
            for track, face in encoded:
                track.encoded.append(_Encoded(self._frames, frame.id, now, _whole(face.box)))

    def _begin(self, frame: Frame, face: Face, now: float, double: int) -> _Open:
        # By the box in whole pixels: two workers that look at one frame may differ in a box's last digits, and in what
        # else they search. `double`: detectors may give two boxes for one face, and each is a track.
        name = f"{self._rest.camera}\n{frame.id}\n{frame.time!r}\n{_whole(face.box)}\n{double}"
        identity = str(uuid5(NAMESPACE_URL, name))
        encoded_at = None if face.template is None else now
        state = TrackState(identity, face.box, (0.0, 0.0), now, now, frames=1, encoded_at=encoded_at)
        track = self._open(state)
        self._tracks.append(track)
        return track

    def _open(self, state: TrackState) -> _Open:
        return _Open(state, Evidence(self._settings.correlation), deque(maxlen=self._settings.glimpses))

    def _name(
        self, in_sight: Sequence[_Open], gallery: Gallery, ledger: Ledger, elsewhere: Mapping[str, float]
    ) -> tuple[tuple[Change, ...], set[str]]:
        pairs = [(track.state, track.evidence.fused()) for track in in_sight]
        answers = decide(pairs, gallery, self._margins, self._settings.spending, ledger, elsewhere)
        changes = []
        for track, answer in zip(in_sight, answers, strict=True):
            before = track.state.person
            track.most_like = answer.most_like
            if (before, track.state.margin) != (answer.person, answer.margin):
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

    def _spend(self, ledger: Ledger, closed: Iterable[_Open], gallery: Gallery) -> Ledger:
        for track in closed:
            if track.state.person is not None:
                continue
            fused = track.evidence.fused()
            if track.most_like is None and fused is not None and len(gallery):
                track.most_like = gallery.people[int(self._margins(gallery, [fused])[0].argmax())]
            if track.most_like is not None:
                ledger = ledger.with_chance(track.most_like)
        return ledger

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


def _number(item: tuple[int, object]) -> int:
    return item[0]


def _whole(box: Box) -> Box:
    return Box(round(box.left), round(box.top), round(box.right), round(box.bottom))


def _moved(state: TrackState, face: Face, now: float) -> TrackState:
    seconds, box = now - state.last_seen, face.box
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
    encoded_at = state.encoded_at if face.template is None else now
    return replace(state, box=box, velocity=velocity, last_seen=now, frames=state.frames + 1, encoded_at=encoded_at)


def _reason(state: TrackState, person: str, gallery: Gallery) -> str:
    if person in state.blocked:
        return "blocked"
    return "evidence" if person in gallery else "off_roster"


def _sort_key(face: Face) -> tuple[float, float, float, float, float, bytes]:
    box = face.box
    template = b"" if face.template is None else face.template.to_bytes()
    return box.left, box.top, box.right, box.bottom, face.score, template
