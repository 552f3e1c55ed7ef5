"""Where copies lie outside of the database, and how long each place keeps one: topics and backups."""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from attendance.erasures import Place
from attendance.settings import ConnectionSettings

# A topic's settings change rarely, and each question is a connection of its own.
_HOLDS_SECONDS = 300.0
_ANSWER_SECONDS = 10.0
# A broker looks for old segments every 5 minutes, and takes a deleted file off the disk after a minute, unless told
# otherwise (log.retention.check.interval.ms, file.delete.delay.ms).
_BROKERS_TURN = timedelta(minutes=6)


class Places:
    """The topics and the sets of backups."""

    def __init__(self, connection: ConnectionSettings, backup_sets: Mapping[str, int]) -> None:
        """`backup_sets`: how many days each is kept, by name."""
        topics = connection.topics
        self._bootstrap = connection.kafka_bootstrap
        self._topics = (topics.frames, topics.frames_dead, topics.attendance_events, topics.sightings)
        self._backups = [Place(f"backups: {name}", timedelta(days=days)) for name, days in sorted(backup_sets.items())]
        self._found: list[Place] = []
        self._asked_at: float | None = None

    async def all(self) -> list[Place]:
        """Give every place. Of a topic that Kafka doesn't tell about now, how long it keeps isn't known."""
        if self._asked_at is None or time.monotonic() - self._asked_at >= _HOLDS_SECONDS:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    self._found = await self._ask()
                self._asked_at = time.monotonic()
            except (KafkaError, TimeoutError):
                self._found = [Place(f"topic {name}", None) for name in self._topics]
        return [*self._found, *self._backups]

    async def _ask(self) -> list[Place]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        try:
            await admin.start()
            there = set(await admin.list_topics())
            return [
                Place(f"topic {name}", _keeps(await _config(admin, name))) for name in self._topics if name in there
            ]
        finally:
            await admin.close()


async def _config(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    return {
        entry[0]: entry[1]
        for answer in answers
        for _code, _message, _kind, _name, entries in answer.resources
        for entry in entries
    }


def _keeps(config: Mapping[str, str]) -> timedelta | None:
    """Give how long a message may lie on disk: whole segments are deleted, once the newest in one is old enough."""
    retention, segment = (int(config.get(name, -1)) for name in ("retention.ms", "segment.ms"))
    if retention < 0 or segment < 0 or config.get("cleanup.policy") != "delete":
        return None
    return timedelta(milliseconds=retention + segment) + _BROKERS_TURN
