"""Whether the service is up, whether it can work, and its figures."""

import math

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse

from api.bodies import BodyOut
from api.guard import GuardedRoute
from api.metrics import OUTBOX_AGE
from api.services import StoreHere
from api.times import now
from attendance.store import Store, StoreUnavailable

router = APIRouter(tags=["service"], route_class=GuardedRoute)


class HealthOut(BodyOut):
    """That the service is well."""

    status: str


@router.get("/healthz", summary="Is the process up?")
async def healthz() -> HealthOut:
    """Answer, which shows that the process can."""
    return HealthOut(status="ok")


@router.get("/readyz", summary="Can it do its work?")
async def readyz(store: StoreHere) -> HealthOut:
    """Ask the database for an answer: 503 where it gives none. Kafka may be away: events wait for it."""
    await store.ping_with_keys()
    return HealthOut(status="ok")


@router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
async def metrics(store: StoreHere) -> Response:
    """Give the figures in Prometheus' text format."""
    OUTBOX_AGE.set(await _outbox_age(store))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _outbox_age(store: Store) -> float:
    try:
        oldest = await store.pending_events.oldest()
    except StoreUnavailable:
        return math.nan  # not known now; the other figures still are
    return max((now() - oldest).total_seconds(), 0.0) if oldest else 0.0
