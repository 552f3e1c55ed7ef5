"""The parts of the local stack: how each is started, on which port, and how one sees that it works."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from deploy.local import database, kafka
from deploy.local.health import check_kafka, check_mongo, check_ready
from deploy.local.ports import LOOPBACK
from deploy.local.settings import LocalSettings
from deploy.local.supervise import Program

KAFKA, DATABASE = "kafka", "database"
BACKENDS = (KAFKA, DATABASE)
SERVICES = ("ingest", "stream", "api")

_BACKENDS_FIRST, _SERVICES_AFTER = 10, 20
# Kafka writes its last segments' ends; without that it reads whole logs again at its next start.
_KAFKA_STOP_S = 30
_DATABASE_STOP_S = 15
# The stream app may finish the frames under way within its own deadline of 25 s.
_SERVICE_STOP_S = 35


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `program` is None where a real cluster stands in its place."""

    name: str
    address: str
    check: Callable[[], Awaitable[None]]
    program: Program | None
    ports: Mapping[str, int] = field(default_factory=dict)


def parts_of(settings: LocalSettings) -> dict[str, Part]:
    """Describe every part under these settings, by name."""
    scripts = settings.scripts_dir

    async def kafka_works() -> None:
        await check_kafka(settings.kafka_bootstrap, topic_prefix=settings.topic_prefix)

    async def database_works() -> None:
        await check_mongo(settings.mongo_url, database=settings.database)

    def service(name: str, port: int) -> Part:
        async def is_ready() -> None:
            await check_ready(f"http://{LOOPBACK}:{port}/readyz")

        program = Program(name, [str(scripts / "rollcall"), name], _SERVICES_AFTER, _SERVICE_STOP_S)
        return Part(name, f"{LOOPBACK}:{port}", is_ready, program, {f"ROLLCALL_{name.upper()}_PORT": port})

    broker = Part(KAFKA, settings.kafka_bootstrap, kafka_works, None)
    store = Part(DATABASE, _without_password(settings.mongo_url), database_works, None)
    if settings.kafka_is_local:
        program = Program(KAFKA, kafka.command(settings), _BACKENDS_FIRST, _KAFKA_STOP_S)
        ports = {
            "ROLLCALL_KAFKA_PORT": settings.kafka_port,
            "ROLLCALL_KAFKA_CONTROLLER_PORT": settings.kafka_controller_port,
        }
        broker = Part(KAFKA, settings.kafka_bootstrap, kafka_works, program, ports)
    if settings.database_is_local:
        program = Program(DATABASE, database.command(settings), _BACKENDS_FIRST, _DATABASE_STOP_S, database.BROKEN)
        store = Part(DATABASE, store.address, database_works, program, {"ROLLCALL_MONGO_PORT": settings.mongo_port})
    services = [
        service("ingest", settings.ingest_port),
        service("stream", settings.stream_port),
        service("api", settings.api_port),
    ]
    return {part.name: part for part in (broker, store, *services)}


def _without_password(url: str) -> str:
    return url.rpartition("@")[2].removeprefix("mongodb://").partition("/")[0]
