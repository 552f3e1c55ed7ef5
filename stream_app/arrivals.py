"""Whether all frames that reached Kafka before a moment were processed, by whichever workers of the group.

What was processed of a camera says nothing of one whose frames all still wait in Kafka: it looks like one that is off.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

log = structlog.get_logger(__name__)


class Arrivals:
    """Compares the group's committed offsets of `frames` with when the frames arrived, by the broker's clock."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._group = group
        self._known: datetime | None = None

    async def processed_until(self, moments: Iterable[datetime]) -> set[datetime]:
        """Give those of the moments before which nothing arrived that isn't processed; none where Kafka is away."""
        wanted = set(moments)
        # What is processed stays so.
        known = {moment for moment in wanted if self._known and moment <= self._known}
        if wanted == known:
            return known
        try:
            found = await self._ask(sorted(wanted - known))
        except KafkaError as error:
            log.warning("it can't be known which frames still wait in Kafka", error=str(error))
            return known
        if found:
            self._known = max(found)
        return known | found

    async def _ask(self, moments: list[datetime]) -> set[datetime]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, enable_auto_commit=False, client_id="rollcall-arrivals"
        )
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, client_id="rollcall-arrivals")
        try:
            await consumer.start()
            await admin.start()
            # The group's offsets first: what is processed meanwhile only makes the answer too careful.
            group = await admin.list_consumer_group_offsets(self._group)
            numbers = await self._partitions(admin)
            partitions = [TopicPartition(self._topic, number) for number in numbers]
            begins = await consumer.beginning_offsets(partitions)
            ends = await consumer.end_offsets(partitions)
            done = {each: max(group[each].offset if each in group else 0, begins[each]) for each in partitions}
            return {each for each in moments if await _is_past(consumer, each, done, ends)}
        finally:
            await consumer.stop()
            await admin.close()

    async def _partitions(self, admin: AIOKafkaAdminClient) -> list[int]:
        [topic] = await admin.describe_topics([self._topic])
        if topic["error_code"] or not topic["partitions"]:
            # A broker that is just starting: of no partition at all, everything would be processed.
            raise KafkaError(f"the partitions of {self._topic} aren't known (error {topic['error_code']})")
        return [each["partition"] for each in topic["partitions"]]


async def _is_past(
    consumer: AIOKafkaConsumer,
    moment: datetime,
    done: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> bool:
    milliseconds = round(moment.timestamp() * 1000)
    first_after = await consumer.offsets_for_times(dict.fromkeys(done, milliseconds))
    return all(
        offset >= (first_after[each].offset if first_after.get(each) else ends[each]) for each, offset in done.items()
    )
