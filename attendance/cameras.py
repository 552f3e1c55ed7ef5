"""A camera: what it is expected to send, and when its clock is believed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class CameraKind(StrEnum):
    """What standing before the camera means."""

    ROOM = "room"
    ENTRANCE = "entrance"
    KIOSK = "kiosk"


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of a room.

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
