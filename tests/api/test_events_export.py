"""`rollcall events export`: every event once, as it is on Kafka, whatever ends a run."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.events.exporting import LINES, PARQUET, export_events
from deploy.events.folder import Asked, ExportFolder, FolderUnusable, hold
from tests.api.callers import Caller, body_of
from tests.api.school import School
from tests.api.serving import environment_of

ROLLCALL = str(Path(sys.executable).with_name("rollcall"))


@pytest.fixture(scope="module")
async def told(school: School, administrator: Caller) -> list[str]:
    """A school's events as `/v1/events` gives them: eight changes on two dates."""
    students = [await school.student() for _ in range(3)]
    class_id = await school.class_(*students)
    for day in (2, 9):
        meeting = await school.meeting(class_id, f"2026-03-{day:02}T10:00:00Z", f"2026-03-{day:02}T10:50:00Z")
        for student in students:
            await school.mark(meeting, student, "absent")
        await school.mark(meeting, students[0], "present")
    return await all_events(administrator)


async def all_events(administrator: Caller) -> list[str]:
    answer = body_of(await administrator.get("/v1/events?limit=200"))
    assert not answer["more"]
    return [json.dumps(event, separators=(",", ":"), ensure_ascii=False) for event in answer["items"]]


@pytest.fixture
def asked(places: ConnectionSettings) -> Asked:
    return Asked(database=places.database, form=LINES)


def lines_in(folder: Path) -> list[str]:
    return [line for path in sorted(folder.rglob("part-*.jsonl")) for line in path.read_text().splitlines()]


def parts_in(folder: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in folder.rglob("*part-*")}


async def exported(store: Store, folder: Path, asked: Asked, batch: int = 3) -> int:
    with hold(folder, asked) as held:
        return await export_events(store, held, batch=batch)


