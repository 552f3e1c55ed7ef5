"""Frames a second through Kafka, Faust and MongoDB, against the bare loop on the same frames in as many processes.

All work is done on every frame (`ROLLCALL_SPARE_WORK=false`). The frames are in the topic before the clock starts: the
worker is halted while they are produced. The clock runs from a first few frames on, and ends with the last one that was
looked at; how long the last writes and the acknowledgement take after that is told by itself (`settled_s`).
"""

import asyncio
import itertools
import json
import os
import signal
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import psutil

from benchmarks.bare_loop import BareLoop
from benchmarks.campus import Campus, enrolled, jpeg, plant
from benchmarks.material import clip
from benchmarks.running_app import Installation, backends
from ingest.contract import Frame

_CLIP = "street-1080p.mp4"
_CAMERAS = 4
_EVERY = timedelta(seconds=1)
_SMALLEST = 40.0
_ROSTER = 30
# Each frame of the clip costs another time: both sides see the same ones, spread over the whole clip.
_PICTURES = 24
_LEFT_OUT = 6
_ROUNDS, _FRAMES = 4, 240
_QUICK_ROUNDS, _QUICK_FRAMES = 2, 48
# Each look at the worker's metrics costs its main process milliseconds: they are seldom until the end is near.
_LOOK_S, _NEAR_LOOK_S, _NEAR = 0.5, 0.05, 8


def main(*, quick: bool) -> None:
    """Measure, print a table and the JSON line."""
    asyncio.run(_measure(*((_QUICK_ROUNDS, _QUICK_FRAMES) if quick else (_ROUNDS, _FRAMES))))


async def _measure(rounds: int, frames: int) -> None:
    processes = len(os.sched_getaffinity(0))
    pictures = [jpeg(frame) for number, frame in clip(_CLIP) if number % 4 == 0][:_PICTURES]
    templates = [template for _, template in enrolled(_ROSTER)]
    bare, whole, settled, used = [], [], [], []
    settings = {"ROLLCALL_SPARE_WORK": "false", "ROLLCALL_POOL_SIZE": str(processes)}
    async with backends() as stack, Installation(stack, settings=settings) as site:
        campus = await plant(site.store, templates, rooms=_CAMERAS, smallest_face=_SMALLEST)
        endless = _frames(campus, pictures)
        with BareLoop(pictures, templates, processes=processes, smallest_face=_SMALLEST) as loop:
            app = await site.start("stream")
            await site.produce(itertools.islice(endless, 4 * processes))
            await site.until_idle()
            print(f"{'round':<7}{'bare loop':>12}{'pipeline':>12}{'ratio':>8}   frames a second, {processes} processes")
            for number in range(rounds):
                bare.append(frames / await asyncio.to_thread(loop.run, frames))
                rate, after, main_s = await _through(site, app, list(itertools.islice(endless, frames)))
                whole.append(rate)
                settled.append(after)
                used.append(main_s)
                print(f"{number + 1:<7}{bare[-1]:>12.2f}{rate:>12.2f}{rate / bare[-1]:>8.3f}", flush=True)
    figures = {
        "benchmark": "pipeline",
        "ratio": round(statistics.median(ours / theirs for ours, theirs in zip(whole, bare, strict=True)), 3),
        "frames_per_s": round(statistics.median(whole), 2),
        "bare_frames_per_s": round(statistics.median(bare), 2),
        "main_process_ms_per_frame": round(1000 * statistics.median(used), 1),
        "settled_s": round(statistics.median(settled), 2),
        "processes": processes,
        "frames": frames,
        "rounds": rounds,
    }
    print(json.dumps(figures))


def _frames(campus: Campus, pictures: Sequence[bytes]) -> Iterator[Frame]:
    # The cameras' time goes on by a second a frame from the meeting's start on; a frame of the past is a backlog's.
    start = datetime.now(UTC) - timedelta(minutes=5)
    for number in itertools.count():
        camera = campus.cameras[number % len(campus.cameras)]
        taken_at = start + number // len(campus.cameras) * _EVERY
        yield Frame(f"f{number}", camera.id, taken_at, "image/jpeg", pictures[number % len(pictures)])


async def _through(site: Installation, app: psutil.Process, frames: list[Frame]) -> tuple[float, float, float]:
    """Give frames a second, the seconds from the last look to the last acknowledgement, and the main process' seconds.

    The main process' are processor seconds a frame.
    """
    before = await _done(site)
    app.send_signal(signal.SIGSTOP)  # for a moment, well within its session with the broker
    try:
        await site.produce(frames)
    finally:
        app.send_signal(signal.SIGCONT)
    began, first = await _until(site, before + _LEFT_OUT)
    processor = sum(app.cpu_times()[:2])
    ended, last = await _until(site, before + len(frames))
    processor = sum(app.cpu_times()[:2]) - processor
    await site.until_idle()
    counted = last - first
    return counted / (ended - began), time.perf_counter() - ended, processor / counted


async def _until(site: Installation, frames: float) -> tuple[float, float]:
    """Wait until so many frames are looked at; give the time and how many there are."""
    while (done := await _done(site)) < frames:
        near = frames - done <= _NEAR
        await asyncio.sleep(_NEAR_LOOK_S if near else _LOOK_S)
    return time.perf_counter(), done


async def _done(site: Installation) -> float:
    return await site.metric("rollcall_stream_frames_total", outcome="looked_at")
