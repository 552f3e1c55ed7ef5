"""Every line of `docs/reports.md` does on the real API what the page says."""

import asyncio
import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from api.settings import ApiSettings
from attendance.settings import ConnectionSettings
from tests.api.school import School
from tests.api.serving import Server, environment_of, serving
from tests.attendance.databases import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def environment(places: ConnectionSettings, administrator_token: str) -> dict[str, str]:
    return environment_of(places) | {
        "TOKEN": administrator_token,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[Server]:
    with serving(environment) as started:
        yield started


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_every_line_of_the_page_works_in_its_order(
    server: Server, environment: dict[str, str], school: School, tmp_path: Path
) -> None:
    student = await school.student("Łucja", "=Nowak")
    class_id = await school.class_(student)
    meetings = [
        await school.meeting(class_id, f"2026-03-{day:02}T10:00:00Z", f"2026-03-{day:02}T10:50:00Z") for day in (2, 9)
    ]
    for meeting in meetings:
        await school.mark(meeting, student, "absent")
    ran = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(BLOCKS)],
        env=environment | {"API": server.url, "CLASS": class_id, "STUDENT": student, "MEETING": meetings[0]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert "2 records in class.csv" in ran.stdout
    assert (tmp_path / "class.csv").read_bytes() == b"\xef\xbb\xbf" + (tmp_path / "records.csv").read_bytes()
    (row,) = csv.DictReader((tmp_path / "roll.csv").read_text(encoding="utf-8-sig").splitlines())
    assert (row["given_name"], row["family_name"]) == ("Łucja", "'=Nowak")
    assert pq.read_table(tmp_path / "term.parquet").equals(pq.read_table(tmp_path / "records.parquet"))
    assert (tmp_path / "term.parquet").stat().st_mode & 0o777 == 0o600
    assert "Compilers" in (tmp_path / "class.svg").read_text()
    assert (tmp_path / "classes.png").read_bytes().startswith(b"\x89PNG")


def test_the_defaults_that_the_page_names_are_those_of_the_settings() -> None:
    rows = dict(re.findall(r"^\| `ROLLCALL_(\w+)` \| `?([^|`]*)`? \|", PAGE, re.MULTILINE))
    settings = ApiSettings().model_dump(mode="json")
    assert {name.lower(): value for name, value in rows.items()} == {
        name: f"{settings[name]:g}" if isinstance(settings[name], float) else str(settings[name])
        for name in settings
        if name.startswith(("rate_", "risk_"))
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--from", "yesterday"], "no date"),
        (["--from", "2026-03-02", "--to", "2026-03-01"], "--to lies before --from"),
        (["--class", "7"], "no id"),
        (["--term", "7"], "no id"),
        (["--zone", "Mars/Olympus"], "no time zone"),
        (["--out", "/nowhere/at/all.csv"], "/nowhere/at"),
        (["--out", "there.csv"], "--force"),
    ],
)
def test_an_export_that_cannot_be_says_why_and_leaves_no_file(
    environment: dict[str, str], tmp_path: Path, arguments: list[str], told: str
) -> None:
    (tmp_path / "there.csv").write_text("mine")
    command = ["rollcall", "export", "records", "--out", "out.csv", *arguments]
    ran = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"there.csv": "mine"}


def test_an_export_from_a_database_that_is_away_leaves_no_file(environment: dict[str, str], tmp_path: Path) -> None:
    away = environment | {"MONGO_URL": f"mongodb://127.0.0.1:{free_port()}"}
    command = ["rollcall", "export", "records", "--out", "out.csv"]
    ran = subprocess.run(command, env=away, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "the database can't be reached" in ran.stderr
    assert not list(tmp_path.iterdir())
