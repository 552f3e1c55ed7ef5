"""The lecture: when who is before the camera, and the frames that show it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import cv2
import numpy as np

from deploy.demo.photos import Photos, Picture, to_jpeg

LENGTH = timedelta(minutes=50)
INTERVAL = timedelta(seconds=30)
# It ended a little while ago: within the hour after which a meeting closes however far its cameras were read.
ENDED_AGO = timedelta(minutes=5)
LATE_BY = timedelta(minutes=17)
FRAME_SIZE = (960, 540)  # width, height
FACE_HEIGHT = 480  # of a person's photo in the frame, so that faces are some 100 pixels wide


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame: when it is taken, and its JPEG."""

    taken_at: datetime
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Lecture:
    """A lecture of the recent past."""

    start: datetime

    @classmethod
    def just_over(cls, now: datetime) -> "Lecture":
        """Give the lecture that ended a few minutes ago."""
        return cls((now - ENDED_AGO - LENGTH).replace(second=0, microsecond=0))

    @property
    def end(self) -> datetime:
        """When it ended."""
        return self.start + LENGTH

    @property
    def seminar_start(self) -> datetime:
        """When the class goes on, in a room without a camera: now."""
        return self.end + ENDED_AGO

    @property
    def seminar_end(self) -> datetime:
        """When that will end."""
        return self.seminar_start + LENGTH

    @property
    def late_arrival(self) -> datetime:
        """When the one who is late comes in."""
        return self.start + LATE_BY

    def times(self) -> list[datetime]:
        """Give when frames are taken: from 10 minutes before the start to a moment after the end."""
        first = self.start - timedelta(minutes=10)
        count = (self.end + 2 * INTERVAL - first) // INTERVAL
        return [first + index * INTERVAL for index in range(count + 1)]

    def shots(self, photos: Photos) -> Iterator[Shot]:
        """Give the frames in order."""
        scenes = {
            frozenset(people): to_jpeg(_scene([getattr(photos, f"{person}_shown") for person in people]), 85)
            for people in ((), ("on_time",), ("late",), ("stranger",), ("on_time", "late"), ("on_time", "stranger"))
        }
        for index, moment in enumerate(self.times()):
            yield Shot(moment, scenes[self._before_camera(index, moment)])

    def _before_camera(self, index: int, moment: datetime) -> frozenset[str]:
        # People look up now and then; in between the camera sees an empty room.
        if not self.start - timedelta(minutes=2) <= moment < self.end:
            return frozenset()
        turn = index % 6
        people = set()
        if turn in (0, 3):
            people.add("on_time")
        if turn == 1:
            people.add("stranger")
        if turn == 3 and moment >= self.late_arrival:
            people.add("late")
        return frozenset(people)


def _scene(people: list[Picture]) -> Picture:
    width, height = FRAME_SIZE
    frame = np.full((height, width, 3), 96, np.uint8)
    for place, person in enumerate(people):
        scale = FACE_HEIGHT / person.shape[0]
        small = cv2.resize(person, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        left = 40 + place * (width // 2)
        frame[height - FACE_HEIGHT : height, left : left + small.shape[1]] = small[:, : width - left]
    return frame
