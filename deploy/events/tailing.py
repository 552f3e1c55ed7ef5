"""Following the topic of attendance events from a terminal: no consumer group, so nothing is committed."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError

from stream_app.dead_topic import partitions_of

_POLL_MS = 500
# Longer than a broker that was killed needs to come back.
_STALLED_AFTER_S = 40.0
_PREFIX = "org.rollcall."


class NoSuchTopic(LookupError):
    """The topic was never made."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are shown; None: all. `type` may be written without its `org.rollcall.`."""

    type: str | None = None
    data: Mapping[str, str | None] | None = None

    def takes(self, event: Mapping[str, Any]) -> bool:
        """Tell whether an event is wanted: one that lacks a field which is asked for isn't."""
        if self.type is not None and event.get("type") not in (self.type, f"{_PREFIX}{self.type}"):
            return False
        data = event.get("data")
        fields = data if isinstance(data, Mapping) else {}
        return all(fields.get(name) == value for name, value in (self.data or {}).items() if value is not None)


class Tail:
    """The topic from a place on."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        self._consumer = consumer
        self._partitions = partitions

    async def begin(self, since: datetime | None, *, all_there_is: bool) -> None:
        """Go to the first event that came at `since` or later, to the first one, or to what comes from now on."""
        if all_there_is:
            await self._consumer.seek_to_beginning(*self._partitions)
            return
        ends = await self._consumer.end_offsets(self._partitions)
        found: dict[TopicPartition, Any] = {}
        if since is not None:
            at_ms = round(since.timestamp() * 1000)
            found = await self._consumer.offsets_for_times(dict.fromkeys(self._partitions, at_ms))
        for partition in self._partitions:
            first = found.get(partition)
            self._consumer.seek(partition, first.offset if first else ends[partition])

    async def lines(self, wanted: Wanted, *, once: bool) -> AsyncIterator[str]:
        """Give each event as the line of JSON that it is; with `once` up to where the topic ends now.

        What is no JSON object is passed over: nothing of ours is like that.

        Raises:
            KafkaTimeoutError: with `once`, nothing came for 40 s although there is more.
        """
        heard_at = time.monotonic()
        ends = await self._consumer.end_offsets(self._partitions) if once else {}
        while not once or await self._is_before(ends):
            batches = await self._consumer.getmany(timeout_ms=_POLL_MS)
            if batches:
                heard_at = time.monotonic()
            elif once and time.monotonic() - heard_at > _STALLED_AFTER_S:
                raise KafkaTimeoutError("no more of the events came for 40 s")
            for partition, records in batches.items():
                for record in records:
                    if once and record.offset >= ends[partition]:
                        continue
                    text = (record.value or b"").decode("utf-8", "replace")
                    event = _object(text)
                    if event is not None and wanted.takes(event):
                        yield text if "\n" not in text else json.dumps(event)

    async def _is_before(self, ends: Mapping[TopicPartition, int]) -> bool:
        positions = [(await self._consumer.position(partition), end) for partition, end in ends.items()]
        return any(position < end for position, end in positions)


@asynccontextmanager
async def open_tail(bootstrap: str, topic: str) -> AsyncIterator[Tail]:
    """Open a topic.

    Raises:
        NoSuchTopic: it was never made.
        KafkaError: Kafka can't be reached.
    """
    partitions = await partitions_of(bootstrap, topic)
    if not partitions:
        raise NoSuchTopic(f"there is no topic {topic}: run `rollcall topics`")
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        consumer.assign(partitions)
        yield Tail(consumer, partitions)
    finally:
        await consumer.stop()


def _object(text: str) -> dict[str, Any] | None:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None
