"""Every command of `docs/erase.md`, run as it is written against a server of its own."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from attendance.settings import ConnectionSettings
from tests.api.school import School
from tests.api.serving import environment_of, serving

PAGE = (Path(__file__).parents[2] / "docs" / "erase.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def url(places: ConnectionSettings, administrator_token: str) -> Iterator[str]:
    assert administrator_token  # the database is initialised
    with serving(environment_of(places)) as server:
        yield server.url


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_every_line_of_the_page_works_in_its_order(url: str, school: School) -> None:
    blocks = "\n".join(BLOCKS).replace('"2026-08"', '"of-this-page"')  # the school of these tests published that one
    environment = os.environ | {
        "API": url,
        "TOKEN": await school.token("officer"),
        "STUDENT": await school.student(),
        "LEAVING": await school.consenting_student(),
    }
    ran = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", f"set -euo pipefail\n{blocks}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    for word in ("without_a_face", '"templates_deleted"', '"elsewhere"', "appeal 2026/18"):
        assert word in ran.stdout
