"""The Kafka topics: each one's settings, why it has them, and how they come to be."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from attendance.settings import ConnectionSettings
from attendance.topics import Topics

_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S
_MB = 1024 * 1024
# With as many copies, one may be away without a write being refused, and none is acknowledged by one copy alone.
_COPIES_FOR_MIN_INSYNC = 3
# Longer than a broker that was killed needs to come back.
_SETTLED_WITHIN_S = 30
_POLL_S = 0.05


class TopicSettings(BaseSettings):
    """How the topics are made. Prefix `ROLLCALL_`."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_", extra="ignore", env_ignore_empty=True)

    replication_factor: int = Field(default=1, ge=1, description="copies of each partition; 3 on a real cluster")
    frames_partitions: int = Field(default=8, ge=1, description="stream apps share the cameras by partition")
    frames_dead_partitions: int = Field(default=1, ge=1)
    attendance_events_partitions: int = Field(
        default=8, ge=1, description="fixed for ever: a student's events are in order within one partition only"
    )
    sightings_partitions: int = Field(default=8, ge=1)
    cameras_partitions: int = Field(default=1, ge=1)
    frames_retention_s: float = Field(default=10 * _MINUTE_S, gt=0)
    frames_dead_retention_s: float = Field(default=_HOUR_S, gt=0)
    attendance_events_retention_s: float = Field(default=30 * _DAY_S, gt=0)
    sightings_retention_s: float = Field(default=_DAY_S, gt=0)
    cameras_retention_s: float = Field(default=7 * _DAY_S, gt=0)
    segment_s: float = Field(
        default=_MINUTE_S, gt=0, description="of frames and frames.dead: part of how long a frame is kept"
    )


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """A topic as it should be."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What became of a topic. `differences` are sentences; `commands` would put them right."""

    name: str
    created: bool
    differences: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


def plan_topics(topics: Topics, settings: TopicSettings) -> list[TopicPlan]:
    """Give every topic with its settings.

    Kafka deletes whole segments, and only once the newest message of a segment is old enough. So every topic has a
    `segment.ms` that is short beside its retention: with Kafka's default of 7 days a quiet topic would keep a day's
    data for eight.
    """
    # The broker's clock, not the camera's: one frame dated next year would keep its whole segment from being deleted,
    # and have its whole batch refused.
    # Compressed batches are unpacked by the broker, which holds what comes out to the bounds of size: workers could not
    # read a codec of which they lack the library, nor bound what a small batch unpacks to.
    pictures = {
        "message.timestamp.type": "LogAppendTime",
        "segment.ms": _ms(settings.segment_s),
        "compression.type": "uncompressed",
    }

    def plan(name: str, partitions: int, retention_s: float, config: Mapping[str, str]) -> TopicPlan:
        copies = settings.replication_factor
        safe = {"min.insync.replicas": "2"} if copies >= _COPIES_FOR_MIN_INSYNC else {}
        kept = {"cleanup.policy": "delete", "retention.ms": _ms(retention_s)}
        return TopicPlan(name, partitions, copies, {**kept, **safe, **config})

    return [
        plan(
            topics.frames,
            settings.frames_partitions,
            settings.frames_retention_s,
            {**pictures, "max.message.bytes": str(9 * _MB)},  # a picture of 8 MB, its headers and the batch around it
        ),
        plan(
            topics.frames_dead,
            settings.frames_dead_partitions,
            settings.frames_dead_retention_s,
            {**pictures, "max.message.bytes": str(10 * _MB)},  # what `frames` took, and the reason for its refusal
        ),
        plan(
            topics.attendance_events,
            settings.attendance_events_partitions,
            settings.attendance_events_retention_s,
            {"segment.ms": _ms(_DAY_S)},
        ),
        plan(
            topics.sightings,
            settings.sightings_partitions,
            settings.sightings_retention_s,
            {"segment.ms": _ms(_HOUR_S)},
        ),
        plan(topics.cameras, settings.cameras_partitions, settings.cameras_retention_s, {"segment.ms": _ms(_DAY_S)}),
    ]


async def ensure_topics(connection: ConnectionSettings, settings: TopicSettings) -> list[TopicReport]:
    """Create the topics that aren't there, and report what differs in those that are. Nothing is altered.

    Raises:
        aiokafka.errors.KafkaError: Kafka can't be reached, or refuses.
        TimeoutError: a topic's partitions had no leaders within 30 s.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=connection.kafka_bootstrap)
    try:
        await admin.start()
        existing = set(await admin.list_topics())
        return [
            await _compare(admin, plan, connection)
            if plan.name in existing or not await _create(admin, plan)
            else TopicReport(plan.name, created=True)
            for plan in plan_topics(connection.topics, settings)
        ]
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, plan: TopicPlan) -> bool:
    topic = NewTopic(plan.name, plan.partitions, plan.replication_factor, topic_configs=dict(plan.config))
    answer = await admin.create_topics([topic])
    for _, code, *said in answer.topic_errors:
        error = for_code(code)
        if error is TopicAlreadyExistsError:
            return False
        if code:
            raise error(*said)
    await _settled(admin, plan.name)
    return True


async def _settled(admin: AIOKafkaAdminClient, topic: str) -> dict[str, Any]:
    """Describe a topic once its partitions have leaders: one created a moment ago seems to have no partitions."""
    async with asyncio.timeout(_SETTLED_WITHIN_S):
        while True:
            (found,) = await admin.describe_topics([topic])
            partitions = found["partitions"]
            if partitions and not found["error_code"] and not any(one["error_code"] for one in partitions):
                described: dict[str, Any] = found
                return described
            await asyncio.sleep(_POLL_S)


async def _compare(admin: AIOKafkaAdminClient, plan: TopicPlan, connection: ConnectionSettings) -> TopicReport:
    bootstrap = connection.kafka_bootstrap
    differences, commands = [], []
    topic = await _settled(admin, plan.name)
    partitions = len(topic["partitions"])
    if partitions != plan.partitions:
        differences.append(f"partitions: {partitions}, not {plan.partitions}")
        if partitions < plan.partitions and plan.name == connection.topics.frames:
            commands.append(f"rollcall topics --partitions {plan.partitions}")
        elif partitions < plan.partitions and plan.name != connection.topics.attendance_events:
            commands.append(
                f"kafka-topics.sh --bootstrap-server {bootstrap} --alter --topic {plan.name} "
                f"--partitions {plan.partitions}"
            )
    copies = len(topic["partitions"][0]["replicas"])
    if copies != plan.replication_factor:
        differences.append(f"copies of each partition: {copies}, not {plan.replication_factor}")
        commands.append(f"kafka-reassign-partitions.sh --bootstrap-server {bootstrap} (moves data: see its manual)")
    config = await _config_of(admin, plan.name)
    wrong = {name: value for name, value in plan.config.items() if config.get(name) != value}
    if wrong:
        differences += [f"{name}: {config.get(name)}, not {value}" for name, value in wrong.items()]
        pairs = ",".join(f"{name}={value}" for name, value in wrong.items())
        commands.append(
            f"kafka-configs.sh --bootstrap-server {bootstrap} --alter --entity-type topics "
            f"--entity-name {plan.name} --add-config {pairs}"
        )
    return TopicReport(plan.name, created=False, differences=tuple(differences), commands=tuple(commands))


async def _config_of(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    config: dict[str, str] = {}
    for answer in answers:
        for code, message, _kind, _name, entries in answer.resources:
            if code:
                raise for_code(code)(message)
            config.update({entry[0]: entry[1] for entry in entries})
    return config


def _ms(seconds: float) -> str:
    return str(round(seconds * 1000))
