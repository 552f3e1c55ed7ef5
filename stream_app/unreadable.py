"""Passes over messages that the Kafka client can't read at all, which would otherwise stop their partition for good.

A header's name need not be UTF-8 for Kafka, but it must for aiokafka 0.14: it raises in the middle of a batch, loses
what it had unpacked of it and of other partitions, and then goes on behind that. So the batch is asked for again, one
message at a time, up to the one that can't be read. What its producer sent behind it in the same batch goes with it:
the client unpacks a batch from its beginning.
"""

from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.structs import TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

from stream_app import metrics

log = structlog.get_logger(__name__)


class TolerantThread(AIOKafkaConsumerThread):
    """Faust's thread around aiokafka's consumer, which loses nothing when a message can't be read."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # handed through to Faust
        super().__init__(*args, **kwargs)
        self._unreadable: dict[TopicPartition, int] = {}

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: Any,  # noqa: ANN401
        timeout: float | None = None,  # noqa: ASYNC109  # Faust's own
        max_records: int | None = None,
    ) -> Any:  # noqa: ANN401  # Faust's map of records
        self._pass_over(consumer)
        before = _positions(consumer)
        careful = 1 if self._unreadable else max_records
        try:
            return await super()._fetch_records(consumer, active_partitions, timeout, careful)
        except UnicodeDecodeError:
            self._unreadable |= _broken(consumer)
            # What was unpacked before it, of this and other partitions, is lost in the exception.
            for partition, position in before.items():
                consumer._fetcher.seek_to(partition, position)
            return {}

    def _pass_over(self, consumer: AIOKafkaConsumer) -> None:
        positions = _positions(consumer) if self._unreadable else {}
        for partition, offset in list(self._unreadable.items()):
            position = positions.get(partition)
            if position is None or position > offset:
                del self._unreadable[partition]
            elif position == offset:
                del self._unreadable[partition]
                consumer._fetcher.seek_to(partition, offset + 1)
                metrics.FRAMES.labels("unreadable").inc()
                log.error(
                    "a message was passed over: a header's name is not UTF-8, so it can't be read or refused",
                    partition=partition.partition,
                    offset=offset,
                )


def _positions(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    subscription = consumer._subscription.subscription
    if subscription is None or subscription.assignment is None:
        return {}
    states = {partition: subscription.assignment.state_value(partition) for partition in subscription.assignment.tps}
    return {partition: state.position for partition, state in states.items() if state.has_valid_position}


def _broken(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    """Give the partitions whose batch ended in an error, with the offset of the message that it is about."""
    found = {}
    for partition, result in consumer._fetcher._records.items():
        records = result._partition_records if isinstance(result, FetchResult) else None
        if records is not None and records._records_iterator.gi_frame is None:
            found[partition] = records.next_fetch_offset
    return found
