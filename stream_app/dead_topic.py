"""Reading `frames.dead`: its letters, and the receipts of those that were replayed.

A receipt is a message without a value that names a letter. It is written to the letter's own partition, behind it, so
that Kafka, which deletes a partition from its front, never deletes a receipt before its letter.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import ConsumerRecord

from ingest.contract import BadFrame, parse_time
from stream_app.replayed import count_replays

RECEIPT = "dead_receipt"
RECEIPT_OF = "dead_receiptof"
# A letter is larger than the frame by its headers; a smaller fetch would never bring it to an end.
_FETCH_BYTES = 11 * 1024 * 1024
# Longer than a broker that was killed needs to come back; without it a lost broker is waited for in silence for ever.
_STALLED_AFTER_S = 40.0
_POLL_MS = 300

Place = tuple[int, int]  # partition and offset within `frames.dead`
Spans = Mapping[TopicPartition, tuple[int, int]]


class NoSuchLetter(LookupError):
    """There is no letter at that place, or no topic to look in."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A refused frame without its bytes. `at`: when it was refused; `arrived_at`: when it had come to `topic`."""

    place: Place
    at: datetime
    arrived_at: datetime
    camera: str
    reason: str
    error: str
    topic: str
    source: Place
    tries: int
    replays: int
    size: int

    @property
    def name(self) -> str:
        """PARTITION:OFFSET, by which `show` and `replay` know it."""
        return f"{self.place[0]}:{self.place[1]}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Says that the letter at `of` was sent back to `frames`."""

    of: Place
    camera: str
    reason: str


class DeadTopic:
    """The topic as it is now: what comes after it was opened is not read."""

    def __init__(self, consumer: AIOKafkaConsumer, spans: Spans) -> None:
        self._consumer = consumer
        self._spans = dict(spans)

    @property
    def size(self) -> int:
        """How many messages a whole reading goes through at the most."""
        return sum(end - start for start, end in self._spans.values())

    async def begin_at(self, moment: datetime) -> None:
        """Leave out what was refused before a moment."""
        at_ms = round(moment.timestamp() * 1000)
        found = await self._consumer.offsets_for_times(dict.fromkeys(self._spans, at_ms))
        for partition, (_, end) in list(self._spans.items()):
            first = found[partition]
            self._spans[partition] = (first.offset if first else end, end)

    def keep_last(self, count: int) -> None:
        """Leave out all but so many of each partition's newest."""
        self._spans = {each: (max(start, end - count), end) for each, (start, end) in self._spans.items()}

    def holds(self, place: Place) -> bool:
        """Tell whether a place is within what is read."""
        return any(each.partition == place[0] and start <= place[1] < end for each, (start, end) in self._spans.items())

    async def records(self, on_read: Callable[[], None] = lambda: None) -> AsyncIterator[ConsumerRecord]:
        """Give every message, each partition in its order. `on_read` is called for each.

        Raises:
            KafkaTimeoutError: nothing came for 40 s.
        """
        wanted = {each: span for each, span in self._spans.items() if span[0] < span[1]}
        if not wanted:
            return  # a consumer that was assigned nothing never stops (aiokafka 0.14)
        self._consumer.assign(list(wanted))
        for partition, (start, _) in wanted.items():
            self._consumer.seek(partition, start)
        heard_at = time.monotonic()
        while wanted:
            batches = await self._consumer.getmany(*wanted, timeout_ms=_POLL_MS)
            if batches:
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > _STALLED_AFTER_S:
                raise KafkaTimeoutError("no more of the dead letters came for 40 s")
            for partition, records in batches.items():
                for record in records:
                    if record.offset < wanted[partition][1]:
                        on_read()
                        yield record
            for partition in list(wanted):
                if await self._consumer.position(partition) >= wanted[partition][1]:
                    del wanted[partition]

    def check(self, place: Place) -> None:
        """Refuse a place where nothing can lie.

        Raises:
            NoSuchLetter: there is nothing, or nothing any more.
        """
        if not self.holds(place):
            raise _no_letter(place)

    async def get(self, place: Place) -> ConsumerRecord:
        """Give the letter at a place, with its bytes.

        Raises:
            NoSuchLetter: there is none, or none any more.
        """
        self.check(place)
        partition, offset = place
        self._spans = {TopicPartition(each.topic, partition): (offset, offset + 1) for each in self._spans}
        async for record in self.records():
            if record.offset == offset and receipt_of(record) is None:
                return record
        raise _no_letter(place)


@asynccontextmanager
async def open_dead_topic(bootstrap: str, topic: str) -> AsyncIterator[DeadTopic]:
    """Open the topic of dead letters for reading; no consumer group, so nothing is committed.

    Raises:
        NoSuchLetter: the topic was never made.
        KafkaError: Kafka can't be reached.
    """
    partitions = await partitions_of(bootstrap, topic)
    if not partitions:
        raise NoSuchLetter(f"there is no topic {topic}: run `rollcall topics`")
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=_FETCH_BYTES,
    )
    try:
        await consumer.start()
        consumer.assign(partitions)
        starts = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        yield DeadTopic(consumer, {each: (starts[each], ends[each]) for each in partitions})
    finally:
        await consumer.stop()


def receipt_of(record: ConsumerRecord) -> Receipt | None:
    """Read a receipt; None for anything else. What bears a reason is a letter, whatever else it bears."""
    texts = _texts(record)
    if "dead_reason" in texts or RECEIPT not in texts:
        return None
    partition, _, offset = texts.get(RECEIPT_OF, "").partition(":")
    return Receipt((_number(partition), _number(offset)), _camera(record), texts[RECEIPT])


def letter_of(record: ConsumerRecord) -> Letter:
    """Read a letter. Whatever it lacks is empty: an older release may have written less."""
    texts = _texts(record)
    at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    try:
        arrived_at = parse_time(texts.get("dead_arrivedat", ""))
    except BadFrame:
        arrived_at = at  # it can't have come later than it was refused
    return Letter(
        place=(record.partition, record.offset),
        at=at,
        arrived_at=arrived_at,
        camera=_camera(record),
        reason=texts.get("dead_reason", ""),
        error=texts.get("dead_error", ""),
        topic=texts.get("dead_topic", ""),
        source=(_number(texts.get("dead_partition", "")), _number(texts.get("dead_offset", ""))),
        tries=_number(texts.get("dead_tries", "")),
        replays=count_replays(record.headers),
        size=len(record.value or b""),
    )


def _no_letter(place: Place) -> NoSuchLetter:
    return NoSuchLetter(f"there is no dead letter {place[0]}:{place[1]}, or Kafka has deleted it by age")


async def partitions_of(bootstrap: str, topic: str) -> list[TopicPartition]:
    """Give a topic's partitions; none where it was never made.

    Raises:
        KafkaError: Kafka can't be reached.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        (found,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    return [TopicPartition(topic, each["partition"]) for each in found["partitions"]]


def _texts(record: ConsumerRecord) -> dict[str, str]:
    # Of a header that stands twice the last counts: the stream app's own come behind the camera's.
    return {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}


def _camera(record: ConsumerRecord) -> str:
    return (record.key or b"").decode("utf-8", "replace")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
