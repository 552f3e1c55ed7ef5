"""What a camera costs the worker's main process: 1, 10, 100 and 500 cameras at the same total rate of frames.

Frames are small, so that recognition, which is in other processes, is cheap. Each camera has a room and a meeting of
its own. One worker takes all; before the clock starts it has had a frame of every camera. Rounds alternate the numbers
of cameras; processor time is not wall time, but a busy machine's caches still disturb it: figures are medians of
ratios within a round.
"""

import asyncio
import itertools
import json
import statistics
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import cv2
import numpy as np
import psutil

from attendance.cameras import Camera
from benchmarks.campus import enrolled, jpeg, plant
from benchmarks.running_app import Installation, backends
from ingest.contract import Frame

_NUMBERS = (1, 10, 100, 500)
_PER_SECOND = 20.0
_ROSTER = 30
_WIDTH, _HEIGHT = 160, 120
_ROUNDS, _SECONDS = 3, 25.0
_QUICK_ROUNDS, _QUICK_SECONDS = 1, 6.0
_QUICK_ROSTER = 5


def main(*, quick: bool) -> None:
    """Measure, print a table and the JSON line."""
    asyncio.run(_measure(*((_QUICK_ROUNDS, _QUICK_SECONDS, _QUICK_ROSTER) if quick else (_ROUNDS, _SECONDS, _ROSTER))))


async def _measure(rounds: int, seconds: float, roster: int) -> None:
    people = enrolled(roster)
    small = jpeg(np.asarray(cv2.resize(people[0][0], (_WIDTH, _HEIGHT)), np.uint8))
    numbers = itertools.count()
    used: dict[int, list[float]] = {number: [] for number in _NUMBERS}
    async with backends() as stack, Installation(stack, settings={"ROLLCALL_SPARE_WORK": "false"}) as site:
        templates = [template for _, template in people]
        campus = await plant(site.store, templates, rooms=max(_NUMBERS), smallest_face=40, interval_s=max(_NUMBERS))
        app = await site.start("stream")
        # Models are loaded, and whatever grows with the first frames has grown.
        await site.produce(itertools.islice(_frames(campus.cameras[:1], small, numbers), 200))
        await site.until_idle()
        before = app.memory_info().rss
        await site.produce(itertools.islice(_frames(campus.cameras, small, numbers), len(campus.cameras)))
        await site.until_idle()
        print(f"{'cameras':<9}" + "".join(f"{number:>9}" for number in _NUMBERS) + "   ms of the main process a frame")
        for number in range(rounds):
            for cameras in _NUMBERS:
                frames = _frames(campus.cameras[:cameras], small, numbers)
                used[cameras].append(await _used(site, app, frames, seconds))
            print(f"round {number + 1:<3}" + "".join(f"{1000 * used[each][-1]:>9.2f}" for each in _NUMBERS), flush=True)
        after = app.memory_info().rss
    ratios = [most / one for most, one in zip(used[_NUMBERS[-1]], used[_NUMBERS[0]], strict=True)]
    figures = {
        "benchmark": "cameras",
        "ratio_500_to_1": round(statistics.median(ratios), 3),
        "kb_per_camera": round((after - before) / 1000 / (len(campus.cameras) - 1), 1),
        **{f"ms_{each}": round(1000 * statistics.median(used[each]), 2) for each in _NUMBERS},
        "frames_per_s": _PER_SECOND,
        "rounds": rounds,
    }
    print(json.dumps(figures))


def _frames(cameras: Sequence[Camera], picture: bytes, numbers: Iterator[int]) -> Iterator[Frame]:
    for camera in itertools.cycle(cameras):
        yield Frame(f"f{next(numbers)}", camera.id, datetime.now(UTC), "image/jpeg", picture)


async def _used(site: Installation, app: psutil.Process, frames: Iterator[Frame], seconds: float) -> float:
    """Give the seconds of the main process a frame, all of what its frames cost included."""
    count = round(seconds * _PER_SECOND)
    before = sum(app.cpu_times()[:2])
    await site.produce(itertools.islice(frames, count), per_second=_PER_SECOND)
    await site.until_idle()
    return (sum(app.cpu_times()[:2]) - before) / count
