"""The ingest service as it runs, beside a real Kafka and a real database."""

import asyncio
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from attendance.cameras import Camera
from attendance.ids import new_id
from attendance.rights import Role
from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.local.stack import LocalStack
from deploy.topics import TopicSettings, ensure_topics
from tests.ingest.topic import FramesTopic

GATEWAY_KEY = bytes(range(32))
PARTITIONS = 4


@dataclass(frozen=True)
class Device:
    """A registered camera and a token for it."""

    camera: Camera
    token: str
    token_id: str

    @property
    def secret(self) -> str:
        """What of the token nobody else may see."""
        return self.token.removeprefix(f"rc_{self.token_id}_")


@dataclass(frozen=True)
class Service:
    """A running ingest process."""

    port: int
    log: Path
    process: "subprocess.Popen[bytes]"

    def url(self, camera_id: str, host: str = "127.0.0.1") -> str:
        return f"ws://{host}:{self.port}/ws?camera={camera_id}"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="session")
def places(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> ConnectionSettings:
    mark = secrets.token_hex(4)
    key_file = tmp_path_factory.mktemp("keys") / "gateway.key"
    key_file.write_text(GATEWAY_KEY.hex() + "\n")
    return ConnectionSettings(
        kafka_bootstrap=stack.kafka_bootstrap,
        mongo_url=stack.mongo_url,
        database=f"ingest_{mark}",
        topic_prefix=f"ingest-{mark}.",
        gateway_key_file=key_file,
    )


@pytest.fixture(scope="session")
async def topic(places: ConnectionSettings) -> FramesTopic:
    """The topic `frames`, and a reader of it."""
    await ensure_topics(places, TopicSettings(frames_partitions=PARTITIONS))
    return FramesTopic(places.kafka_bootstrap, places.topics.frames, PARTITIONS)


@pytest.fixture(scope="session")
async def store(places: ConnectionSettings) -> AsyncIterator[Store]:
    opened = Store(places)
    yield opened
    opened.close()


@pytest.fixture
def register(store: Store) -> Callable[..., "asyncio.Future[Device]"]:
    """Register a camera and make its token."""

    async def registered(**camera_settings: object) -> Device:
        camera = Camera(id=new_id(), room_id=new_id(), **camera_settings)  # type: ignore[arg-type]
        await store.cameras.add(camera)
        token = await store.tokens.create(Role.DEVICE, now=datetime.now(UTC), subjects=frozenset({camera.id}))
        return Device(camera, token.text, token.id)

    return lambda **given: asyncio.ensure_future(registered(**given))


@pytest.fixture
async def device(register: Callable[..., "asyncio.Future[Device]"]) -> Device:
    return await register()


@pytest.fixture(scope="session")
def start_service(
    places: ConnectionSettings, topic: FramesTopic, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Service]]:
    """Start `rollcall ingest` as a process of its own, ready to take frames; more settings as environment variables."""
    running: list[Service] = []

    def start(*, must_be_ready: bool = True, **environment: str) -> Service:
        port = free_port()
        log = tmp_path_factory.mktemp("ingest") / "log"
        settings = {
            "KAFKA_BOOTSTRAP": places.kafka_bootstrap,
            "MONGO_URL": places.mongo_url,
            "ROLLCALL_DATABASE": places.database,
            "ROLLCALL_TOPIC_PREFIX": places.topic_prefix,
            "ROLLCALL_GATEWAY_KEY_FILE": str(places.gateway_key_file),
            "ROLLCALL_LOG_LEVEL": "debug",
        }
        command = "import typer; from ingest.cli import run; typer.run(run)"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-c", command, "--port", str(port)],
                env=os.environ | settings | environment,
                stdout=stream,
                stderr=stream,
            )
        service = Service(port, log, process)
        running.append(service)
        probe = "/readyz" if must_be_ready else "/healthz"
        with httpx.Client(transport=httpx.HTTPTransport(retries=0)) as client:
            while not _answers(client, service.http + probe):
                assert process.poll() is None, log.read_text()
        return service

    yield start
    for service in running:
        service.process.terminate()
    for service in running:
        service.process.wait(timeout=30)


@pytest.fixture(scope="session")
def service(start_service: Callable[..., Service]) -> Service:
    return start_service()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url, timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
