"""Random faults under load, and what was lost by them: on the real Kafka and database, ingest, and two stream workers.

Eight cameras in four meetings send over ingest's socket, and send each frame again, by the same id, until it is told to
be stored. Faults befall the whole, one after the other, each at a random moment once the one before it is over. At the
end all that is there (records, events, dead letters) is compared with what the same frames come to on a quiet day.

Time to recover is counted from the end of a fault: when a process was killed, went on after SIGSTOP or was started
after it was away; when the guest of a rebalance had left; when bad messages were in the topic. It lasts until each
camera has had a frame stored since, ingest and all workers are ready, and what lay in the topic by then is committed.

`ROLLCALL_CHAOS_SEED` chooses faults and moments. It ends with an error where anything was lost or told twice.
"""

import asyncio
import json
import os
import random
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from attendance.meetings import MeetingState
from benchmarks.chaos_campus import ChaosCampus
from benchmarks.chaos_faults import Faults
from benchmarks.chaos_load import Load
from benchmarks.chaos_outcome import LeftBehind, against, differences, left_behind
from benchmarks.chaos_recovery import Recovery
from benchmarks.running_app import backends
from deploy.local.stack import LocalStack
from tests.system.backends import Backends
from tests.system.campus import Campus
from tests.system.misbehaving import MISBEHAVING
from tests.system.workers import ROLLCALL, Workers

_RECOVERS_WITHIN_S = 180.0
_ENDS_WITHIN_S = 300.0
# A stop is 12 s long, so that a frame in a stopped process is late once: it must be forgiven that.
_SETTINGS = {"ROLLCALL_POOL_SIZE": "1", "ROLLCALL_FRAME_DEADLINE_S": "10"}
_WORKERS = ("one", "two")
_LOOK_S = 0.2


@dataclass(frozen=True)
class _Plan:
    faults: int
    seconds: float
    lecture_minutes: float
    interval: timedelta
    away_s: float


_FULL = _Plan(faults=36, seconds=600, lecture_minutes=50, interval=timedelta(seconds=10), away_s=15)
_QUICK = _Plan(faults=6, seconds=60, lecture_minutes=15, interval=timedelta(seconds=30), away_s=5)

Recoveries = list[tuple[str, float]]


def main(*, quick: bool) -> None:
    """Measure, print a table and the JSON line. Raises SystemExit where something was lost or told twice."""
    seed = int(os.environ.get("ROLLCALL_CHAOS_SEED") or random.randrange(10_000))
    # A short path: the stack's sockets lie in it.
    folder = Path(tempfile.mkdtemp(prefix="rollcall-chaos-"))
    is_well = asyncio.run(_measure(_QUICK if quick else _FULL, seed, folder))
    if not is_well:
        raise SystemExit(
            f"Not all is as on a quiet day: see differences.txt and the logs in {folder}; the same faults again: "
            f"ROLLCALL_CHAOS_SEED={seed}."
        )
    shutil.rmtree(folder)


async def _measure(plan: _Plan, seed: int, folder: Path) -> bool:
    planned = ChaosCampus.of(minutes=plan.lecture_minutes, interval=plan.interval)
    print(f"seed {seed}; {len(planned.all_frames)} frames of {len(planned.cameras)} cameras", flush=True)
    async with backends() as stack:
        quiet = await _quiet(stack, planned, folder)
        print(f"a quiet day: {len(quiet.records)} records, {len(quiet.events)} events", flush=True)
        figures = await _chaos(stack, planned, plan, seed, folder, quiet)
    print(json.dumps(figures))
    losses = ("records_lost", "records_added", "events_lost", "events_added", "doubled", "letters_lost")
    return not any(figures[each] for each in (*losses, "letters_added", "not_recovered"))


async def _quiet(stack: LocalStack, planned: ChaosCampus, folder: Path) -> LeftBehind:
    campus = _campus(stack, folder / "quiet")
    workers = Workers(campus, **_SETTINGS)
    recovery = Recovery(campus, workers, Load(campus, planned, period_s=0))
    try:
        await campus.prepare()
        await planned.plant(campus.store)
        await campus.produce(planned.all_frames)
        for worker in _WORKERS:
            workers.start(worker)
        if not await _settled(campus, planned, recovery):
            raise SystemExit(f"Not even a quiet day came to its end. Logs: {folder}")
        return await left_behind(campus, planned)
    finally:
        await recovery.close()
        workers.end()
        campus.end()


