"""What a lane knows of its camera: the tracks before it, the meetings' error budgets, the frames that were counted.

Frames go in, in their order; what the meetings' records need to hear comes out. Pure but for the rosters' gallery that
each frame brings along. `saved` and `resume` carry it over a restart, or to another worker: never with a template.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from attendance.cameras import Camera
from attendance.records import Block as Said
from attendance.tracks import CameraTracks
from recognition import Face, Glance, Known
from recognition.tracking import Block, Frame, Ledger, Tracker, TrackerState, TrackState, hints
from stream_app.decision import ledger_of, sightings, spent, taken_back
from stream_app.messages import Looked, Seen, Shown
from stream_app.rosters import View
from stream_app.telling import Telling

# A resend of a frame comes within moments of it. More ids would only cost memory, for each camera.
RECENT_IDS = 1024
# Of these, so many go along to the next worker: they cover what may come again after a crash.
SAVED_IDS = 64
# Frames that others under way may be compared with; more than one partition has under way would be too many.
MOST_REFERENCES = 256
# After a longer pause nothing is taken to be as it was: tracks may be closed by then, and who comes back to the same
# place must be looked at.
LONGEST_STILL = timedelta(seconds=2)
# A record hears of a track that goes on only so often (event time), or each frame would write each record.
TELL_EVERY = timedelta(seconds=10)


class Following:
    """One camera's tracks, frame by frame."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._chances: dict[str, Mapping[str, int]] = {}
        self._counted: OrderedDict[str, None] = OrderedDict()
        self._last: _Reference | None = None
        self._faces: OrderedDict[str, tuple[Face, ...]] = OrderedDict()
        self._told: dict[_Key, datetime] = {}
        self._untold: dict[_Key, Seen] = {}
        self._heeded: set[tuple[str, Said]] = set()
        self._taken_at: datetime | None = None
        self._telling = Telling()

    @property
    def taken_at(self) -> datetime | None:
        """The latest frame's time; None before the first."""
        return self._taken_at

    @property
    def open_tracks(self) -> int:
        """How many faces are followed."""
        return len(self._tracker.state.tracks)

    def was_counted(self, frame_id: str) -> bool:
        """Tell whether a frame with this id was counted before: the camera sent it again."""
        return frame_id in self._counted

    def known(self, taken_at: datetime) -> tuple[Known, str | None]:
        """Give what the next look at a frame may leave undone, and which frame it is compared with."""
        open_tracks = hints(self._tracker.state)
        last = self._last
        if last is None or not timedelta() <= taken_at - last.shown_until <= LONGEST_STILL:
            return Known(taken_at.timestamp(), open_tracks), None
        return Known(taken_at.timestamp(), open_tracks, last.thumbnail), last.frame_id

    def pass_over(self, looked: Looked, view: View | None = None) -> Shown:
        """Count a frame that wasn't looked at: there was no need to, or no time. It covers nothing of a meeting."""
        self._count(looked)
        watched = {each.meeting.id for each in view.watched} if view else set()
        return Shown(looked.camera, looked.taken_at, seen=tuple(self._over(watched)))

    def take(self, looked: Looked, glance: Glance, view: View) -> Shown:
        """Take the next frame; `view` is what is on in the room, with the gallery of all who are expected."""
        self._count(looked)
        frame = Frame(looked.frame_id, looked.taken_at.timestamp(), self._faces_of(looked, glance), glance.whole)
        self._heed(view.blocks, looked.camera)
        before = ledger_of(view, self._chances)
        seen = self._tracker.see(frame, view.gallery, before)
        self._spend(view, before, seen.ledger)
        back = taken_back(seen.changes, view, looked.taken_at)
        # Before anything is told: who the track is from now on must be news.
        self._forget(lambda key: any(key == (each.meeting.id, each.student_id, each.sighting_id) for each in back))
        closed = {each.id for each in seen.closed}
        told = self._due(sightings((*seen.tracks, *seen.closed), view, looked.camera), closed)
        is_new = any(_key(each) not in self._told for each in told)
        told += self._over({each.meeting.id for each in view.watched})
        self._told |= {_key(each): each.sighting.last_seen for each in told}
        of_tracks = self._telling.of(seen, frame.faces, lambda track: _meetings(track, self._told))
        self._forget(lambda key: key[2] in closed)
        return Shown(
            camera=looked.camera,
            taken_at=looked.taken_at,
            meetings=tuple(each.meeting for each in view.watched),
            seen=tuple(told),
            taken_back=back,
            faces=len(seen.tracks),
            unknown=sum(track.person is None for track in seen.tracks),
            named=sum(each.given for each in seen.changes),
            reversed=sum(not each.given and each.reason == "evidence" for each in seen.changes),
            told_tracks=of_tracks,
            is_urgent=is_new or bool(back),
        )

    def saved(self, camera: Camera, place: tuple[str, int, int], arrived_at: datetime, now: datetime) -> CameraTracks:
        """Give what the store keeps of it, once the frames up to a `place` are in the records.

        `place`: topic, partition and offset of the last one, which `arrived_at` that moment.
        """
        if self._taken_at is None:
            raise ValueError("nothing was followed yet")
        ids = list(self._counted)[-SAVED_IDS:]
        state = {"tracker": self._tracker.state.to_document(), "counted": ids}
        return CameraTracks(camera.id, *place, arrived_at, self._taken_at, state, self._chances, now)

    def resume(self, saved: CameraTracks, frames: Iterable[Frame] = ()) -> None:
        """Go on from what was saved; `frames` are the last of those it saw, with templates."""
        state = TrackerState.from_document(saved.state["tracker"])
        self._tracker.resume(state, frames)
        self._telling.resume(state.tracks)
        self._counted = OrderedDict.fromkeys(saved.state["counted"])
        self._chances = dict(saved.chances)
        self._taken_at = saved.taken_at

    def _faces_of(self, looked: Looked, glance: Glance) -> tuple[Face, ...]:
        if glance.look is None:
            # The faces are where they were in the frame that it was compared with; that need not be the one before it,
            # since frames overlap in recognition.
            if self._last and self._last.frame_id == looked.reference:
                self._last = replace(self._last, shown_until=max(self._last.shown_until, looked.taken_at))
            return self._faces.get(looked.reference or "", ())
        self._last = _Reference(looked.frame_id, glance.thumbnail, looked.taken_at)
        # Of a frame without a change the templates tell nothing new.
        self._faces[looked.frame_id] = tuple(replace(face, template=None, quality=None) for face in glance.look.faces)
        while len(self._faces) > MOST_REFERENCES:
            self._faces.popitem(last=False)
        return glance.look.faces

    def _count(self, looked: Looked) -> None:
        self._taken_at = max(self._taken_at or looked.taken_at, looked.taken_at)
        self._counted[looked.frame_id] = None
        while len(self._counted) > RECENT_IDS:
            self._counted.popitem(last=False)

    def _heed(self, blocks: Iterable[tuple[str, Said]], camera: Camera) -> None:
        """Keep to what people said since the last frame. Their word took the sightings back: records needn't hear."""
        gone: set[tuple[str, str]] = set()
        for student_id, block in blocks:
            if block.camera_id == camera.id and (student_id, block) not in self._heeded:
                self._heeded.add((student_id, block))
                changes = self._tracker.block(Block(student_id, block.since.timestamp(), block.until.timestamp()))
                gone |= {(each.person, each.track) for each in changes}
        self._forget(lambda key: key[1:] in gone)

    def _spend(self, view: View, before: Ledger, after: Ledger) -> None:
        watched = {each.meeting.id for each in view.watched}
        kept = {meeting: chances for meeting, chances in self._chances.items() if meeting in watched}
        self._chances = kept | spent(view, kept, before, after)

    def _due(self, found: Iterable[Seen], closed: set[str]) -> list[Seen]:
        """Choose what the records must hear now; what they needn't is kept until its track or meeting is over."""
        due = []
        for each in found:
            key, until = _key(each), each.sighting.last_seen
            told = self._told.get(key)
            if told is None or until - told >= TELL_EVERY or (key[2] in closed and until > told):
                due.append(each)
                self._untold.pop(key, None)
            elif until > told:
                self._untold[key] = each
        return due

    def _over(self, watched: set[str]) -> list[Seen]:
        """Give what the records of meetings that aren't on any more have not heard yet."""
        over = [key for key in self._untold if key[0] not in watched]
        return [self._untold.pop(key) for key in over]

    def _forget(self, is_over: Callable[["_Key"], bool]) -> None:
        for key in [key for key in self._told if is_over(key)]:
            del self._told[key]
            self._untold.pop(key, None)


@dataclass(frozen=True)
class _Reference:
    """The last frame that was looked at: what a frame shows that has not changed against it, until when at least."""

    frame_id: str
    thumbnail: NDArray[np.uint8]
    shown_until: datetime


_Key = tuple[str, str, str]  # meeting, student, track


def _meetings(track: TrackState, told: Iterable[_Key]) -> tuple[str, ...]:
    return tuple(sorted(key[0] for key in told if key[1:] == (track.person, track.id)))


def _key(seen: Seen) -> _Key:
    return seen.meeting.id, seen.sighting.student_id, seen.sighting.id
