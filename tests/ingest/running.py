"""The service within the test's own event loop, before a Kafka that the test plays."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from attendance.settings import ConnectionSettings
from ingest import IngestSettings, create_app
from ingest.budget import Budget
from ingest.connection import Services
from ingest.connections import Connections
from ingest.protocol import CameraProtocol
from ingest.server import IngestServer, make_server
from tests.ingest.conftest import Device, free_port
from tests.ingest.fake_kafka import FakeKafka


class Running:
    """A running service and its Kafka."""

    def __init__(self, app: Starlette, server: IngestServer, settings: IngestSettings, kafka: FakeKafka) -> None:
        self.app = app
        self.server = server
        self.settings = settings
        self.kafka = kafka

    def url(self, device: Device) -> str:
        return f"ws://127.0.0.1:{self.settings.ingest_port}/ws?camera={device.camera.id}"

    @property
    def server_connections(self) -> set[CameraProtocol]:
        connections: set[CameraProtocol] = self.server.server_state.connections  # type: ignore[assignment]
        return connections

    @property
    def in_flight(self) -> Budget:
        services: Services = self.app.state.services
        return services.publisher.budget

    @property
    def connections(self) -> Connections:
        connections: Connections = self.app.state.connections
        return connections


@asynccontextmanager
async def running(places: ConnectionSettings, **given: float) -> AsyncIterator[Running]:
    settings = IngestSettings.model_validate({"ingest_port": free_port(), "largest_picture": 200_000} | given)
    kafka = FakeKafka()
    app = create_app(settings, places, producer=kafka.producer)
    server = make_server(app, settings)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield Running(app, server, settings, kafka)
    finally:
        server.should_exit = True
        await serving


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; the test's own timeout is what ends it."""
    while not condition():
        await asyncio.sleep(0.005)
