"""Cameras that show one picture again and again, now: what a test that runs by the clock needs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from attendance.outbox import make_producer
from ingest.contract import GATEWAY_KEY_ID, Frame, to_headers
from tests.system.campus import Campus


@contextlib.asynccontextmanager
async def showing(
    campus: Campus, cameras: Sequence[str], pictures: Sequence[bytes], every: float
) -> AsyncIterator[None]:
    """Let each camera send the pictures in turns, one every so many seconds, until the block is left."""
    task = asyncio.create_task(_show(campus, cameras, pictures, every))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _show(campus: Campus, cameras: Sequence[str], pictures: Sequence[bytes], every: float) -> None:
    producer = make_producer(campus.connection.kafka_bootstrap, client_id="camera", largest_message=10_000_000)
    await producer.start()
    try:
        turn = 0
        while True:
            for camera in cameras:
                picture = pictures[turn % len(pictures)]
                frame = Frame(str(uuid4()), camera, datetime.now(UTC), "image/jpeg", picture)
                headers = to_headers(frame, key_id=GATEWAY_KEY_ID, key=campus.gateway_key)
                await producer.send_and_wait(
                    campus.connection.topics.frames, key=camera.encode(), value=picture, headers=headers
                )
                await asyncio.sleep(every / len(cameras))
            turn += 1
    finally:
        await producer.stop()
