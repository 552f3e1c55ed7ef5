"""Starting, readiness and figures of the real service."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.ingest.camera import camera
from tests.ingest.conftest import Device, Service, free_port
from tests.ingest.pictures import astronaut


def figures(service: Service) -> dict[str, float]:
    text = httpx.get(service.http + "/metrics").text
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items()) if value): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_service_that_reaches_kafka_and_database_is_ready(service: Service) -> None:
    assert httpx.get(service.http + "/healthz").status_code == httpx.codes.OK
    answer = httpx.get(service.http + "/readyz")
    assert (answer.status_code, answer.json()) == (httpx.codes.OK, {"ready": True, "complaints": []})


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        pytest.param(lambda: {"KAFKA_BOOTSTRAP": f"127.0.0.1:{free_port()}"}, "Kafka", id="no Kafka"),
        pytest.param(lambda: {"ROLLCALL_TOPIC_PREFIX": "never-made."}, "run `rollcall topics`", id="no topic"),
        pytest.param(lambda: {"MONGO_URL": f"mongodb://127.0.0.1:{free_port()}"}, "the database", id="no database"),
    ],
)
def test_a_service_that_lacks_a_part_lives_and_says_what_is_missing(
    start_service: Callable[..., Service], settings: Callable[[], dict[str, str]], complaint: str
) -> None:
    lacking = start_service(must_be_ready=False, **settings())
    assert httpx.get(lacking.http + "/healthz").status_code == httpx.codes.OK
    answer = httpx.get(lacking.http + "/readyz", timeout=10)
    while complaint not in answer.text:  # at first it may still be connecting to what is there
        answer = httpx.get(lacking.http + "/readyz", timeout=10)
    assert (answer.status_code, answer.json()["ready"]) == (httpx.codes.SERVICE_UNAVAILABLE, False)


async def test_without_its_database_a_camera_is_told_to_come_back(
    start_service: Callable[..., Service], device: Device
) -> None:
    lacking = start_service(must_be_ready=False, MONGO_URL=f"mongodb://127.0.0.1:{free_port()}")
    async with camera(lacking.url(device.camera.id), device.token) as client:
        assert (await client.reply())["code"] == "store_unavailable"
        assert await client.close_code() == 1013


async def test_without_kafka_a_frame_is_refused_in_time_and_may_come_again(
    start_service: Callable[..., Service], device: Device
) -> None:
    lacking = start_service(
        must_be_ready=False, KAFKA_BOOTSTRAP=f"127.0.0.1:{free_port()}", ROLLCALL_CONFIRM_WITHIN_S="0.5"
    )
    async with camera(lacking.url(device.camera.id), device.token) as client:
        reply = await client.ask(astronaut(), id="a")
    assert (reply["code"], reply["id"]) == ("kafka_unavailable", "a")


async def test_the_figures_tell_frames_by_outcome(service: Service, device: Device) -> None:
    before = figures(service)
    async with camera(service.url(device.camera.id), device.token) as client:
        await client.ask(astronaut())
        await client.ask(b"text")
        during = figures(service)
    assert during["rollcall_ingest_connections"] >= 1
    assert during["rollcall_ingest_in_flight_frames"] == during["rollcall_ingest_in_flight_bytes"] == 0
    grown = {name: value - before.get(name, 0) for name, value in during.items()}
    assert grown["rollcall_ingest_frames_total stored"] == 1
    assert grown["rollcall_ingest_frames_total not_a_picture refused"] == 1
    assert grown["rollcall_ingest_bytes_total"] == len(astronaut())
    assert grown["rollcall_ingest_confirmation_seconds_count"] == 1


@pytest.mark.parametrize("content", [None, "", "not hex", "00" * 31])
def test_without_a_good_key_it_does_not_start_and_says_what_to_do(tmp_path: Path, content: str | None) -> None:
    key_file = tmp_path / "gateway.key"
    if content is not None:
        key_file.write_text(content)
    ended = subprocess.run(
        [sys.executable, "-c", "import typer; from ingest.cli import run; typer.run(run)"],
        env={"ROLLCALL_GATEWAY_KEY_FILE": str(key_file), "ROLLCALL_INGEST_PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert str(key_file) in ended.stderr
    assert "Traceback" not in ended.stderr
    if content is None:
        assert "run `rollcall init`" in ended.stderr
