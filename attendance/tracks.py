"""A camera's open tracks as they stand after a frame, kept so that another worker can go on with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CameraTracks:
    """What a worker has to know of a camera to go on where the last one stopped.

    `topic`, `partition`, `offset`: the last frame that is in `state`; `arrived_at`: when it came to Kafka, by the
    broker's clock; `taken_at`: its time, up to which the camera is processed. `state`: the document of
    `recognition.tracking.TrackerState` and what goes with it: plain values, no template among them. `chances`: what is
    spent of each meeting's error budget; by meeting id and person how many unnamed tracks were most like them.
    `saved_at`: when this was written.
    """

    camera_id: str
    topic: str
    partition: int
    offset: int
    arrived_at: datetime
    taken_at: datetime
    state: Mapping[str, Any]
    chances: Mapping[str, Mapping[str, int]]
    saved_at: datetime
