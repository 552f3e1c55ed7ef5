"""The topics have the settings that the promises rest on."""

from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from attendance.settings import ConnectionSettings
from attendance.topics import Topics
from deploy.local.stack import LocalStack
from deploy.topics import TopicSettings, ensure_topics, plan_topics

MB = 1024 * 1024
DAY_MS = 24 * 3600 * 1000


def under(stack: LocalStack, prefix: str) -> ConnectionSettings:
    return stack.settings.model_copy(update={"topic_prefix": prefix})


async def config_of(stack: LocalStack, topic: str) -> Mapping[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    await admin.close()
    return {entry[0]: entry[1] for answer in answers for entry in answer.resources[0][4]}


async def test_the_topics_are_created_once_and_then_found_as_they_should_be(stack: LocalStack) -> None:
    connection = under(stack, "once.")
    first = await ensure_topics(connection, TopicSettings())
    assert [report.name for report in first] == [
        "once.frames",
        "once.frames.dead",
        "once.attendance.events",
        "once.sightings",
        "once.cameras",
    ]
    assert all(report.created for report in first)
    second = await ensure_topics(connection, TopicSettings())
    assert not any(report.created or report.differences for report in second)


async def test_the_broker_holds_the_settings(stack: LocalStack) -> None:
    connection = under(stack, "held.")
    await ensure_topics(connection, TopicSettings())
    frames = await config_of(stack, connection.topics.frames)
    assert frames["retention.ms"] == "600000"
    assert frames["segment.ms"] == "60000"
    assert frames["message.timestamp.type"] == "LogAppendTime"
    assert frames["max.message.bytes"] == str(9 * MB)
    dead = await config_of(stack, connection.topics.frames_dead)
    assert dead["retention.ms"] == "3600000"
    assert dead["message.timestamp.type"] == "LogAppendTime"
    assert dead["max.message.bytes"] == str(10 * MB)
    kept = {
        connection.topics.attendance_events: 30 * DAY_MS,
        connection.topics.sightings: DAY_MS,
        connection.topics.cameras: 7 * DAY_MS,
    }
    for topic, retention in kept.items():
        assert (await config_of(stack, topic))["retention.ms"] == str(retention)


async def test_what_differs_is_reported_with_the_line_that_alters_it_and_left_alone(stack: LocalStack) -> None:
    connection = under(stack, "differs.")
    await ensure_topics(connection, TopicSettings(frames_partitions=2, frames_retention_s=60))
    reports = await ensure_topics(connection, TopicSettings(frames_partitions=4))
    frames = reports[0]
    assert frames.differences == ("partitions: 2, not 4", "retention.ms: 60000, not 600000")
    partitions, settings = frames.commands
    assert partitions == "rollcall topics --partitions 4"
    assert "--entity-name differs.frames --add-config retention.ms=600000" in settings
    assert not any(report.differences for report in reports[1:])
    assert (await config_of(stack, connection.topics.frames))["retention.ms"] == "60000"


async def test_fewer_partitions_are_not_offered_for_kafka_cannot_take_any_away(stack: LocalStack) -> None:
    connection = under(stack, "fewer.")
    await ensure_topics(connection, TopicSettings(frames_partitions=3))
    frames = (await ensure_topics(connection, TopicSettings(frames_partitions=2)))[0]
    assert frames.differences == ("partitions: 3, not 2",)
    assert frames.commands == ()


def test_with_three_copies_a_write_needs_two_of_them() -> None:
    for plan in plan_topics(Topics(), TopicSettings(replication_factor=3)):
        assert plan.config["min.insync.replicas"] == "2"
    for plan in plan_topics(Topics(), TopicSettings(replication_factor=1)):
        assert "min.insync.replicas" not in plan.config


def test_no_topic_waits_longer_for_its_segment_than_it_keeps_its_messages() -> None:
    for plan in plan_topics(Topics(), TopicSettings()):
        assert int(plan.config["segment.ms"]) < int(plan.config["retention.ms"])


async def test_the_fixed_number_of_the_events_is_reported_without_a_line_that_would_alter_it(stack: LocalStack) -> None:
    connection = under(stack, "fixed.")
    await ensure_topics(connection, TopicSettings(attendance_events_partitions=1))
    events = (await ensure_topics(connection, TopicSettings(attendance_events_partitions=2)))[2]
    assert events.differences == ("partitions: 1, not 2",)
    assert events.commands == ()
