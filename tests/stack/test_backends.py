"""The two backends that every other test stands on."""

import pytest

from deploy.local.health import Unhealthy, check_kafka, check_mongo, check_ready
from deploy.local.ports import free_ports
from deploy.local.processes import resident_bytes
from deploy.local.stack import LocalStack

GIGABYTE = 1_000_000_000


async def test_kafka_gives_back_the_message_that_it_was_given(stack: LocalStack) -> None:
    await check_kafka(stack.kafka_bootstrap)


async def test_the_database_gives_back_the_document_that_it_was_given(stack: LocalStack) -> None:
    await check_mongo(stack.mongo_url, database="health_test")


async def test_a_part_that_is_not_there_is_unhealthy() -> None:
    (port,) = free_ports(1)
    with pytest.raises(Unhealthy, match="Kafka"):
        await check_kafka(f"127.0.0.1:{port}")
    with pytest.raises(Unhealthy, match="database"):
        await check_mongo(f"mongodb://127.0.0.1:{port}", database="health_test")
    with pytest.raises(Unhealthy, match="no answer"):
        await check_ready(f"http://127.0.0.1:{port}/readyz")


async def test_status_shows_both_as_healthy_and_the_services_as_stopped(stack: LocalStack) -> None:
    found = {part.name: part for part in await stack.status()}
    assert {name for name, part in found.items() if part.healthy} == {"kafka", "database"}
    assert found["kafka"].pid == stack.pid_of("kafka")
    assert found["kafka"].address == stack.kafka_bootstrap
    assert [found[name].state for name in ("ingest", "stream", "api")] == ["stopped"] * 3


async def test_both_together_stay_below_a_gigabyte(stack: LocalStack) -> None:
    pids = [stack.pid_of(name) for name in ("kafka", "database")]
    assert all(pids)
    assert sum(resident_bytes(pid) for pid in pids if pid) < GIGABYTE
