"""A backup, taken while writers run, restored into a fresh database: the API answers as before. Damage is refused."""

import asyncio
import contextlib
import gzip
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from api import ApiSettings
from attendance.settings import ConnectionSettings
from attendance.store import Store
from attendance.store.event_log import LoggedEvent
from deploy.backup import BackupUnusable, DatabaseInUse, restore, take, verify
from deploy.backup.files import MANIFEST
from tests.api.callers import Caller, body_of, problem_of
from tests.api.conftest import running
from tests.api.school import CONSENT, School

PAGE = (Path(__file__).parents[2] / "docs" / "operate.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"## Back up and restore\n```bash\n(.*?)```", PAGE, re.DOTALL)
# Nobody was erased here.
COMMITMENT = str
ZURICH = ApiSettings(default_zone="Europe/Zurich")


@pytest.fixture(scope="module")
async def paths(administrator: Caller, school: School) -> list[str]:
    """A school with some of everything, and the paths that tell it."""
    ada, bob = await school.student("Ada", sourced_id="s-1"), await school.student("文", "Ødegård")
    body_of(await administrator.put(f"/v1/students/{ada}/consent", CONSENT))
    class_id = await school.class_(ada, bob)
    meetings = [
        await school.meeting(class_id, f"2026-03-0{day}T10:00:00Z", f"2026-03-0{day}T10:50:00Z") for day in (2, 3)
    ]
    for meeting, status in zip(meetings, ("present", "absent"), strict=True):
        for student in (ada, bob):
            await school.mark(meeting, student, "late")
            await school.mark(meeting, student, status)
    await school.camera()
    return [
        "/v1/students",
        f"/v1/students/{ada}",
        f"/v1/students/{ada}/consent",
        f"/v1/students/{ada}/attendance",
        f"/v1/students/{bob}/attendance?limit=1",
        "/v1/rooms",
        "/v1/cameras",
        "/v1/classes",
        f"/v1/classes/{class_id}/roster?date=2026-03-02",
        f"/v1/classes/{class_id}/meetings",
        f"/v1/meetings/{meetings[0]}/roll",
        f"/v1/meetings/{meetings[1]}/roll/{bob}",
        f"/v1/reports/classes/{class_id}",
        f"/v1/reports/students/{bob}",
        "/v1/exports/records?names=true",
        "/v1/tokens",
        "/v1/events",
    ]


@pytest.fixture
async def fresh(places: ConnectionSettings) -> AsyncIterator[ConnectionSettings]:
    """A database that holds nothing; emptied afterwards."""
    connection = places.model_copy(update={"database": f"{places.database}-{secrets.token_hex(3)}"})
    yield connection
    store = Store(connection)
    await store.archive.begin_restore()
    await store.archive.end_restore()
    store.close()


@contextlib.asynccontextmanager
async def opened(connection: ConnectionSettings) -> AsyncIterator[Store]:
    store = Store(connection)
    try:
        yield store
    finally:
        store.close()


async def answers(caller: Caller, paths: list[str]) -> dict[str, Any]:
    return {path: body_of(await caller.get(path)) for path in paths}


async def held(connection: ConnectionSettings) -> dict[str, int]:
    async with opened(connection) as store:
        names = await store.archive.collections(everything=True)
        return {name: await store.archive.count(name) for name in names}


async def test_what_was_restored_is_answered_by_the_api_as_before(
    administrator: Caller,
    administrator_token: str,
    store: Store,
    places: ConnectionSettings,
    fresh: ConnectionSettings,
    paths: list[str],
    tmp_path: Path,
) -> None:
    before = await answers(administrator, paths)
    taken = await take(store, places.database, tmp_path / "backup")
    async with opened(fresh) as other:
        assert await restore(other, tmp_path / "backup", COMMITMENT) == taken
    async with running(fresh, ZURICH) as app, Caller(app, administrator_token) as caller:
        assert await answers(caller, paths) == before
        # It goes on from there: a change is a further event.
        last = before["/v1/events"]["items"][-1] if "items" in before["/v1/events"] else None
        assert last is not None
        meeting, student = (last["data"]["meeting_id"], last["data"]["student_id"])
        body_of(await caller.put(f"/v1/meetings/{meeting}/roll/{student}", {"status": "present", "reason": "seen"}))
        more = body_of(await caller.get("/v1/events"))["items"]
        assert len(more) == len(before["/v1/events"]["items"]) + 1


async def test_a_backup_that_was_taken_while_writers_wrote_is_whole_record_by_record(
    administrator: Caller,
    administrator_token: str,
    school: School,
    store: Store,
    places: ConnectionSettings,
    fresh: ConnectionSettings,
    tmp_path: Path,
) -> None:
    students = [await school.student(f"S{number}") for number in range(4)]
    meeting = await school.meeting(await school.class_(*students))
    done = asyncio.Event()

    async def write(student: str) -> None:
        for turn in range(1000):
            if done.is_set():
                return
            await school.mark(meeting, student, ("present", "late", "absent")[turn % 3])

    writers = [asyncio.create_task(write(student)) for student in students]
    await asyncio.sleep(0.3)
    body_of(await administrator.get("/v1/events?limit=1"))  # which numbers what is there
    await take(store, places.database, tmp_path / "backup", told=lambda _name, _count: None)
    done.set()
    await asyncio.gather(*writers)
    async with opened(fresh) as other:
        await restore(other, tmp_path / "backup", COMMITMENT)
        events: list[LoggedEvent] = []
        after = 0
        while True:
            page = await other.event_log.read(after=after, limit=200)
            events += page.events
            after = page.read_to
            if not page.more:
                break
        records = await other.records.of_meeting(meeting)
    assert {record.student_id for record in records} == set(students)
    for record in records:
        assert [step.number for step in record.history] == list(range(1, record.revision + 1))
        told = [json.loads(event.payload)["data"] for event in events if event.student_id == record.student_id]
        assert [each["revision"] for each in told] == list(range(1, record.revision + 1))
    assert [event.number for event in events] == sorted({event.number for event in events})


@pytest.fixture
async def backup(store: Store, places: ConnectionSettings, paths: list[str], tmp_path: Path) -> Path:
    await take(store, places.database, tmp_path / "backup")
    return tmp_path / "backup"


def cut(folder: Path) -> None:
    path = folder / "records.bson.gz"
    path.write_bytes(path.read_bytes()[:-10])


def flip(folder: Path) -> None:
    path = folder / "students.bson.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def remove(folder: Path) -> None:
    (folder / "meetings.bson.gz").unlink()


def without_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def of_a_later_version(folder: Path) -> None:
    change_manifest(folder, lambda manifest: manifest | {"format": 2})


def no_json(folder: Path) -> None:
    (folder / MANIFEST).write_text("{")


def another_count(folder: Path) -> None:
    def more(manifest: dict[str, Any]) -> dict[str, Any]:
        manifest["collections"][0]["documents"] += 1
        return manifest

    change_manifest(folder, more)


def a_file_elsewhere(folder: Path) -> None:
    (folder.parent / "elsewhere.gz").write_bytes((folder / "records.bson.gz").read_bytes())

    def outside(manifest: dict[str, Any]) -> dict[str, Any]:
        for each in manifest["collections"]:
            if each["collection"] == "records":
                each["file"] = "../elsewhere.gz"
        return manifest

    change_manifest(folder, outside)


def no_documents(folder: Path) -> None:
    import hashlib

    path = folder / "rooms.bson.gz"
    path.write_bytes(gzip.compress(b"\x06\x00\x00\x00no documents"))

    def told(manifest: dict[str, Any]) -> dict[str, Any]:
        for each in manifest["collections"]:
            if each["collection"] == "rooms":
                each |= {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        return manifest

    change_manifest(folder, told)


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


DAMAGES = [
    cut,
    flip,
    remove,
    without_manifest,
    of_a_later_version,
    no_json,
    another_count,
    a_file_elsewhere,
    no_documents,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_a_damaged_or_incomplete_backup_is_refused_and_nothing_is_touched(
    backup: Path, fresh: ConnectionSettings, places: ConnectionSettings, damage: Callable[[Path], None]
) -> None:
    assert verify(backup).documents > 0
    damage(backup)
    with pytest.raises(BackupUnusable):
        verify(backup)
    before = await held(places)
    for connection in (fresh, places):
        async with opened(connection) as store:
            with pytest.raises(BackupUnusable):
                await restore(store, backup, COMMITMENT, replace=True)
    assert await held(fresh) == {}
    assert await held(places) == before


async def test_a_database_that_holds_something_is_left_alone_unless_it_may_go(
    backup: Path, fresh: ConnectionSettings
) -> None:
    async with opened(fresh) as store:
        await store.archive.write("students", [{"_id": "somebody else's"}])
        with pytest.raises(DatabaseInUse, match="students"):
            await restore(store, backup, COMMITMENT)
        assert await held(fresh) == {"students": 1}
        taken = await restore(store, backup, COMMITMENT, replace=True)
    after = await held(fresh)
    assert {each.collection: each.documents for each in taken.collections}.items() <= after.items()


async def test_a_restore_that_was_broken_off_is_not_taken_for_whole(
    backup: Path, fresh: ConnectionSettings, administrator_token: str
) -> None:
    class Killed(BaseException):
        pass

    def killed(_collection: str, _documents: int) -> None:
        raise Killed

    async with opened(fresh) as store:
        with pytest.raises(Killed):
            await restore(store, backup, COMMITMENT, told=killed)
        async with running(fresh, ZURICH) as app, Caller(app, administrator_token) as caller:
            assert "rollcall restore" not in problem_of(await caller.get("/readyz"), 503, "store_unavailable")["title"]
        with pytest.raises(DatabaseInUse):
            await restore(store, backup, COMMITMENT)
        await restore(store, backup, COMMITMENT, replace=True)
        async with running(fresh, ZURICH) as app, Caller(app, administrator_token) as caller:
            body_of(await caller.get("/readyz"))


async def test_a_backup_never_writes_into_a_folder_that_holds_something_and_is_for_its_owner_alone(
    store: Store, places: ConnectionSettings, backup: Path
) -> None:
    with pytest.raises(BackupUnusable, match="holds something"):
        await take(store, places.database, backup)
    assert backup.stat().st_mode & 0o777 == 0o700  # noqa: ASYNC240 - a test's own look at a folder
    assert {path.stat().st_mode & 0o777 for path in backup.iterdir()} == {0o600}  # noqa: ASYNC240 - as above


async def test_the_commands_of_the_page_do_what_it_says(
    app: FastAPI, paths: list[str], places: ConnectionSettings, tmp_path: Path
) -> None:
    trial = f"trial-{secrets.token_hex(4)}"
    script = "set -euo pipefail\n" + COMMANDS[0].replace("ROLLCALL_DATABASE=trial", f"ROLLCALL_DATABASE={trial}")
    environment = os.environ | {
        "KAFKA_BOOTSTRAP": places.kafka_bootstrap,
        "MONGO_URL": places.mongo_url,
        "ROLLCALL_DATABASE": places.database,
        "ROLLCALL_HOME": str(places.home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }

    def run(text: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-c", text], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    ran = await asyncio.to_thread(run, script)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("restored into the database") == 2
    assert "is whole" in ran.stdout
    refused = await asyncio.to_thread(run, f"ROLLCALL_DATABASE={trial} rollcall restore backups/monday")
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    again = await asyncio.to_thread(run, "rollcall backup backups/monday")
    assert again.returncode == 1
    assert "name a new folder" in again.stderr
    kept = await held(places.model_copy(update={"database": trial}))
    assert kept["students"] == (await held(places))["students"]
