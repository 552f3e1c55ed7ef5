"""What goes from one part of the stream app to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from attendance.cameras import Camera
from attendance.meetings import Meeting
from attendance.records import Sighting
from attendance.sighting_events import Stage
from ingest.contract import Frame, readable_id
from recognition import Glance, Quality
from recognition.tracking import TrackState


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
        of_headers = sum(len(name) + len(value or b"") for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + of_headers

    def header(self, name: str) -> bytes | None:
        """Give a header's value, the first where there are several."""
        return next((value for each, value in self.headers if each == name), None)

    @property
    def place(self) -> dict[str, str | int | None]:
        """What tells it apart in logs; who sent it may have put anything for its id and camera, so only ids are."""
        return {
            "id": readable_id(self.header("ce_id")),
            "camera": readable_id(self.key),
            "partition": self.partition,
            "offset": self.offset,
        }


class Refused(Exception):
    """A frame that is itself at fault. `code` is stable; the text says what is wrong."""

    def __init__(self, code: str, sentence: str, *, tries: int = 1) -> None:
        super().__init__(sentence)
        self.code = code
        self.tries = tries


@dataclass(frozen=True, slots=True)
class CheckedFrame:
    """A frame whose message, signature, camera and clock are sound."""

    frame: Frame
    camera: Camera


@dataclass(frozen=True, slots=True)
class Looked:
    """A frame that was looked at, or needn't be.

    `glance`: what it showed; None where nothing was on in the room, or where it was `skipped` for a reason.
    `reference`: the id of the frame against which it shows no change, if the glance says so.
    """

    frame_id: str
    camera: Camera
    taken_at: datetime
    glance: Glance | None = None
    reference: str | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A frame that comes again although what it showed is in the store: its acknowledgement was lost."""


Outcome = Looked | Done | Refused | None  # None: abandoned, the frame will come again


@dataclass(frozen=True, slots=True)
class Seen:
    """A student's track as it counts for a meeting: from `counts_from` on."""

    meeting: Meeting
    counts_from: datetime
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A track that was taken for a student and, by the frame taken `at` that moment, isn't them."""

    meeting: Meeting
    student_id: str
    sighting_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ToldTrack:
    """A track at one of the two stages at which it is told of; `quality` of its newest picture, where one is known."""

    stage: Stage
    track: TrackState
    meeting_ids: tuple[str, ...]
    quality: Quality | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a frame changes.

    `meetings` are those it counts for, `seen` and `taken_back` what their records need to hear; where one of these is
    news, and not only a track that goes on, it `is_urgent`.
    `faces` counts the faces found, `unknown` those without a name. `named` and `reversed` count the tracks that got a
    name and lost it to later evidence, `told_tracks` are those that got their first name, or are over.
    """

    camera: Camera
    taken_at: datetime
    meetings: tuple[Meeting, ...] = ()
    seen: tuple[Seen, ...] = ()
    taken_back: tuple[TakenBack, ...] = ()
    faces: int = 0
    unknown: int = 0
    named: int = 0
    reversed: int = 0
    told_tracks: tuple[ToldTrack, ...] = ()
    is_urgent: bool = False
