"""The event of the topic `sightings`, off by default: what became of each track of a face before a camera.

A track is told at most twice: when it first gets a name (`decided`, number 1), and when it is over (`ended`, number 2),
named or not. What `ended` says is final and stands alone: a name that later evidence took back is not in it. The id is
the track's with that number, so the same telling sent twice has one id. Never a template, never a picture.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from attendance.events import EventId, Moment, SpecVersion, Told

SOURCE = "/rollcall/sightings"


class Stage(StrEnum):
    """Which of its two tellings of a track an event is."""

    DECIDED = "decided"
    ENDED = "ended"


_NUMBERS = {Stage.DECIDED: 1, Stage.ENDED: 2}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SightingBox(_Part):
    """A face's place in its newest frame, in pixels of the upright picture from its top left corner."""

    left: float
    top: float
    right: float
    bottom: float


class SightingQuality(_Part):
    """What the newest picture of the face was like; the units are those of `recognition.Quality`."""

    width: float
    sharpness: float
    turned: float
    brightness: float
    contrast: float


class SightingData(_Part):
    """A track as it stands."""

    track_id: str
    stage: Stage
    camera_id: str
    room_id: str
    meeting_ids: tuple[str, ...] = Field(description="the meetings that it counts for")
    student_id: str | None = Field(description="null for unknown")
    score: float | None = Field(
        description="by how much the best comparison was above the threshold; null where none was made"
    )
    box: SightingBox
    quality: SightingQuality | None
    frames: int
    first_seen: Moment
    last_seen: Moment


class SightingEvent(_Part):
    """`org.rollcall.sighting.v1`, keyed by camera."""

    specversion: SpecVersion = "1.0"
    id: EventId
    type: Literal["org.rollcall.sighting.v1"] = "org.rollcall.sighting.v1"
    source: str = SOURCE
    subject: str = Field(description="the camera: the message's key")
    time: Told
    datacontenttype: Literal["application/json"] = "application/json"
    data: SightingData

    def frozen(self) -> str:
        """Give the JSON text that is sent."""
        return self.model_dump_json()


def sighting_event(data: SightingData, *, now: datetime) -> SightingEvent:
    """Tell a track at one of its two stages."""
    return SightingEvent(
        id=f"{data.track_id}/{_NUMBERS[data.stage]}",
        subject=data.camera_id,
        time=now,
        data=data,
    )
