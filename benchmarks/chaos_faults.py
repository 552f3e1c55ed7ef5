"""What befalls Rollcall in the chaos benchmark, by kind. Each method returns when its fault is over.

Whatever ends is started anew: backends by the local stack's supervisor, ingest and the stream workers as it would.
"""

import asyncio
import itertools
import os
import random
import resource
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

from benchmarks.chaos_campus import ChaosCampus
from benchmarks.chaos_load import Load
from benchmarks.chaos_outcome import Letter, noise
from ingest.contract import Frame
from tests.system.backends import Backends
from tests.system.campus import Campus
from tests.system.fuzz import Fuzz
from tests.system.misbehaving import KILLS_THE_RECOGNISER, KILLS_THE_WORKER, NEVER_ENDS, poison
from tests.system.waiting import until
from tests.system.workers import Workers, paused

__all__ = ["Faults"]

# Kafka takes a member that was silent for 10 s for dead.
_LONGER_THAN_THE_SESSION_S = 12.0
_GUEST = "guest"
_STAYS_S = 3.0
_SENT_AGAIN = 8  # frames of each camera
_NOISE = 200
_REASONS = {
    KILLS_THE_RECOGNISER: "recognition_crashed",
    KILLS_THE_WORKER: "ends_the_process",
    NEVER_ENDS: "recognition_timeout",
}
_PARTS = ("worker", "recogniser", "ingest", "database", "broker")
_NAMES = {"database": "database", "broker": "kafka"}


class Faults:
    """Befalls a campus. `refused` grows by the dead letters that there must be for it."""

    def __init__(
        self,
        campus: Campus,
        planned: ChaosCampus,
        load: Load,
        *,
        workers: Workers,
        ingest: Workers,
        backends: Backends,
        away_s: float,
        chosen: random.Random,
    ) -> None:
        self._campus = campus
        self._load = load
        self._workers = workers
        self._ingest = ingest
        self._backends = backends
        self._away_s = away_s
        self._random = chosen
        self._fuzz = Fuzz(campus.gateway_key, planned.all_frames, chosen.randrange(2**32))
        self._noise_sent = 0
        self._poisons = itertools.count()
        self.refused: Counter[Letter] = Counter()
        self._kinds: dict[str, Callable[[], Awaitable[None]]] = {
            **{f"{part}_killed": partial(self._kill, part) for part in _PARTS},
            **{f"{part}_stopped": partial(self._stop, part) for part in _PARTS},
            **{f"{part}_away": partial(self._be_away, part) for part in _NAMES},
            **{f"frame_{reason}": partial(self._poison, effect) for effect, reason in _REASONS.items()},
            "disk_full": self._fill_the_disk,
            "rebalances": self._come_and_go,
            "duplicates": self._send_again,
            "garbage": self._send_noise,
            "two_at_once": self._two_at_once,
        }

    def deck(self, count: int) -> list[str]:
        """Give so many kinds in random order, each about as often as the others."""
        kinds = sorted(self._kinds)
        found: list[str] = []
        while len(found) < count:
            found += self._random.sample(kinds, min(len(kinds), count - len(found)))
        return found

    async def befall(self, kind: str) -> None:
        """Let a fault happen, until it is over."""
        await self._kinds[kind]()

    async def _pid(self, part: str) -> int:
        if part in _NAMES:
            return self._backends.pid_of(_NAMES[part])
        if part == "ingest":
            return self._ingest.running["ingest"].pid
        name = self._random.choice(sorted(self._workers.running))
        if part == "worker":
            return self._workers.running[name].pid
        return (await self._workers.pool_process(name)).pid

    async def _kill(self, part: str) -> None:
        os.kill(await self._pid(part), signal.SIGKILL)

    async def _stop(self, part: str) -> None:
        with paused(await self._pid(part)):
            await asyncio.sleep(_LONGER_THAN_THE_SESSION_S)

    async def _be_away(self, part: str) -> None:
        await self._backends.be_away(_NAMES[part], seconds=self._away_s)

    async def _fill_the_disk(self) -> None:
        full = self._backends.pid_of("database")
        # None of its files may grow: it can't tell that from a full disk. It ends by that; the next one has room.
        resource.prlimit(full, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

        async def is_another() -> bool:
            return self._backends.finds("database") not in (None, full)

        await until(is_another)

    async def _two_at_once(self) -> None:
        one, other = self._random.sample(("worker", "ingest", "database", "broker"), 2)
        await asyncio.gather(self._random.choice((self._kill, self._stop))(one), self._stop(other))

    async def _come_and_go(self) -> None:
        self._workers.start(_GUEST)
        await self._workers.ready(_GUEST)
        await asyncio.sleep(_STAYS_S)
        await self._workers.stop(_GUEST)

    async def _poison(self, effect: bytes) -> None:
        of = self._random.choice(self._load.latest())
        name = f"poison-{next(self._poisons)}"
        await self._campus.produce(
            [Frame(name, of.camera_id, of.taken_at, of.content_type, poison(of.picture, effect))]
        )
        self.refused[name, _REASONS[effect]] += 1

    async def _send_again(self) -> None:
        await self._campus.produce(self._load.latest(_SENT_AGAIN))

    async def _send_noise(self) -> None:
        await self._campus.produce_raw(list(self._fuzz.messages(_NOISE)))
        self.refused.update(noise(self._noise_sent + number) for number in range(_NOISE))
        self._noise_sent += _NOISE