async def test_every_event_is_there_once_by_type_and_date(
    store: Store, told: list[str], tmp_path: Path, asked: Asked
) -> None:
    assert await exported(store, tmp_path / "out", asked) == len(told) == 8
    assert sorted(lines_in(tmp_path / "out")) == sorted(told)
    folders = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").glob("*/*"))
    assert folders == ["attendance.changed.v1/date=2026-03-02", "attendance.changed.v1/date=2026-03-09"]
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "out").rglob("part-*")} == {0}


async def test_a_second_run_adds_what_came_since_and_nothing_else(
    store: Store, told: list[str], school: School, administrator: Caller, tmp_path: Path, asked: Asked
) -> None:
    await exported(store, tmp_path, asked)
    before = parts_in(tmp_path)
    assert await exported(store, tmp_path, asked) == 0
    change = json.loads(told[0])["data"]
    await school.mark(change["meeting_id"], change["student_id"], "excused")
    now = await all_events(administrator)
    assert await exported(store, tmp_path, asked) == len(now) - len(told) == 1
    assert sorted(lines_in(tmp_path)) == sorted(now)
    assert before.items() < parts_in(tmp_path).items()
    await school.mark(change["meeting_id"], change["student_id"], change["status"])


class Dies(Exception):
    """The run's end."""


class DyingFolder(ExportFolder):
    """Dies when it has written a batch's files, before it has said so."""

    async def add(self, table: str, day: Any, span: tuple[int, int], content: AsyncIterator[bytes]) -> None:
        await super().add(table, day, span, content)
        if span[0] > 3:
            (self.path / table / f"date={day}" / f".part-{span[0]:012}-{span[1]:012}.jsonl.new").write_text("half")
            raise Dies


async def test_a_run_that_was_broken_off_is_gone_on_with(
    store: Store, administrator: Caller, told: list[str], tmp_path: Path, asked: Asked
) -> None:
    with pytest.raises(Dies), hold(tmp_path, asked) as held:
        await export_events(store, DyingFolder(held.path, held.state), batch=3)
    assert len(lines_in(tmp_path)) > 3
    await exported(store, tmp_path, asked, batch=1_000)
    assert told
    assert sorted(lines_in(tmp_path)) == sorted(await all_events(administrator))
    assert not [path for path in parts_in(tmp_path) if path.name.endswith(".new")]


async def test_as_parquet_the_columns_say_what_the_event_says(
    store: Store, administrator: Caller, told: list[str], tmp_path: Path, asked: Asked
) -> None:
    await exported(store, tmp_path, asked.model_copy(update={"form": PARQUET}))
    assert told
    rows = ds.dataset(tmp_path / "attendance.changed.v1", partitioning="hive").to_table().to_pylist()
    assert sorted(row["event"] for row in rows) == sorted(await all_events(administrator))
    for row in rows:
        event = json.loads(row["event"])
        data = event["data"]
        assert row["id"] == event["id"]
        assert row["date"] == data["local_date"] == row["local_date"].isoformat()
        for name in ("meeting_id", "student_id", "revision", "status", "previous_status", "provisional", "cause"):
            assert row[name] == data[name]


async def test_every_field_of_an_event_has_a_column(
    store: Store, told: list[str], tmp_path: Path, asked: Asked
) -> None:
    await exported(store, tmp_path, asked.model_copy(update={"form": PARQUET}))
    columns = ds.dataset(tmp_path / "attendance.changed.v1").schema.names
    assert json.loads(told[0])["data"].keys() <= set(columns)


async def test_dates_and_classes_are_chosen(store: Store, told: list[str], tmp_path: Path, asked: Asked) -> None:
    of_class = json.loads(told[0])["data"]["class_id"]
    chosen = {"since": "2026-03-03", "until": "2026-03-09", "class_ids": (of_class,)}
    await exported(store, tmp_path / "a", Asked.model_validate(asked.model_dump() | chosen))
    assert {json.loads(line)["data"]["local_date"] for line in lines_in(tmp_path / "a")} == {"2026-03-09"}
    other = "6f1c2f4e-4a7b-4d0e-9a57-3c1f0b7d2e90"
    assert (
        await exported(store, tmp_path / "b", Asked.model_validate(asked.model_dump() | {"class_ids": (other,)})) == 0
    )


async def test_a_folder_that_cannot_take_it_is_refused_and_left_as_it_is(
    store: Store, told: list[str], tmp_path: Path, asked: Asked
) -> None:
    assert told
    await exported(store, tmp_path / "out", asked)
    with pytest.raises(FolderUnusable, match="something else \\(since\\)"):
        await exported(store, tmp_path / "out", Asked.model_validate(asked.model_dump() | {"since": "2026-03-03"}))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    with pytest.raises(FolderUnusable, match="holds something"):
        await exported(store, tmp_path / "mine", asked)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]
    with hold(tmp_path / "out", asked), pytest.raises(FolderUnusable, match="another run"):
        await exported(store, tmp_path / "out", asked)
    with hold(tmp_path / "out", asked) as held:
        held.note(10_000, 0)
    with pytest.raises(FolderUnusable, match="restored from a backup"):
        await exported(store, tmp_path / "out", asked)


async def test_the_command_says_how_many_there_are(places: ConnectionSettings, told: list[str], tmp_path: Path) -> None:
    command = [ROLLCALL, "events", "export", str(tmp_path / "out"), "--parquet"]
    for new in (True, False):
        ran = await asyncio.to_thread(
            subprocess.run, command, env=environment_of(places), capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        count, total = (int(word) for word in ran.stdout.replace(",", "").split() if word.isdigit())
        assert count == (total if new else 0)
        assert total >= len(told)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "yesterday"], "no date"),
        (["--from", "2026-03-02", "--to", "2026-03-01"], "--to lies before --from"),
        (["--class", "7"], "no id"),
    ],
)
def test_an_option_that_cannot_be_is_refused(
    places: ConnectionSettings, tmp_path: Path, arguments: list[str], said: str
) -> None:
    command = [ROLLCALL, "events", "export", str(tmp_path / "out"), *arguments]
    ran = subprocess.run(command, env=environment_of(places), capture_output=True, text=True, check=False)
    assert (ran.returncode, said in ran.stderr) == (1, True), ran.stderr
    assert not (tmp_path / "out").exists()
