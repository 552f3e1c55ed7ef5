"""Which tracks are told of, and with what: when one first gets a name, and when it is over. Pure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from attendance.cameras import Camera
from attendance.sighting_events import (
    SightingBox,
    SightingData,
    SightingEvent,
    SightingQuality,
    Stage,
    sighting_event,
)
from recognition import Face, Quality
from recognition.tracking import Seen, TrackState
from stream_app.decision import moment
from stream_app.messages import ToldTrack

MeetingsOf = Callable[[TrackState], tuple[str, ...]]


class Telling:
    """What a camera's open tracks were told as so far."""

    def __init__(self) -> None:
        self._decided: set[str] = set()
        self._qualities: dict[str, Quality] = {}

    def resume(self, tracks: Iterable[TrackState]) -> None:
        """Go on from where another worker left; a track that has, or had, a name was told when it got it."""
        self._decided = {track.id for track in tracks if track.person is not None or track.blocked}

    def of(self, seen: Seen, faces: Sequence[Face], meetings: MeetingsOf) -> tuple[ToldTrack, ...]:
        """Give the tracks to tell of, after a frame with these faces; `meetings` are those that a track counts for."""
        for face, track in zip(faces, seen.tracks, strict=False):
            if face.quality is not None:
                self._qualities[track.id] = face.quality
        told = []
        for track in seen.tracks:
            if track.person is not None and track.id not in self._decided:
                self._decided.add(track.id)
                told.append(ToldTrack(Stage.DECIDED, track, meetings(track), self._qualities.get(track.id)))
        for track in seen.closed:
            self._decided.discard(track.id)
            told.append(ToldTrack(Stage.ENDED, track, meetings(track), self._qualities.pop(track.id, None)))
        return tuple(told)


def event_of(told: ToldTrack, camera: Camera, *, now: datetime) -> SightingEvent:
    """Write a told track as the event of the topic `sightings`."""
    track, quality = told.track, told.quality
    data = SightingData(
        track_id=track.id,
        stage=told.stage,
        camera_id=camera.id,
        room_id=camera.room_id,
        meeting_ids=told.meeting_ids,
        student_id=track.person,
        score=track.margin,
        box=SightingBox(left=track.box.left, top=track.box.top, right=track.box.right, bottom=track.box.bottom),
        quality=SightingQuality.model_validate(quality, from_attributes=True) if quality else None,
        frames=track.frames,
        first_seen=moment(track.first_seen),
        last_seen=moment(track.last_seen),
    )
    return sighting_event(data, now=now)
