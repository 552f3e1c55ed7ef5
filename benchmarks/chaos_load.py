"""Cameras that send over ingest's socket at a steady pace, and each frame again until it is told that it is stored."""

import asyncio
import contextlib
import time

from benchmarks.chaos_campus import ChaosCampus
from ingest.contract import Frame
from tests.system.camera import PersistentCamera
from tests.system.campus import Campus

__all__ = ["Load"]

# The last frames wait for the faults to be over, each so many times as long as the others: none shall fall on an idle
# system, however long the machine takes for it.
_LAST_SHARE, _TIMES_SLOWER = 0.1, 10


class Load:
    """The load of a campus. `is_calm` is set when nothing more will happen; what is due is then sent at once."""

    def __init__(self, campus: Campus, planned: ChaosCampus, *, period_s: float) -> None:
        """`period_s`: seconds between two frames of a camera."""
        self._campus = campus
        self._frames = planned.frames
        self._period_s = period_s
        self._sent = dict.fromkeys(planned.frames, 0)
        self._stored_at = dict.fromkeys(planned.frames, 0.0)
        self.is_calm = asyncio.Event()
        self.resends = 0

    async def run(self) -> None:
        """Send all frames of all cameras."""
        cameras = list(self._frames)
        await asyncio.gather(*(self._camera(each, place / len(cameras)) for place, each in enumerate(cameras)))

    def latest(self, count: int = 1) -> list[Frame]:
        """Give the latest frames of each camera that are stored, the oldest first."""
        return [
            frame
            for camera, frames in self._frames.items()
            for frame in frames[max(self._sent[camera] - count, 0) : max(self._sent[camera], 1)]
        ]

    def is_stored_since(self, moment: float) -> bool:
        """Tell whether each camera that has anything left had a frame stored after a moment (`time.monotonic`)."""
        return all(
            self._stored_at[camera] > moment or self._sent[camera] == len(frames)
            for camera, frames in self._frames.items()
        )

    async def _camera(self, camera_id: str, share_of_period: float) -> None:
        frames = self._frames[camera_id]
        camera = await PersistentCamera.of(self._campus, camera_id)
        began = time.monotonic() + share_of_period * self._period_s
        for number, frame in enumerate(frames):
            await asyncio.sleep(began + number * self._period_s - time.monotonic())
            if number >= (1 - _LAST_SHARE) * len(frames):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.is_calm.wait(), _TIMES_SLOWER * self._period_s)
            await camera.send(frame)
            self._sent[camera_id] = number + 1
            self._stored_at[camera_id] = time.monotonic()
        self.resends += camera.resends
        await camera.close()
