"""Sightings reach the real Kafka keyed by camera, in order, as CloudEvents."""

import secrets

from aiokafka import AIOKafkaConsumer, TopicPartition

from attendance.sighting_events import SightingEvent
from deploy.local.stack import LocalStack
from deploy.topics import TopicSettings, ensure_topics
from stream_app.sightings import SightingSender
from tests.attendance.test_sighting_events import NAMES, built


async def test_sightings_lie_on_the_topic_in_order_by_the_time_that_send_returns(stack: LocalStack) -> None:
    connection = stack.settings.model_copy(update={"topic_prefix": f"sighted-{secrets.token_hex(4)}."})
    await ensure_topics(connection, TopicSettings(sightings_partitions=1))
    sender = SightingSender(connection.kafka_bootstrap, connection.topics.sightings)
    events = [built(name) for name in NAMES]
    await sender.send([])
    await sender.send(events)
    await sender.stop()
    consumer = AIOKafkaConsumer(bootstrap_servers=connection.kafka_bootstrap)
    await consumer.start()
    place = TopicPartition(connection.topics.sightings, 0)
    consumer.assign([place])
    consumer.seek(place, 0)
    assert (await consumer.end_offsets([place]))[place] == len(events)
    records = [await consumer.getone() for _ in events]
    await consumer.stop()
    assert [SightingEvent.model_validate_json(record.value) for record in records] == events
    assert {record.key.decode() for record in records} == {events[0].data.camera_id}
    assert dict(records[0].headers)["content-type"].startswith(b"application/cloudevents+json")
