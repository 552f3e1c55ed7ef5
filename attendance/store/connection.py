"""The store: one connection to MongoDB, its collections, and their indexes."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern

from attendance.identity import IdentityCodec, PlainCodec
from attendance.keys import LookUpKey
from attendance.settings import ConnectionSettings
from attendance.store.archive import Archive
from attendance.store.audit import AuditLog
from attendance.store.biometrics import Biometrics
from attendance.store.cameras import Cameras
from attendance.store.cards import Cards
from attendance.store.classes import Classes
from attendance.store.codes import Codes
from attendance.store.enrollments import Teachings
from attendance.store.errors import unavailable_on_network_error
from attendance.store.event_log import EventLog
from attendance.store.idempotency import IdempotencyKeys
from attendance.store.look_up import LookUp
from attendance.store.meetings import Meetings
from attendance.store.migrations import Migrations, migrations
from attendance.store.notices import Notices
from attendance.store.outbox import PendingEvents
from attendance.store.partitions import Partitions
from attendance.store.people import Students, Teachers
from attendance.store.progress import Progress
from attendance.store.record_export import RecordExport
from attendance.store.records import Records
from attendance.store.reports import Reports
from attendance.store.school import academic_sessions, courses, orgs
from attendance.store.timetable import ImportedMeetings
from attendance.store.tokens import Tokens
from attendance.store.tracks import Tracks

# Without a bound, a call waits for a lost database for ever, and neither readiness nor a caller learns of it.
SERVER_SELECTION_MS = 3_000
SOCKET_TIMEOUT_MS = 15_000


class Store:
    """All that Rollcall keeps. Every write is acknowledged by the majority, journalled.

    Every method of its parts may raise `StoreUnavailable`.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        codec: IdentityCodec | None = None,
        *,
        listeners: Sequence[CommandListener] = (),
    ) -> None:
        """`codec` seals what names people; it is kept plain unless one is given. `listeners` hear what is asked."""
        self._client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
            settings.mongo_url,
            w="majority",
            journal=True,
            tz_aware=True,
            tzinfo=UTC,
            serverSelectionTimeoutMS=SERVER_SELECTION_MS,
            socketTimeoutMS=SOCKET_TIMEOUT_MS,
            connectTimeoutMS=SERVER_SELECTION_MS,
            event_listeners=list(listeners),
        )
        database = self._client[settings.database]
        codec = codec or PlainCodec()
        self.look_up = LookUp(LookUpKey(settings.look_up_key_file), database["keys"])
        self.students = Students(database["students"], codec, self.look_up)
        self.teachers = Teachers(database["teachers"], codec, self.look_up)
        self.orgs = orgs(database["orgs"])
        self.academic_sessions = academic_sessions(database["academic_sessions"])
        self.courses = courses(database["courses"])
        self.teachings = Teachings(database["teachings"])
        self.biometrics = Biometrics(database["biometrics"])
        self.classes = Classes(database["classes"], database["enrollments"])
        self.cameras = Cameras(database["rooms"], database["cameras"])
        self.meetings = Meetings(database["meetings"])
        self.imported_meetings = ImportedMeetings(database["meetings"])
        self.records = Records(database["records"])
        self.codes = Codes(database["codes"], database["claims"])
        self.cards = Cards(database["cards"], database["readers"], self.look_up)
        self.notices = Notices(database["notices"], self.records, self.meetings)
        self.reports = Reports(database["records"])
        self.record_export = RecordExport(self.meetings, self.reports, self.classes, self.students)
        self.progress = Progress(database["progress"], database["coverage"], database["skips"])
        self.tracks = Tracks(database["tracks"])
        self.partitions = Partitions(database["partitions"])
        self.tokens = Tokens(database["tokens"])
        self.audit = AuditLog(database["audit"])
        self.idempotency_keys = IdempotencyKeys(database["idempotency_keys"])
        self.event_log = EventLog(
            database.get_collection("event_log", read_concern=ReadConcern("majority")),
            records=database["records"],
            meetings=database["meetings"],
        )
        self.migrations = Migrations(
            database["migrations"],
            {"records": database["records"], "students": database["students"]},
            migrations(self.students.sealing),
        )
        self.archive = Archive(database)
        self.pending_events = PendingEvents([database["records"], database["meetings"]])

    async def ensure_indexes(self) -> None:
        """Create every index that is not there yet."""
        for part in (
            self.students,
            self.teachers,
            self.orgs,
            self.academic_sessions,
            self.courses,
            self.teachings,
            self.biometrics,
            self.classes,
            self.cameras,
            self.meetings,
            self.imported_meetings,
            self.records,
            self.notices,
            self.codes,
            self.cards,
            self.progress,
            self.tracks,
            self.audit,
            self.idempotency_keys,
            self.event_log,
            self.pending_events,
        ):
            await part.ensure_indexes()

    async def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            StoreUnavailable: it gave none, or what it holds isn't whole yet.
        """
        with unavailable_on_network_error():
            await self._client.admin.command("ping")
        await self.archive.require_finished()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
