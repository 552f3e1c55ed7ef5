"""Cameras that send as they do live: over ingest's socket, at a steady rate, each frame taken at the moment it is sent.

Their pictures are frames of the street clip with a face pasted in that is enrolled; all work is done on every frame, so
that a rate means a load.
"""

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2
import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import connect

from attendance.rights import Role
from benchmarks.campus import Campus, enrolled, jpeg, plant
from benchmarks.material import clip
from benchmarks.running_app import Installation, backends
from ingest.contract import Frame

__all__ = ["Live", "live"]

_CAMERAS = 4
# In a room of this camera each student stays for so many of its frames.
_STAYS = 3
_SMALLEST = 40
_SETTINGS = {"ROLLCALL_SPARE_WORK": "false"}


@dataclass(frozen=True)
class Live:
    """A campus whose ingest and stream app run. `pictures`: one for each student, who is in it."""

    site: Installation
    campus: Campus
    pictures: Sequence[bytes]

    async def capacity(self, frames: int) -> float:
        """Give the frames a second that the stream app gets through when they lie in the topic already.

        They are of a camera and a meeting of their own, so that nobody was seen yet when the cameras begin.
        """
        spare = self.campus.cameras[-1]
        now = datetime.now(UTC)
        given = [
            Frame(f"c{number}", spare.id, now, "image/jpeg", self.pictures[number % len(self.pictures)])
            for number in range(frames)
        ]
        await self.site.produce(given[:4])  # whose time goes into loading models
        await self.site.until_idle()
        began = time.perf_counter()
        await self.site.produce(given[4:])
        await self.site.until_idle()
        return (frames - 4) / (time.perf_counter() - began)

    async def play(self, per_second: float, seconds: float) -> int:
        """Send so many frames a second in all, by cameras that take turns; give how many were stored."""
        stored = await asyncio.gather(
            *(
                self._camera(place, per_second / _CAMERAS, place / per_second, round(seconds * per_second / _CAMERAS))
                for place in range(_CAMERAS)
            )
        )
        return sum(stored)

    async def _camera(self, place: int, per_second: float, after: float, frames: int) -> int:
        camera = self.campus.cameras[place]
        token = await self.site.store.tokens.create(Role.DEVICE, subjects=frozenset({camera.id}), now=datetime.now(UTC))
        address = f"{self.site.http('ingest').replace('http', 'ws')}/ws?camera={camera.id}"
        headers = {"Authorization": f"Bearer {token.text}"}
        mine = itertools.cycle(self.pictures[place::_CAMERAS])
        shown = itertools.chain.from_iterable(itertools.repeat(picture, _STAYS) for picture in mine)
        async with connect(address, additional_headers=headers, compression=None, proxy=None) as socket:

            async def count() -> int:
                replies = [json.loads(await socket.recv()) for _ in range(frames)]
                return sum(reply["type"] == "stored" for reply in replies)

            counting = asyncio.create_task(count())
            began = time.monotonic() + after
            for number, picture in enumerate(itertools.islice(shown, frames)):
                await asyncio.sleep(began + number / per_second - time.monotonic())
                taken_at = datetime.now(UTC).isoformat()
                await socket.send(json.dumps({"id": f"l{time.time_ns()}", "taken_at": taken_at}))
                await socket.send(picture)
            return await counting


@contextlib.asynccontextmanager
async def live(people: int) -> AsyncIterator[Live]:
    """Start backends, ingest and the stream app, with so many people enrolled."""
    found = enrolled(people)
    background = next(frame for _, frame in clip("street-1080p.mp4"))
    pictures = [jpeg(_with_face(background, picture)) for picture, _ in found]
    async with backends() as stack, Installation(stack, settings=_SETTINGS) as site:
        templates = [template for _, template in found]
        campus = await plant(site.store, templates, rooms=_CAMERAS + 1, smallest_face=_SMALLEST)
        await site.start("ingest")
        await site.start("stream")
        yield Live(site, campus, pictures)


def _with_face(background: NDArray[np.uint8], picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    frame = background.copy()
    face = cv2.resize(picture, (300, 300))
    frame[40:340, 40:340] = face
    return frame
