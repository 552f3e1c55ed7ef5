"""The ingest service as a Starlette application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from attendance.keys import read_gateway_key
from attendance.outbox import make_producer
from attendance.settings import ConnectionSettings
from attendance.store import Store
from ingest import metrics
from ingest.budget import Budget
from ingest.checks import FrameChecks
from ingest.connection import Services
from ingest.connections import Connections
from ingest.health import alive, figures, ready, time
from ingest.publishing import Producer, Publisher
from ingest.settings import IngestSettings
from ingest.socket import frames_socket

# What cameras wait for is confirmed or given up by then; only frames that nobody waits for may be left in it.
_PRODUCER_SECONDS = 5.0


def create_app(
    settings: IngestSettings | None = None,
    connection_settings: ConnectionSettings | None = None,
    *,
    producer: Callable[[], Producer] | None = None,
) -> Starlette:
    """Make the application; settings that are not given come from the environment.

    `producer` makes what frames are sent by, inside the event loop; by default an idempotent aiokafka producer.

    Raises:
        KeyUnusable: the gateway's key can't be read; the sentence says what to do.
    """
    chosen = settings or IngestSettings()
    places = connection_settings or ConnectionSettings()
    gateway_key = read_gateway_key(places.gateway_key_file)

    def kafka_producer() -> Producer:
        made: Producer = make_producer(
            places.kafka_bootstrap, client_id="rollcall-ingest", largest_message=chosen.largest_kafka_message
        )
        return made

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        budget = Budget(chosen.in_flight_frames, chosen.in_flight_bytes)
        publisher = Publisher(producer or kafka_producer, places.topics.frames, budget)
        store = Store(places)
        connections = Connections(chosen.connections)
        app.state.services = Services(chosen, store, publisher, FrameChecks(chosen.largest_picture), gateway_key)
        app.state.connections = connections
        metrics.IN_FLIGHT_FRAMES.set_function(lambda: budget.frames)
        metrics.IN_FLIGHT_BYTES.set_function(lambda: budget.bytes)
        metrics.CONNECTIONS.set_function(lambda: len(connections))
        publisher.start()
        try:
            yield
        finally:
            # Under a server that doesn't drain first (`ingest.server` does), what is under way ends here.
            await connections.drain(chosen.drain_within_s)
            await publisher.stop(_PRODUCER_SECONDS)
            store.close()

    return Starlette(
        routes=[
            WebSocketRoute("/ws", frames_socket),
            Route("/healthz", alive),
            Route("/readyz", ready),
            Route("/metrics", figures),
            Route("/time", time),
        ],
        lifespan=lifespan,
    )
