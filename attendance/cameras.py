"""A camera: what it is expected to send, and when its clock is believed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class CameraKind(StrEnum):
    """What standing before the camera means."""

    ROOM = "room"  # they are in the room
    ENTRANCE = "entrance"  # they go in or out: it shows that somebody came, never that somebody did not
    KIOSK = "kiosk"  # they step up to it by choice, as to a card reader


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of a room, or of the way to some.

    `leads_to`: the rooms whose meetings it is about, where that isn't the room that it hangs in.
    `expected_interval`: the time between two of its frames; one frame covers at most two of them.
    `smallest_face`: faces narrower than this many pixels are not looked for.
    `allowed_clock_offset`: how far ahead of its arrival a frame may say that it was taken.
    `allowed_backlog`: how old a frame may be when it arrives; a camera that was cut off sends its backlog.
    """

    id: str
    room_id: str
    kind: CameraKind = CameraKind.ROOM
    expected_interval: timedelta = timedelta(seconds=1)
    smallest_face: int = 40
    allowed_clock_offset: timedelta = timedelta(seconds=10)
    allowed_backlog: timedelta = timedelta(minutes=10)
    leads_to: tuple[str, ...] = ()

    @property
    def watches(self) -> tuple[str, ...]:
        """The rooms of whose meetings somebody may stand before it."""
        return self.leads_to or (self.room_id,)

    @property
    def covers(self) -> bool:
        """Tell whether a person who isn't seen by it isn't there, as far as it can see."""
        return self.kind is CameraKind.ROOM


class WrongClock(ValueError):
    """A frame says that it was taken when it can't have been."""


def check_clock(camera: Camera, taken_at: datetime, arrived_at: datetime) -> None:
    """Refuse a frame whose time is too far from its arrival.

    Raises:
        WrongClock: with a sentence that says by how much, and what is allowed.
    """
    ahead = taken_at - arrived_at
    if ahead > camera.allowed_clock_offset:
        raise WrongClock(
            f"the frame says it was taken {_seconds(ahead)} after it arrived; {_seconds(camera.allowed_clock_offset)} "
            "are allowed: set the camera's clock"
        )
    if -ahead > camera.allowed_backlog:
        raise WrongClock(
            f"the frame says it was taken {_seconds(-ahead)} before it arrived; {_seconds(camera.allowed_backlog)} "
            "are allowed: set the camera's clock, or the camera's allowed backlog"
        )


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():,.0f} s"
