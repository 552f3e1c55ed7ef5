"""Whether ingest lives, whether it can do its work, its figures, and its time."""

import asyncio
from datetime import UTC, datetime

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from attendance.store import Store, StoreUnavailable
from ingest.connection import Services

# A readiness probe that waits longer has given up by then.
_PATIENCE_SECONDS = 3.0


async def alive(_request: Request) -> Response:
    """Answer as long as the event loop turns."""
    return PlainTextResponse("alive\n")


async def ready(request: Request) -> Response:
    """Answer 200 where a frame sent now would be stored, else 503 with what is in the way."""
    services: Services = request.app.state.services
    answers = await asyncio.gather(_kafka(services), _database(services.store))
    complaints = [answer for answer in answers if answer]
    return JSONResponse({"ready": not complaints, "complaints": complaints}, 503 if complaints else 200)


async def figures(_request: Request) -> Response:
    """Give the metrics in Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def time(_request: Request) -> Response:
    """Say what time it is here, by which a camera can tell how wrong its own clock is."""
    return JSONResponse({"now": datetime.now(UTC).isoformat()}, headers={"Cache-Control": "no-store"})


async def _kafka(services: Services) -> str | None:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await services.publisher.check()
    except TimeoutError:
        return f"Kafka gave no answer within {_PATIENCE_SECONDS:.0f} s"


async def _database(store: Store) -> str | None:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await store.ping()
    except (StoreUnavailable, TimeoutError):
        return "the database can't be reached"
    return None
