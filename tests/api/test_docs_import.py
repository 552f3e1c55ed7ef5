"""Every line of `docs/import.md`, on its own examples."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from attendance.import_runs.meetings import WINDOW
from attendance.imports.files import MOST_BYTES
from tests.api.callers import Caller, body_of
from tests.api.school import CONSENT, School
from tests.api.serving import Server
from tests.api.test_server import environment, server
from tests.recognition import pictures

__all__ = ["environment", "server"]
DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "import.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_every_line_of_the_page_works_in_its_order(
    server: Server, environment: dict[str, str], administrator: Caller, administrator_token: str, tmp_path: Path
) -> None:
    examples = copied_into_this_year(tmp_path / "examples")
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "s-1001.jpg").write_bytes(pictures.encoded(pictures.grace_hopper(), "JPEG"))
    (photos / "s-1002.jpg").write_bytes(b"never read: there is no consent")
    roster, meetings, photographs, over_the_api = (block for block in BLOCKS)
    given = {"API": server.url, "TOKEN": administrator_token, "PHOTOS": str(photos)}
    given |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    async def run(text: str) -> str:
        ran = await asyncio.to_thread(
            subprocess.run,
            ["bash", "-c", f"set -euo pipefail\n{text}"],
            env=environment | given,
            cwd=examples,
            capture_output=True,
            text=True,
            check=False,
            timeout=170,
        )
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
        return ran.stdout

    assert "Written." in await run(roster)
    students = body_of(await administrator.get("/v1/students?limit=200"))["items"]
    (mira,) = [each["id"] for each in students if each["sourced_id"] == "s-1001"]
    await School(administrator).publish()
    body_of(await administrator.put(f"/v1/students/{mira}/consent", CONSENT))
    await run(meetings)
    assert "s-1002.jpg: warning: the student has no standing consent" in await run(photographs)
    assert len(body_of(await administrator.get(f"/v1/students/{mira}/photos"))["items"]) == 1
    definitions = meetings.partition("send ")[0]
    assert '"written":true' in await run(definitions + over_the_api)
    classes = body_of(await administrator.get("/v1/classes?limit=200"))["items"]
    (algebra,) = [each["id"] for each in classes if each["sourced_id"] == "algebra-a"]
    held = body_of(await administrator.get(f"/v1/classes/{algebra}/meetings?limit=200"))["items"]
    assert len(held) == 15  # 14 weeks but one, and two of the table


def copied_into_this_year(folder: Path) -> Path:
    """Copy the examples and set them into the present year: a calendar of long ago would be left out."""
    shutil.copytree(DOCS / "examples", folder)
    year = datetime.now(UTC).year
    for path in folder.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("2027", str(year + 1)).replace("2026", str(year)), encoding="utf-8")
    return folder


def test_the_bounds_on_the_page_are_the_real_ones() -> None:
    assert f"{WINDOW.days} days back and ahead" in PAGE
    assert f"{MOST_BYTES // 1_000_000} MB, is refused" in PAGE
