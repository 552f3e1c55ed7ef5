"""Measures the load once a second, and sets how hard frames are thinned."""

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog
from aiokafka.errors import KafkaError
from faust.types import TP

from stream_app import metrics
from stream_app.backlog import Backlog
from stream_app.busy_pace import BusyPace
from stream_app.overload import Controller, Load
from stream_app.thinner import Thinner
from stream_app.thinning import Priority

ROUND_SECONDS = 1.0
# A broker that doesn't tell the ends for so long: they are taken to be where they were.
LONGEST_WAIT_SECONDS = 2.0
# What arrives a second is smoothed over so long. Longer, and a load that went is thinned for long after it; shorter,
# and a moment without a frame would look like its end.
MEMORY_SECONDS = 10.0
# What the pool was seen to do is believed down to this share of what its looks' times say. A database that is away
# holds looks up: believed wholly, nearly every frame would be given up that only waits for it.
LEAST_BELIEVED = 0.5

log = structlog.get_logger(__name__)


class Pressure:
    """Joins what waits here, what waits in Kafka and what the pool can do.

    `read_until` gives the next offset of each partition that is ours.
    """

    def __init__(
        self,
        thinner: Thinner,
        backlog: Backlog,
        controller: Controller,
        read_until: Callable[[], Mapping[TP, int]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._thinner = thinner
        self._backlog = backlog
        self._controller = controller
        self._read_until = read_until
        self._monotonic = monotonic
        self._ends: Mapping[TP, int] = {}
        self._asked_at = monotonic()
        self._arriving = 0.0
        self._pace = BusyPace()

    async def run(self) -> None:
        """Go round for ever."""
        while True:
            await self.round()
            await asyncio.sleep(ROUND_SECONDS)

    async def round(self) -> None:
        """Measure once, and set the step."""
        unread = await self._unread()
        lag_s, mix, waiting = self._thinner.lag_s, self._thinner.mix(), self._thinner.waiting_by_class
        self._pace.note(self._monotonic(), looks=self._thinner.looks, is_busy=bool(waiting))
        load = Load(
            lag_s=lag_s,
            waiting={each: waiting.get(each, 0) + unread * mix.get(each, 0.0) for each in Priority},
            arriving={each: self._arriving * mix.get(each, 0.0) for each in Priority},
            throughput=self._throughput(),
        )
        before, step = self._controller.step, self._controller.update(load)
        self._thinner.step = step
        metrics.LAG_SECONDS.set(lag_s)
        metrics.LAG_FRAMES.set(unread + sum(waiting.values()))
        metrics.THINNING.set(step)
        metrics.POOL_LOOKS.set(load.throughput)
        if step != before:
            log.info(
                "more frames than can be looked at: thinned" if step else "every frame is looked at again",
                step=step,
                lag_s=round(lag_s, 1),
                waiting=round(sum(load.waiting.values())),
                arriving=round(sum(load.arriving.values()), 1),
                throughput=round(load.throughput, 1),
            )

    def _throughput(self) -> float:
        by_time, seen = self._thinner.throughput, self._pace.looks_per_s
        return by_time if seen is None else min(max(seen, LEAST_BELIEVED * by_time), by_time)

    async def _unread(self) -> int:
        read = self._read_until()
        try:
            async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                ends = {TP(*partition): end for partition, end in (await self._backlog.ends(read)).items()}
        except (KafkaError, TimeoutError):
            ends = {partition: self._ends.get(partition, 0) for partition in read}
        else:
            self._note_arrivals(ends)
        return sum(max(ends.get(partition, 0) - offset, 0) for partition, offset in read.items())

    def _note_arrivals(self, ends: Mapping[TP, int]) -> None:
        now = self._monotonic()
        elapsed, self._asked_at = now - self._asked_at, now
        # A partition that came to us just now had its frames before.
        arrived = sum(end - self._ends[each] for each, end in ends.items() if each in self._ends)
        self._ends = ends
        if elapsed > 0:
            self._arriving += (arrived / elapsed - self._arriving) * min(elapsed / MEMORY_SECONDS, 1.0)
