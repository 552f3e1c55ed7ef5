"""What is killed comes back, with everything that was acknowledged, and leaves nothing behind."""

import contextlib
import os
import resource
import secrets
import signal
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from attendance.settings import ConnectionSettings
from deploy.local.health import Unhealthy, check_kafka, check_mongo
from deploy.local.processes import ProcessIdentity, marked, write_identity
from deploy.local.stack import LocalStack, StartFailed
from deploy.topics import TopicSettings, ensure_topics
from tests.stack.waiting import until

MESSAGES = 500
DOCUMENTS = 300
FILLING = 200


def kill(stack: LocalStack, name: str) -> int:
    pid = stack.pid_of(name)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def connection(stack: LocalStack, prefix: str) -> ConnectionSettings:
    return stack.settings.model_copy(update={"topic_prefix": prefix})


async def kafka_works(stack: LocalStack) -> bool:
    try:
        await check_kafka(stack.kafka_bootstrap)
    except Unhealthy:
        return False
    return True


async def database_works(stack: LocalStack) -> bool:
    try:
        await check_mongo(stack.mongo_url, database="health_test")
    except Unhealthy:
        return False
    return True


async def test_a_killed_kafka_comes_back_with_every_acknowledged_message(own_stack: LocalStack) -> None:
    there = connection(own_stack, "killed.")
    await ensure_topics(there, TopicSettings(frames_partitions=1))
    topic = there.topics.frames
    producer = AIOKafkaProducer(bootstrap_servers=own_stack.kafka_bootstrap, acks="all")
    await producer.start()
    for number in range(MESSAGES):
        await producer.send_and_wait(topic, str(number).encode())
    await producer.stop()

    killed = kill(own_stack, "kafka")
    await until(lambda: own_stack.pid_of("kafka") not in {None, killed}, "a new Kafka process")
    await until(lambda: kafka_works(own_stack), "Kafka takes messages again")

    consumer = AIOKafkaConsumer(bootstrap_servers=own_stack.kafka_bootstrap)
    await consumer.start()
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek(partition, 0)
    values = [(await consumer.getone()).value for _ in range(MESSAGES)]
    await consumer.stop()
    assert values == [str(number).encode() for number in range(MESSAGES)]


async def test_a_killed_database_comes_back_with_every_acknowledged_write(own_stack: LocalStack) -> None:
    written = []
    async with AsyncMongoClient[dict[str, int]](own_stack.mongo_url, w="majority", journal=True) as client:
        for number in range(DOCUMENTS):
            await client.recovery.numbers.insert_one({"_id": number})
            written.append(number)
        # At once, with no moment for anything to be flushed late.
        killed = kill(own_stack, "database")
    await until(lambda: own_stack.pid_of("database") not in {None, killed}, "a new database process")
    await until(lambda: database_works(own_stack), "the database takes writes again")
    async with AsyncMongoClient[dict[str, int]](own_stack.mongo_url) as client:
        found = [one["_id"] async for one in client.recovery.numbers.find().sort("_id")]
    assert found == written


async def test_a_database_whose_disk_was_full_comes_back_by_itself_once_there_is_room(own_stack: LocalStack) -> None:
    full = own_stack.pid_of("database")
    assert full is not None
    acknowledged = []
    async with AsyncMongoClient[dict[str, Any]](own_stack.mongo_url, w="majority", journal=True) as client:
        # No file of the process may grow beyond this, which is what a full disk looks like to it.
        resource.prlimit(full, resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
        for number in range(FILLING):
            with contextlib.suppress(PyMongoError):
                await client.recovery.full.insert_one({"_id": number, "filling": secrets.token_bytes(20_000)})
                acknowledged.append(number)
    assert own_stack.pid_of("database") != full, "it did not notice that the disk was full"
    await until(lambda: database_works(own_stack), "the database takes writes again")
    async with AsyncMongoClient[dict[str, Any]](own_stack.mongo_url) as client:
        found = [one["_id"] async for one in client.recovery.full.find({}, {"_id": 1}).sort("_id")]
    assert set(acknowledged) <= set(found)


async def test_nothing_survives_a_killed_supervisor_and_the_next_start_is_clean(own_stack: LocalStack) -> None:
    pids = [own_stack.pid_of(name) for name in ("kafka", "database")]
    before = [psutil.Process(pid) for pid in pids if pid]
    assert len(before) == 2
    kill(own_stack, "supervisor")
    await until(lambda: not any(one.is_running() for one in before), "Kafka and the database end with it")
    assert not marked(own_stack.settings.home)
    assert not own_stack.runs
    # Its pid file and its socket still lie there.
    await own_stack.start_backends()
    assert await kafka_works(own_stack)
    assert await database_works(own_stack)


async def test_down_leaves_no_process_and_can_be_called_twice(small_stack: LocalStack) -> None:
    await small_stack.start_backends()
    pids = [small_stack.pid_of(name) for name in ("database", "supervisor")]
    before = [psutil.Process(pid) for pid in pids if pid]
    assert len(before) == 2
    assert await small_stack.stop()
    assert not any(one.is_running() for one in before)
    assert not marked(small_stack.settings.home)
    assert not await small_stack.stop()


async def test_a_pid_that_now_belongs_to_another_process_is_not_taken_for_the_supervisor(
    small_stack: LocalStack,
) -> None:
    run_dir, ours = small_stack.settings.run_dir, psutil.Process()
    run_dir.mkdir(parents=True, exist_ok=True)
    stale = ProcessIdentity(ours.pid, ours.create_time() - 1000)
    write_identity(run_dir / "supervisord.json", stale)
    (run_dir / "supervisor.sock").touch()
    assert not small_stack.runs
    assert not await small_stack.stop()
    assert ours.is_running()
    write_identity(run_dir / "supervisord.json", stale)
    (run_dir / "supervisor.sock").touch()
    await small_stack.start_backends()
    assert small_stack.pid_of("supervisor") != ours.pid
    assert await database_works(small_stack)


async def test_a_service_that_can_not_start_is_named_with_its_last_words(small_stack: LocalStack) -> None:
    await small_stack.start_backends()
    assert not small_stack.settings.gateway_key_file.exists()
    with pytest.raises(StartFailed) as failed:
        await small_stack.start_services(names=["ingest"])
    assert "ingest did not become healthy" in str(failed.value)
    assert "gateway.key" in str(failed.value)
