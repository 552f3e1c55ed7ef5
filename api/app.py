"""The app: its services for as long as it runs, its middleware, its routes."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import Scope

from api.audit_writer import AuditWriter
from api.authentication import Authenticator
from api.body_limit import BodyLimit
from api.enrolment import EnrolmentDesk
from api.erasing import ErasingTask
from api.import_gate import ImportGate
from api.live import LiveStreams
from api.metrics import CountRequests
from api.oidc import IdentityProvider
from api.openapi import describe
from api.problem_handlers import add_problem_handlers
from api.relay import RelayTask
from api.routes import ROUTERS
from api.security_headers import SecurityHeaders
from api.services import Services
from api.settings import ApiSettings
from api.sweeping import SweepTask
from api.tail import LogTail
from api.upkeep import MigrationTask
from api.uploads import FORM_ROOM
from attendance.audit import AuditKey, HeadFile
from attendance.places import Places
from attendance.retention import RetentionSettings
from attendance.settings import ConnectionSettings
from attendance.store import Store
from recognition import load_engine

_PHOTOS = re.compile(r"/v1/students/[^/]+/photos")


def create_app(connection: ConnectionSettings, settings: ApiSettings) -> FastAPI:
    """Make the app. It starts, and answers what it can, without the database and without Kafka.

    Raises:
        UnknownEngine: no recognition engine has the name in the settings.
    """
    retention = RetentionSettings()
    load_engine(settings.engine)  # by its name only: its models are loaded in the process that looks at photos

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = Store(connection)
        services = Services(
            settings=settings,
            store=store,
            authenticator=Authenticator(store, IdentityProvider(settings, store)),
            desk=EnrolmentDesk(settings),
            imports=ImportGate(),
            relay=RelayTask(store, connection),
            tail=LogTail(store),
            streams=LiveStreams(settings.live_streams),
            audit=AuditWriter(store, AuditKey(connection.audit_key_file), HeadFile(connection.audit_head_file)),
            places=Places(connection, retention.backup_sets),
        )
        app.state.services = services
        services.relay.start()
        beside = (MigrationTask(store), ErasingTask(store), SweepTask(store, services.audit, retention))
        for task in beside:
            task.start()
        try:
            yield
        finally:
            for task in beside:
                await task.stop()
            services.desk.stop()
            services.streams.end()
            await services.tail.stop()
            await services.relay.stop()
            await services.audit.stop()
            store.close()

    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,  # FastAPI's page loads its script from outside, which a closed network can't reach
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a path that is almost right is wrong: no redirect carries a token along
        generate_unique_id_function=_operation_id,
    )

    def limit_of(scope: Scope) -> int:
        if scope["path"].startswith("/v1/imports/"):
            return settings.largest_import + FORM_ROOM
        is_photo = scope["method"] == "POST" and _PHOTOS.fullmatch(scope["path"])
        return settings.largest_photo + FORM_ROOM if is_photo else settings.largest_json

    # The last one added is the outermost.
    def within_of(scope: Scope) -> float:
        # Those two read within bounds of their own, which they know better.
        is_own = scope["path"].startswith("/v1/imports/") or _PHOTOS.fullmatch(scope["path"])
        return settings.import_upload_s + settings.photo_upload_s if is_own else settings.json_upload_s

    app.add_middleware(BodyLimit, limit_of=limit_of, within_of=within_of)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CountRequests)
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    describe(app)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
