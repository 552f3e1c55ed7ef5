"""The store: one connection to MongoDB, its collections, and their indexes."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern

from attendance.identity import IdentityCodec
from attendance.keys import KeyUnusable, LookUpKey
from attendance.sealing import SealedIdentities, SealedTemplates
from attendance.settings import ConnectionSettings
from attendance.store.archive import Archive
from attendance.store.audit import AuditLog
from attendance.store.biometrics import Biometrics
from attendance.store.cameras import Cameras
from attendance.store.cards import Cards
from attendance.store.classes import Classes
from attendance.store.codes import Codes
from attendance.store.collection import find_one, update_one
from attendance.store.enrollments import Teachings
from attendance.store.erasures import Erasures
from attendance.store.errors import StoreUnavailable, unavailable_on_network_error
from attendance.store.event_log import EventLog
from attendance.store.idempotency import IdempotencyKeys
from attendance.store.key_documents import key_ring
from attendance.store.look_up import LookUp
from attendance.store.meetings import Meetings
from attendance.store.migrations import Migrations, migrations
from attendance.store.notices import Notices
from attendance.store.outbox import PendingEvents
from attendance.store.partitions import Partitions
from attendance.store.people import Students, Teachers
from attendance.store.privacy_notices import PrivacyNotices
from attendance.store.progress import Progress
from attendance.store.record_export import RecordExport
from attendance.store.records import Records
from attendance.store.reports import Reports
from attendance.store.school import academic_sessions, courses, orgs
from attendance.store.sweep import Sweep
from attendance.store.timetable import ImportedMeetings
from attendance.store.tokens import Tokens
from attendance.store.traces import Traces
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
        """`codec` seals what names people, instead of their own keys. `listeners` hear what is asked."""
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
        self.keys = key_ring(settings)
        codec = codec or SealedIdentities(self.keys)
        self._keys, self._keys_checked = database["keys"], False
        self.look_up = LookUp(LookUpKey(settings.look_up_key_file), self._keys)
        self.students = Students(database["students"], codec, self.look_up)
        self.teachers = Teachers(database["teachers"], codec, self.look_up)
        self.orgs = orgs(database["orgs"])
        self.academic_sessions = academic_sessions(database["academic_sessions"])
        self.courses = courses(database["courses"])
        self.teachings = Teachings(database["teachings"])
        self.biometrics = Biometrics(database["biometrics"], SealedTemplates(self.keys))
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
            erasures=database["erasures"],
        )
        self.migrations = Migrations(
            database["migrations"],
            {name: database[name] for name in ("records", "students", "teachers", "biometrics")},
            migrations(
                students=self.students.sealing, teachers=self.teachers.sealing, biometrics=self.biometrics.sealing
            ),
        )
        self.archive = Archive(database)
        self.privacy_notices = PrivacyNotices(database["privacy_notices"])
        self.erasures = Erasures(
            database["erasures"], database["holds"], Traces(database), self.keys, self.biometrics, self.teachers
        )
        self.sweep = Sweep(database)
        self.pending_events = PendingEvents([database["records"], database["meetings"], database["erasures"]])

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
            self.erasures,
            self.privacy_notices,
            self.pending_events,
        ):
            await part.ensure_indexes()

    async def check_keys(self) -> None:
        """Make sure that people's keys are at hand, and are those that this database was first written with.

        Raises:
            KeyUnusable: the master key is missing or another one, or the key store is another one, or empty.
        """
        name = await self.keys.check()
        update = {"$setOnInsert": {"store": name}}
        await update_one(self._keys, {"_id": "people"}, update, upsert=True)
        kept = await find_one(self._keys, {"_id": "people"})
        if kept is None or kept["store"] != name:
            raise KeyUnusable(
                f"{self.keys.store.place} isn't the key store that this database was written with: put that one back"
            )
        self._keys_checked = True

    async def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            StoreUnavailable: it gave none, or what it holds isn't whole yet.
        """
        with unavailable_on_network_error():
            await self._client.admin.command("ping")
        await self.archive.require_finished()

    async def ping_with_keys(self) -> None:
        """Ask the database for an answer, and make sure that people's keys can be used.

        Raises:
            StoreUnavailable: one or the other can't be.
        """
        await self.ping()
        if not self._keys_checked:
            try:
                await self.check_keys()
            except KeyUnusable as error:
                raise StoreUnavailable(str(error)) from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
        self.keys.close()


async def require_keys(settings: ConnectionSettings) -> None:
    """Look, before a process starts, whether people's keys are at hand and are this database's.

    Where the database is away, the keys alone are looked at; `ping_with_keys` looks again.

    Raises:
        KeyUnusable: with the sentence that says what to do.
    """
    store = Store(settings)
    try:
        await store.keys.check()
        await store.check_keys()
    except StoreUnavailable:
        return
    finally:
        store.close()