async def _chaos(
    stack: LocalStack, planned: ChaosCampus, plan: _Plan, seed: int, folder: Path, quiet: LeftBehind
) -> dict[str, object]:
    campus = _campus(stack, folder / "chaos")
    workers, ingest = Workers(campus, MISBEHAVING, **_SETTINGS), Workers(campus, (ROLLCALL, "ingest"))
    load = Load(campus, planned, period_s=plan.seconds / len(planned.all_frames) * len(planned.cameras))
    chosen = random.Random(seed)
    faults = Faults(
        campus,
        planned,
        load,
        workers=workers,
        ingest=ingest,
        backends=Backends(stack),
        away_s=plan.away_s,
        chosen=chosen,
    )
    recovery = Recovery(campus, workers, load)
    try:
        await campus.prepare()
        await planned.plant(campus.store)
        ingest.start("ingest")
        for worker in _WORKERS:
            workers.start(worker)
        for worker in _WORKERS:
            await workers.ready(worker)
        async with workers.supervised(), ingest.supervised():
            began = time.monotonic()
            sending = asyncio.create_task(load.run())
            recoveries = await _befall(faults, recovery, plan, chosen)
            load.is_calm.set()
            await sending
            load_s = time.monotonic() - began
            ended = await _settled(campus, planned, recovery)
            disturbed = await left_behind(campus, planned)
        logs = "".join(workers.log_file(worker).read_text() for worker in workers.ports)
    finally:
        await recovery.close()
        workers.end()
        ingest.end()
        campus.end()
    (folder / "differences.txt").write_text("\n".join(differences(quiet, disturbed)))
    return _figures(recoveries, plan.faults) | {
        **against(quiet, disturbed, refused=faults.refused),
        "ended": ended,
        "records": len(quiet.records),
        "events": len(quiet.events),
        "frames": len(planned.all_frames),
        "resends": load.resends,
        "unexpected_errors": logs.count("unexpected error; the process ends"),
        "load_s": round(load_s, 1),
        "seed": seed,
    }


async def _befall(faults: Faults, recovery: Recovery, plan: _Plan, chosen: random.Random) -> Recoveries:
    recoveries: Recoveries = []
    began = time.monotonic()
    for number, kind in enumerate(faults.deck(plan.faults)):
        due = began + (number + chosen.random()) * plan.seconds / plan.faults
        await asyncio.sleep(due - time.monotonic())
        at = time.monotonic() - began
        await faults.befall(kind)
        ended = time.monotonic()
        took = await recovery.after(ended, within_s=_RECOVERS_WITHIN_S)
        print(f"{at:>6.0f} s  {kind:<28}{_seconds(took)}", flush=True)
        if took is None:
            break  # the rest would only be buried under it
        recoveries.append((kind, took))
    return recoveries


async def _settled(campus: Campus, planned: ChaosCampus, recovery: Recovery) -> bool:
    """Wait until all frames are done, all meetings closed and all events sent; tell whether that came in time."""
    deadline = time.monotonic() + _ENDS_WITHIN_S
    if not await recovery.until_idle(within_s=_ENDS_WITHIN_S):
        return False
    while time.monotonic() < deadline:
        meetings = await campus.store.meetings.get_many([meeting.id for meeting in planned.meetings])
        is_open = any(meeting.state is MeetingState.OPEN for meeting in meetings.values())
        if not is_open and await campus.store.pending_events.oldest() is None:
            return True
        await asyncio.sleep(_LOOK_S)
    return False


def _campus(stack: LocalStack, folder: Path) -> Campus:
    folder.mkdir()
    return Campus(stack, folder)


def _figures(recoveries: Recoveries, planned: int) -> dict[str, object]:
    by_kind: dict[str, list[float]] = {}
    for kind, took in recoveries:
        by_kind.setdefault(kind, []).append(took)
    print(f"\n{'kind':<28}{'times':>6}{'median':>9}{'worst':>9}   s to recover")
    for kind, took_s in sorted(by_kind.items()):
        print(f"{kind:<28}{len(took_s):>6}{statistics.median(took_s):>9.1f}{max(took_s):>9.1f}")
    return {
        "benchmark": "chaos",
        "faults": len(recoveries),
        "not_recovered": planned - len(recoveries),
        "recovery_worst_s": round(max((took for _, took in recoveries), default=0.0), 1),
        "recovery_median_s": {kind: round(statistics.median(took_s), 1) for kind, took_s in sorted(by_kind.items())},
        "recovery_worst_by_kind_s": {kind: round(max(took_s), 1) for kind, took_s in sorted(by_kind.items())},
    }


def _seconds(took: float | None) -> str:
    return f"did not recover within {_RECOVERS_WITHIN_S:.0f} s" if took is None else f"{took:6.1f} s to recover"
