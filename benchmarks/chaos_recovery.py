"""When what a fault did is over: everyone is ready, and what had come by then is done."""

import asyncio
import time
from collections.abc import Mapping

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from benchmarks.chaos_load import Load
from tests.system.campus import Campus
from tests.system.workers import Workers

__all__ = ["Recovery"]

_LOOK_S = 0.2
_ANSWERS_WITHIN_S = 5.0

Offsets = Mapping[TopicPartition, int]


class Recovery:
    """Waits until a campus does its work again."""

    def __init__(self, campus: Campus, workers: Workers, load: Load) -> None:
        self._campus = campus
        self._workers = workers
        self._load = load
        self._client = httpx.AsyncClient(trust_env=False, timeout=_ANSWERS_WITHIN_S)

    async def after(self, moment: float, *, within_s: float) -> float | None:
        """Give the seconds from a moment (`time.monotonic`) until all is well again; None where that takes too long.

        That is: each camera has had a frame stored since, ingest and all workers are ready, and the committed offsets
        have passed what lay in the topic then.
        """
        ends: Offsets | None = None
        while time.monotonic() < moment + within_s:
            if ends is None and self._load.is_stored_since(moment):
                ends = (await self._offsets() or (None, None))[0]
            if ends is not None and await self._all_ready() and await self.is_done(ends):
                return time.monotonic() - moment
            await asyncio.sleep(_LOOK_S)
        return None

    async def until_idle(self, *, within_s: float) -> bool:
        """Wait until nothing waits in the topic any more; tell whether that came in time."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if await self.is_done():
                return True
            await asyncio.sleep(_LOOK_S)
        return False

    async def is_done(self, ends: Offsets | None = None) -> bool:
        """Tell whether the group has committed these offsets; without them, all that the topic holds now."""
        found = await self._offsets()
        if found is None:
            return False
        now, committed = found
        return all(committed.get(partition, 0) >= end for partition, end in (ends or now).items())

    async def close(self) -> None:
        """End the connections."""
        await self._client.aclose()

    async def _all_ready(self) -> bool:
        ports = [self._campus.ports["ingest"], *self._workers.ports.values()]
        return all(await asyncio.gather(*map(self._is_ready, ports)))

    async def _is_ready(self, port: int) -> bool:
        try:
            return (await self._client.get(f"http://127.0.0.1:{port}/readyz")).is_success
        except httpx.HTTPError:
            return False

    async def _offsets(self) -> tuple[Offsets, Offsets] | None:
        """Give the ends of the topic and what the group has committed; None while the broker is away."""
        bootstrap, topic = self._campus.connection.kafka_bootstrap, self._campus.connection.topics.frames
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap)
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN_S):
                await consumer.start()
                await admin.start()
                # Committed first: what comes in between only makes the answer too careful.
                group = await admin.list_consumer_group_offsets(self._campus.environment["ROLLCALL_STREAM_GROUP"])
                partitions = [TopicPartition(topic, each) for each in consumer.partitions_for_topic(topic) or ()]
                ends = await consumer.end_offsets(partitions)
        except (KafkaError, OSError, TimeoutError):
            return None
        finally:
            await consumer.stop()
            await admin.close()
        return ends, {each: group[each].offset for each in partitions if each in group}
