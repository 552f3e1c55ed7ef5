"""What `docs/send-frames.md` says is what happens."""

import asyncio
import json
import os
import re
import sys
import time
from pathlib import Path

import pytest

from attendance.pictures import PictureLimits
from attendance.settings import ConnectionSettings
from ingest import IngestSettings
from ingest.codes import CLOSES, Code
from tests.ingest.conftest import Device, Service
from tests.ingest.pictures import astronaut, noise
from tests.ingest.running import running, until
from tests.ingest.topic import FramesTopic

PAGE = (Path(__file__).parents[2] / "docs" / "send-frames.md").read_text(encoding="utf-8")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The page's Python client, as it is written there."""
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "camera.py"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "1.jpg").write_bytes(astronaut())
    (pictures / "2.txt").write_bytes(b"no picture")
    (pictures / "3.png").write_bytes(astronaut("PNG"))
    (pictures / "4.jpg").write_bytes(astronaut())
    long_ago = time.time() - 86_400
    os.utime(pictures / "4.jpg", (long_ago, long_ago))
    return pictures


async def start(program: Path, *arguments: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(sys.executable, str(program), *arguments, stdout=pipe, stderr=pipe)


async def test_the_client_sends_a_folder_and_ends(
    service: Service, device: Device, topic: FramesTopic, program: Path, folder: Path
) -> None:
    url = f"ws://127.0.0.1:{service.port}"
    process = await start(program, url, device.camera.id, device.token, str(folder))
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    replies = dict(line.split(" ", 1) for line in out.decode().splitlines())
    outcomes = {name: json.loads(reply).get("code", "stored") for name, reply in replies.items()}
    assert outcomes == {"1.jpg": "stored", "2.txt": "not_a_picture", "3.png": "stored", "4.jpg": "clock"}
    assert [message.value for message in await topic.of_camera(device.camera.id)] == [astronaut(), astronaut("PNG")]


async def test_the_client_sends_again_with_the_same_id_what_kafka_did_not_confirm(
    places: ConnectionSettings, device: Device, program: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "1.jpg").write_bytes(noise(3_000))
    async with running(places, confirm_within_s=0.2) as ingest:
        url = f"ws://127.0.0.1:{ingest.settings.ingest_port}"
        process = await start(program, url, device.camera.id, device.token, str(pictures))
        await until(lambda: len(ingest.kafka.held) >= 3)
        ingest.kafka.release()
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    replies = [json.loads(line.split(" ", 1)[1]) for line in out.decode().splitlines()]
    assert {reply["id"] for reply in replies} == {replies[0]["id"]}
    assert [reply.get("code", "stored") for reply in replies][-3:] == ["kafka_unavailable"] * 2 + ["stored"]


async def test_the_client_ends_where_connecting_again_would_change_nothing(
    service: Service, device: Device, program: Path, folder: Path
) -> None:
    process = await start(program, f"ws://127.0.0.1:{service.port}", device.camera.id, "wrong", str(folder))
    _, err = await process.communicate()
    assert process.returncode == 1
    assert "refused: unauthorized" in err.decode()


def test_the_tables_hold_every_code_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", PAGE, re.MULTILINE)
    assert {Code(code) for code, _ in rows} == set(Code)
    assert len(rows) == len(Code)
    closes = {Code(code): int(second) for code, second in rows if second.isdigit()}
    assert closes == {code: close.value for code, close in CLOSES.items()}


def test_the_bounds_that_the_page_names_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ROLLCALL_")]:
        monkeypatch.delenv(name)
    settings, limits = IngestSettings(), PictureLimits()
    for figure in (
        f"{settings.largest_picture:,} bytes",
        f"{settings.connection_frames} frames or {settings.connection_bytes // 1_000_000} MB",
        f"within {settings.confirm_within_s:.0f} seconds",
        f"pings every {settings.ping_every_s:.0f} seconds",
        f"sign of life for {settings.ping_timeout_s:.0f} more",
        f"{limits.max_pixels // 1_000_000} million pixels",
        f"{limits.min_side} pixels a side",
        f":{settings.ingest_port}/ws?camera=ID",
    ):
        assert figure in PAGE, figure
