"""From the capture of the frame that decides to the event, confirmed on Kafka and read from it, at 70 % of full load.

Full load is what the same worker gets through in the same run, of the same pictures. Cameras send over ingest's socket.
Each student's first revision is timed: its event says when the deciding frame was taken (`last_seen`), and the clock
stops when a consumer beside has the event, which is later than Kafka's confirmation.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import numpy as np
from aiokafka import AIOKafkaConsumer

from benchmarks.live import Live, live

_LOAD = 0.7
_PEOPLE, _CAPACITY_FRAMES, _SECONDS = 120, 150, 120.0
_QUICK_PEOPLE, _QUICK_CAPACITY_FRAMES, _QUICK_SECONDS = 30, 24, 18.0
_LAST_EVENTS_S = 3.0


def main(*, quick: bool) -> None:
    """Measure, print a table and the JSON line."""
    sizes = (_PEOPLE, _CAPACITY_FRAMES, _SECONDS)
    asyncio.run(_measure(*((_QUICK_PEOPLE, _QUICK_CAPACITY_FRAMES, _QUICK_SECONDS) if quick else sizes)))


async def _measure(people: int, capacity_frames: int, seconds: float) -> None:
    async with live(people) as cameras:
        full = await cameras.capacity(capacity_frames)
        print(f"full load: {full:.2f} frames a second; cameras send {_LOAD * full:.2f}", flush=True)
        async with _timed(cameras) as waits:
            stored = await cameras.play(_LOAD * full, seconds)
            await cameras.site.until_idle()
            await asyncio.sleep(_LAST_EVENTS_S)
    if not waits:
        raise SystemExit("No event came: nobody was known.")
    p50, p95, p99 = (round(float(each), 3) for each in np.percentile(waits, (50, 95, 99)))
    print(f"{'events':>8}{'p50':>9}{'p95':>9}{'p99':>9}   seconds from capture to the event read from Kafka")
    print(f"{len(waits):>8}{p50:>9.3f}{p95:>9.3f}{p99:>9.3f}")
    figures = {
        "benchmark": "latency",
        "p50_s": p50,
        "p95_s": p95,
        "p99_s": p99,
        "worst_s": round(max(waits), 3),
        "events": len(waits),
        "frames": stored,
        "frames_per_s": round(_LOAD * full, 2),
        "full_load_frames_per_s": round(full, 2),
        "load": _LOAD,
        "processes": len(os.sched_getaffinity(0)),
        "through": "ingest's socket",
    }
    print(json.dumps(figures))


@contextlib.asynccontextmanager
async def _timed(cameras: Live) -> AsyncIterator[list[float]]:
    """Give a list that fills with the seconds that first revisions took, in the meetings that are played."""
    connection = cameras.site.connection
    played = {meeting.id for meeting in cameras.campus.meetings[:-1]}
    waits: list[float] = []
    consumer = AIOKafkaConsumer(
        connection.topics.attendance_events,
        bootstrap_servers=connection.kafka_bootstrap,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,
    )
    await consumer.start()

    async def read() -> None:
        async for message in consumer:
            now, data = datetime.now(UTC), json.loads(message.value)["data"]
            if data["meeting_id"] in played and data.get("revision") == 1:
                waits.append((now - datetime.fromisoformat(data["last_seen"])).total_seconds())

    reading = asyncio.create_task(read())
    try:
        yield waits
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await consumer.stop()
