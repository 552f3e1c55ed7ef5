"""Health, figures, and a database that is away."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from api import ApiSettings
from attendance.rights import Role
from attendance.settings import ConnectionSettings
from deploy.init import make_key
from tests.api.callers import Caller, body_of, problem_of
from tests.api.conftest import running
from tests.api.school import School, an_id
from tests.attendance.databases import DatabaseProcess


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[DatabaseProcess]:
    """A database that a test may kill."""
    database = DatabaseProcess(tmp_path / "database")
    database.start()
    yield database
    database.kill()


async def test_a_service_that_can_work_says_so(administrator: Caller) -> None:
    for path in ("/healthz", "/readyz"):
        assert body_of(await administrator.get(path)) == {"status": "ok"}


async def test_with_the_database_away_requests_are_asked_to_come_again_and_work_when_it_is_back(
    own_database: DatabaseProcess, tmp_path: Path
) -> None:
    places = ConnectionSettings(
        mongo_url=own_database.url, kafka_bootstrap="127.0.0.1:1", database=f"api-{uuid4().hex}", home=tmp_path
    )
    make_key(places.audit_key_file)
    make_key(places.master_key_file)
    async with running(places, ApiSettings()) as app:
        store = app.state.services.store
        await store.ensure_indexes()
        token = await store.tokens.create(Role.ADMINISTRATOR, now=datetime.now(UTC))
        async with Caller(app, token.text) as caller:
            body_of(await caller.post("/v1/rooms", {"title": "Hall"}), 201)
            own_database.kill()
            answers = await asyncio.gather(
                caller.get("/readyz"), caller.get("/v1/students"), caller.post("/v1/rooms", {"title": "Attic"})
            )
            for answer in answers:
                problem_of(answer, 503, "store_unavailable")
                assert int(answer.headers["retry-after"]) > 0
            assert (await caller.get("/healthz")).status_code == 200
            assert (await caller.get("/metrics")).status_code == 200
            own_database.start()
            while (await caller.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.05)
            rooms = body_of(await caller.get("/v1/rooms"))["items"]
            assert [room["title"] for room in rooms] == ["Hall"]


async def test_the_app_starts_and_stops_with_nothing_there() -> None:
    places = ConnectionSettings(mongo_url="mongodb://127.0.0.1:1", kafka_bootstrap="127.0.0.1:1", database="none")
    async with running(places, ApiSettings()) as app, Caller(app, "rc_0123456789ab_" + "x" * 43) as caller:
        assert (await caller.get("/healthz")).status_code == 200
        problem_of(await caller.get("/v1/me"), 503, "store_unavailable")


async def test_the_figures_count_by_route_and_hold_no_id(administrator: Caller, school: School) -> None:
    student = await school.student()
    await administrator.get(f"/v1/students/{student}")
    await administrator.get(f"/nowhere/{student}")
    await administrator.request("BREW" + an_id()[:4].upper(), "/v1/students")
    figures = (await administrator.get("/metrics")).text
    assert 'rollcall_api_requests_total{method="GET",route="/v1/students/{student_id}",status="200"}' in figures
    assert 'method="GET",route="unknown",status="404"' in figures
    assert 'rollcall_api_seconds_bucket{le="0.1",method="GET",route="/v1/students/{student_id}"}' in figures
    assert student not in figures
    assert "BREW" not in figures


async def test_the_figures_say_how_long_events_have_waited(administrator: Caller) -> None:
    figures = (await administrator.get("/metrics")).text
    (line,) = (line for line in figures.splitlines() if line.startswith("rollcall_api_outbox_age_seconds "))
    assert float(line.split()[1]) >= 0
