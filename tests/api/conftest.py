"""The API in this process, on the real database and the real Kafka; a database and topics for each module of tests."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from fastapi import FastAPI

from api import ApiSettings, create_app
from attendance.settings import ConnectionSettings
from attendance.store import Store
from attendance.store.audit import AuditLog
from deploy.init import Initialised, initialise
from deploy.local.stack import LocalStack
from deploy.topics import TopicSettings
from tests.api.callers import Caller, reads_of
from tests.api.school import School

ONE_PARTITION = TopicSettings(
    frames_partitions=1, attendance_events_partitions=1, sightings_partitions=1, cameras_partitions=1
)


@pytest.fixture(scope="module")
def places(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> ConnectionSettings:
    """A database and a topic prefix that no other module uses."""
    mark = uuid4().hex[:12]
    return ConnectionSettings(
        kafka_bootstrap=stack.kafka_bootstrap,
        mongo_url=stack.mongo_url,
        database=f"api-{mark}",
        topic_prefix=f"api-{mark}.",
        home=tmp_path_factory.mktemp("home"),
    )


@pytest.fixture(scope="module")
async def initialised(places: ConnectionSettings) -> Initialised:
    return await initialise(places, ONE_PARTITION)


@pytest.fixture(scope="module")
async def store(places: ConnectionSettings) -> AsyncIterator[Store]:
    opened = Store(places)
    yield opened
    opened.close()


@asynccontextmanager
async def running(places: ConnectionSettings, settings: ApiSettings) -> AsyncIterator[FastAPI]:
    """Run an app as a server would."""
    app = create_app(places, settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="module")
async def app(places: ConnectionSettings, initialised: Initialised) -> AsyncIterator[FastAPI]:
    async with running(places, ApiSettings(default_zone="Europe/Zurich")) as started:
        yield started
        await _every_read_left_a_line(started)


async def _every_read_left_a_line(app: FastAPI) -> None:
    """Hold the whole run of a module against the audit, unless its oldest lines were deleted."""
    audit: AuditLog = app.state.services.store.audit
    batches = [batch async for batch in audit.all()]
    if batches and batches[0].number == 1:
        lines = Counter(line.do for batch in batches for line in batch.lines if line.status < 400)
        silent = {route: reads - lines[route] for route, reads in reads_of(app).items() if lines[route] < reads}
        assert not silent, f"read without a line in the audit: {silent}"


@pytest.fixture(scope="module")
def administrator_token(initialised: Initialised) -> str:
    assert initialised.administrator_token is not None
    return initialised.administrator_token


@pytest.fixture(scope="module")
async def administrator(app: FastAPI, administrator_token: str) -> AsyncIterator[Caller]:
    async with Caller(app, administrator_token) as caller:
        yield caller


@pytest.fixture(scope="module")
async def school(administrator: Caller) -> School:
    made = School(administrator)
    await made.publish()
    return made


@pytest.fixture(scope="module")
async def calling(app: FastAPI) -> AsyncIterator[Callable[[str | None], Caller]]:
    """Call the API with a token, or with None."""
    callers: list[Caller] = []

    def call_with(token: str | None) -> Caller:
        callers.append(Caller(app, token))
        return callers[-1]

    yield call_with
    for caller in callers:
        async with caller:
            pass
