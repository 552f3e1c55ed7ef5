"""What goes from one part of the stream app to the next."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from attendance.cameras import Camera
from attendance.meetings import Meeting
from attendance.records import Sighting
from ingest.contract import Frame


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the topic `frames` as Kafka gave it. `arrived_at` is the broker's own time."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    arrived_at: datetime

    @property
    def size(self) -> int:
        """The bytes that it holds."""
        return len(self.value or b"") + sum(len(value or b"") for _, value in self.headers)


class Refused(Exception):
    """A frame that is itself at fault. `code` is stable; the text says what is wrong."""

    def __init__(self, code: str, sentence: str, *, tries: int = 1) -> None:
        super().__init__(sentence)
        self.code = code
        self.tries = tries


@dataclass(frozen=True, slots=True)
class Looked:
    """A frame that was looked at, or needn't be: who was seen in which meeting.

    `meetings` are those that the frame counts for; none, where nothing was on in the room. `faces` counts the faces
    found, `unknown` those that are nobody's on the rosters.
    """

    frame_id: str
    camera: Camera
    taken_at: datetime
    meetings: tuple[Meeting, ...] = ()
    sightings: tuple[tuple[Meeting, datetime, Sighting], ...] = field(default=())  # with when it counts from
    faces: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class CheckedFrame:
    """A frame whose message, signature, camera and clock are sound."""

    frame: Frame
    camera: Camera
