"""Health and metrics over HTTP, by Faust's own web server."""

from collections.abc import Callable

import faust
from faust.web import Request, Response, View
from prometheus_client import generate_latest

from attendance.store import StoreUnavailable
from stream_app.parts import Parts


def serve_pages(app: faust.App, parts: Callable[[], Parts | None]) -> None:
    """Add `/healthz` (no restart is needed), `/readyz` (it does its work) and `/metrics`."""

    @app.page("/healthz")
    async def healthz(view: View, _request: Request) -> Response:
        found = parts()
        return _answer(view, found.health.faults() if found else [], bad="stuck")

    @app.page("/readyz")
    async def readyz(view: View, _request: Request) -> Response:
        return _answer(view, await _complaints(parts()), bad="waiting")

    @app.page("/metrics")
    async def metrics(view: View, _request: Request) -> Response:
        return view.text(generate_latest().decode(), content_type="text/plain")


def _answer(view: View, complaints: list[str], *, bad: str) -> Response:
    status = bad if complaints else "ok"
    return view.json({"status": status, "complaints": complaints}, status=503 if complaints else 200)


async def _complaints(parts: Parts | None) -> list[str]:
    if parts is None:
        return ["the app is starting"]
    found = parts.health.complaints()
    try:
        await parts.store.ping_with_keys()
    except StoreUnavailable as error:
        found.append(f"the database does not answer: {error}")
    return found
