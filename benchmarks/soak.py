"""Memory of ingest and the stream app under 80 % of full load, for `ROLLCALL_SOAK_MINUTES` (an hour unless set).

What is there after 10 minutes (of a shorter run: after a quarter of it) is compared with the end. Full load is measured
at the start, in the same run.
"""

import asyncio
import json
import os
import statistics

import psutil

from benchmarks.live import Live, live

_LOAD = 0.8
_PEOPLE, _CAPACITY_FRAMES = 60, 100
_QUICK_PEOPLE, _QUICK_CAPACITY_FRAMES, _QUICK_MINUTES = 12, 20, 0.3
_MINUTES = 60.0
_BASE_MINUTES = 10.0
_LOOKS = 60
# A figure is the median of so many looks: one alone falls on whatever a frame holds just then.
_AROUND = 5


def main(*, quick: bool) -> None:
    """Measure, print a table and the JSON line."""
    minutes = _QUICK_MINUTES if quick else float(os.environ.get("ROLLCALL_SOAK_MINUTES", _MINUTES))
    sizes = (_QUICK_PEOPLE, _QUICK_CAPACITY_FRAMES) if quick else (_PEOPLE, _CAPACITY_FRAMES)
    asyncio.run(_measure(minutes, *sizes))


async def _measure(minutes: float, people: int, capacity_frames: int) -> None:
    base = min(_BASE_MINUTES, minutes / 4)
    seen: list[tuple[float, dict[str, float]]] = []
    async with live(people) as cameras:
        full = await cameras.capacity(capacity_frames)
        print(f"full load: {full:.2f} frames a second; cameras send {_LOAD * full:.2f} for {minutes:g} minutes")
        print(f"{'minute':<9}" + "".join(f"{part:>10}" for part in _parts(cameras)) + "   MB", flush=True)
        playing = asyncio.create_task(cameras.play(_LOAD * full, 60 * minutes))
        began = asyncio.get_running_loop().time()
        while not playing.done():
            await asyncio.wait({playing}, timeout=60 * minutes / _LOOKS)
            minute = (asyncio.get_running_loop().time() - began) / 60
            seen.append((minute, _parts(cameras)))
            print(f"{minute:<9.2f}" + "".join(f"{value:>10.1f}" for value in seen[-1][1].values()), flush=True)
        stored = await playing
        lag = await cameras.site.lag()
    after_base = [parts for minute, parts in seen if minute >= base]
    start, end = _median(after_base[:_AROUND]), _median(after_base[-_AROUND:])
    total = sum(end.values()) / sum(start.values())
    figures = {
        "benchmark": "soak",
        "memory_end_to_base": round(total, 4),
        "base_minutes": round(base, 2),
        "minutes": minutes,
        **{f"{part}_mb_base": value for part, value in start.items()},
        **{f"{part}_mb_end": value for part, value in end.items()},
        "frames": stored,
        "frames_left": lag,
        "frames_per_s": round(_LOAD * full, 2),
        "load": _LOAD,
    }
    print(json.dumps(figures))


def _parts(cameras: Live) -> dict[str, float]:
    """Give the resident memory in MB of ingest, of the stream app's main process, and of its pool."""
    stream, ingest = cameras.site.processes["stream"], cameras.site.processes["ingest"]
    pool = [each for each in stream.children() if "spawn_main" in " ".join(each.cmdline())]
    return {"ingest": _resident([ingest]), "main": _resident([stream]), "pool": _resident(pool)}


def _resident(processes: list[psutil.Process]) -> float:
    return round(sum(process.memory_info().rss for process in processes) / 1_000_000, 1)


def _median(looks: list[dict[str, float]]) -> dict[str, float]:
    return {part: round(statistics.median(look[part] for look in looks), 1) for part in looks[0]}
