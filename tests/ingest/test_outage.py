"""Kafka dies and comes back while cameras send: what was confirmed is there, and all goes on by itself."""

import asyncio
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from attendance.cameras import Camera
from attendance.ids import new_id
from attendance.rights import Role
from attendance.store import Store
from deploy.local.stack import LocalStack
from deploy.topics import TopicSettings, ensure_topics
from ingest import IngestSettings, create_app
from ingest.server import make_server
from tests.ingest.camera import camera
from tests.ingest.conftest import Device, free_port
from tests.ingest.pictures import noise
from tests.ingest.running import until
from tests.ingest.topic import FramesTopic

PARTITIONS = 4


@pytest.fixture
async def own_stack() -> AsyncIterator[LocalStack]:
    """A Kafka that may be killed: the session's own is everybody's."""
    home = Path(tempfile.mkdtemp(prefix="rollcall-"))
    stack = LocalStack.on_free_ports(home)
    try:
        await stack.start_backends()
        yield stack
    finally:
        await stack.stop()
        shutil.rmtree(home)


async def test_what_was_confirmed_survives_kafkas_death_and_the_rest_can_be_sent_again(
    own_stack: LocalStack, tmp_path: Path
) -> None:
    places = own_stack.settings.model_copy(update={"gateway_key_file": tmp_path / "gateway.key"})
    places.gateway_key_file.write_text(secrets.token_hex(32))
    await ensure_topics(places, TopicSettings(frames_partitions=PARTITIONS))
    store = Store(places)
    devices = [await registered(store) for _ in range(6)]
    settings = IngestSettings(ingest_port=free_port(), confirm_within_s=3)
    server = make_server(create_app(settings, places), settings)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)

    stored: dict[str, list[str]] = {device.camera.id: [] for device in devices}
    refused = 0
    ending = asyncio.Event()

    async def play(device: Device) -> None:
        nonlocal refused
        number = 0
        url = f"ws://127.0.0.1:{settings.ingest_port}/ws?camera={device.camera.id}"
        async with camera(url, device.token) as client:
            while not ending.is_set():
                reply = await client.ask(noise(20_000), id=f"{number}")
                if reply["type"] == "stored":
                    stored[device.camera.id].append(f"{number}")
                    number += 1
                else:
                    assert (reply["code"], reply["id"]) == ("kafka_unavailable", f"{number}")
                    refused += 1

    playing = asyncio.gather(*(play(device) for device in devices))
    await until_each_stored(stored, more=20)
    killed = own_stack.pid_of("kafka")
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    await until(lambda: refused > 0)
    await until_each_stored(stored, more=20)
    ending.set()
    await playing
    server.should_exit = True
    await serving
    store.close()

    topic = FramesTopic(places.kafka_bootstrap, places.topics.frames, PARTITIONS)
    for device in devices:
        written = [dict(message.headers)["ce_id"].decode() for message in await topic.of_camera(device.camera.id)]
        counted_once = list(dict.fromkeys(written))
        confirmed = stored[device.camera.id]
        assert counted_once[: len(confirmed)] == confirmed, "a confirmed frame is missing, or out of order"


async def until_each_stored(stored: dict[str, list[str]], *, more: int) -> None:
    aims = {camera_id: len(frames) + more for camera_id, frames in stored.items()}
    await until(lambda: all(len(stored[camera_id]) >= aim for camera_id, aim in aims.items()))


async def registered(store: Store) -> Device:
    known = Camera(id=new_id(), room_id=new_id())
    await store.cameras.add(known)
    token = await store.tokens.create(Role.DEVICE, now=datetime.now(UTC), subjects=frozenset({known.id}))
    return Device(known, token.text, token.id)
