"""Is a part of the stack able to do its work? Each check does a little of that work.

A check returns when the part is healthy and raises `Unhealthy`, with a sentence, when it is not.
"""

import asyncio
import secrets
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

HEALTH_TOPIC = "rollcall.health"
_HEALTH_COLLECTION = "health"
# Each probe is of no use once it was read back.
_PROBE_RETENTION_MS = 60_000
# What a healthy part does in well under a second; past it, it is of no use to whoever waits.
CHECK_TIMEOUT_S = 5.0


class Unhealthy(Exception):
    """A part can't do its work now."""


async def check_kafka(bootstrap: str, *, topic_prefix: str = "") -> None:
    """Produce a message, confirmed by all in-sync replicas, and fetch that very message.

    Raises:
        Unhealthy: that could not be done within 5 s.
    """
    topic = f"{topic_prefix}{HEALTH_TOPIC}"
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await _ensure_topic(bootstrap, topic)
            probe = secrets.token_bytes(16)
            offset = await _produce(bootstrap, topic, probe)
            fetched = await _fetch(bootstrap, topic, offset)
    except TimeoutError as error:
        raise Unhealthy(f"Kafka at {bootstrap} took no message within {CHECK_TIMEOUT_S:g} s") from error
    except (KafkaError, OSError) as error:
        raise Unhealthy(f"Kafka at {bootstrap} doesn't work: {error}") from error
    if fetched != probe:
        raise Unhealthy(f"Kafka at {bootstrap} gave back another message than it was given")


async def check_mongo(url: str, *, database: str) -> None:
    """Write a document with the majority's acknowledgement and read that very document.

    Raises:
        Unhealthy: that could not be done within 5 s.
    """
    budget_ms = round(CHECK_TIMEOUT_S * 1000)
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        url, serverSelectionTimeoutMS=budget_ms, connectTimeoutMS=budget_ms, socketTimeoutMS=budget_ms
    )
    probe = {"_id": secrets.token_hex(16)}
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S), client:
            collection = client[database].get_collection(
                _HEALTH_COLLECTION,
                write_concern=WriteConcern(w="majority", j=True),
                read_concern=ReadConcern("majority"),
            )
            await collection.insert_one(probe)
            found = await collection.find_one(probe)
            await collection.delete_one(probe)
    except TimeoutError as error:
        raise Unhealthy(f"the database took no document within {CHECK_TIMEOUT_S:g} s") from error
    except (PyMongoError, OSError) as error:
        raise Unhealthy(f"the database doesn't work: {error}") from error
    if found != probe:
        raise Unhealthy("the database gave back another document than it was given")


async def check_ready(url: str) -> None:
    """Ask a service over HTTP whether it is ready.

    Raises:
        Unhealthy: it doesn't answer within 5 s, or it answers that it isn't ready.
    """
    try:
        # Not by a proxy that the environment names: these are addresses of this machine.
        async with httpx.AsyncClient(timeout=CHECK_TIMEOUT_S, trust_env=False) as client:
            answer = await client.get(url)
    except httpx.HTTPError as error:
        raise Unhealthy(f"no answer from {url} ({type(error).__name__})") from error
    if not answer.is_success:
        raise Unhealthy(f"{url} answers {answer.status_code}: {answer.text[:200]}")


async def _ensure_topic(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        if topic in await admin.list_topics():
            return
        kept = {"retention.ms": str(_PROBE_RETENTION_MS), "segment.ms": str(_PROBE_RETENTION_MS)}
        answer = await admin.create_topics([NewTopic(topic, 1, 1, topic_configs=kept)])
        for _, code, *said in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error(*said)
    finally:
        await admin.close()


async def _produce(bootstrap: str, topic: str, probe: bytes) -> int:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    try:
        await producer.start()
        sent = await producer.send_and_wait(topic, probe, partition=0)
    finally:
        await producer.stop()
    return int(sent.offset)


async def _fetch(bootstrap: str, topic: str, offset: int) -> bytes | None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    partition = TopicPartition(topic, 0)
    try:
        await consumer.start()
        consumer.assign([partition])
        consumer.seek(partition, offset)
        message = await consumer.getone()
    finally:
        await consumer.stop()
    value: bytes | None = message.value
    return value
