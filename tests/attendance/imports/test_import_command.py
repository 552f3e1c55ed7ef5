"""`rollcall import`, as a person types it."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from attendance.settings import ConnectionSettings
from attendance.store import Store
from tests.attendance.imports.bundles import into_folder, small_school, texts, zipped

COMMAND = [sys.executable, "-c", "from deploy.cli import main; main()", "import"]


class Shell:
    """Runs the command on the test's own database."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._environment = os.environ | {
            "MONGO_URL": settings.mongo_url,
            "ROLLCALL_DATABASE": settings.database,
            "ROLLCALL_HOME": str(settings.home),
            "ROLLCALL_DEFAULT_ZONE": "Europe/Zurich",
            "COLUMNS": "160",
        }

    async def run(self, *arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        return await asyncio.to_thread(
            subprocess.run,
            [*COMMAND, *map(str, arguments)],
            env=self._environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def shell(database_settings: ConnectionSettings) -> Shell:
    return Shell(database_settings)


async def test_a_folder_is_imported_and_what_became_of_it_is_shown(shell: Shell, store: Store, tmp_path: Path) -> None:
    folder = into_folder(tmp_path / "bundle", dict(texts(small_school())))
    tried = await shell.run("oneroster", folder, "--dry-run")
    assert tried.returncode == 0, tried.stderr
    assert "A dry run: nothing was written." in tried.stdout
    done = await shell.run("oneroster", folder)
    assert done.returncode == 0, done.stderr
    assert "Written." in done.stdout
    assert "1 users who are neither students nor teachers" in done.stdout
    assert (await store.students.by_sourced_id("s1")).given_name == "Ada"
    again = await shell.run("oneroster", folder)
    assert "Nothing had changed." in again.stdout


async def test_as_json_it_is_one_object_for_programs(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(zipped(dict(texts(small_school()))))
    done = await shell.run("oneroster", tmp_path / "bundle.zip", "--json")
    report = json.loads(done.stdout)
    assert (report["written"], report["is_sound"], report["errors"]) == (True, True, 0)
    assert {each["what"]: each["added"] for each in report["counted"]}["students"] == 3
    assert done.stderr == ""


async def test_an_error_is_shown_with_its_file_and_line_and_ends_with_1(shell: Shell, tmp_path: Path) -> None:
    tables = small_school()
    tables["enrollments"][0]["userSourcedId"] = "nobody"
    done = await shell.run("oneroster", into_folder(tmp_path / "bundle", dict(texts(tables))))
    assert done.returncode == 1
    assert "enrollments.csv:2: error: there is no student 'nobody'" in done.stdout
    assert "Nothing was written: 1 errors." in done.stdout


async def test_too_many_removals_end_with_3_until_they_are_forced(shell: Shell, tmp_path: Path) -> None:
    await shell.run("oneroster", into_folder(tmp_path / "bundle", dict(texts(small_school()))))
    tables = small_school()
    tables["enrollments"] = tables["enrollments"][1:]
    fewer = into_folder(tmp_path / "fewer", dict(texts(tables)))
    refused = await shell.run("oneroster", fewer)
    assert refused.returncode == 3
    assert "removed of enrollments: s1 in ma-1" in refused.stdout
    assert "(--force)" in refused.stdout
    forced = await shell.run("oneroster", fewer, "--force")
    assert forced.returncode == 0


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"ROLLCALL_DEFAULT_ZONE": "Mars/Base"}, "IANA database"),
        ({"ROLLCALL_HOME": "/nonexistent"}, "rollcall init"),
        ({"MONGO_URL": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200"}, "the database can't be reached"),
    ],
)
async def test_what_is_missing_is_said_in_a_sentence(
    shell: Shell, tmp_path: Path, environment: dict[str, str], told: str
) -> None:
    folder = into_folder(tmp_path / "bundle", dict(texts(small_school())))
    done = await shell.run("oneroster", folder, **environment)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


async def test_what_is_no_bundle_is_said_in_a_sentence(shell: Shell, tmp_path: Path) -> None:
    done = await shell.run("oneroster", tmp_path / "nowhere")
    assert done.returncode == 1
    assert "can't be read" in done.stderr
    assert "Traceback" not in done.stderr
