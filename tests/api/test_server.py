"""The API as it is run: a process of its own, over a real socket; and every line of its documentation."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from attendance.settings import ConnectionSettings
from tests.api.callers import PROBLEM
from tests.api.school import CONSENT
from tests.api.serving import START, Server, environment_of, serving
from tests.recognition import pictures

DOCS = Path(__file__).parents[2] / "docs"


def blocks_of(page: str) -> list[str]:
    return re.findall(r"```bash\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


BLOCKS = blocks_of("use-the-api.md")
# Another notice than the page publishes.
GIVEN = CONSENT | {"notice_version": "of-these-tests"}
JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def environment(places: ConnectionSettings, administrator_token: str) -> dict[str, str]:
    assert administrator_token  # the database is initialised
    return environment_of(places)


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[Server]:
    with serving(environment) as started:
        yield started


@pytest.fixture(scope="module")
async def client(server: Server, administrator_token: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {administrator_token}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as opened:
        notice = {"version": GIVEN["notice_version"], "title": "Attendance", "text": "Cameras look who is there."}
        (await opened.post("/v1/privacy-notices", json=notice)).raise_for_status()
        yield opened


async def make_student(client: httpx.AsyncClient) -> str:
    return str((await client.post("/v1/students", json={"given_name": "Grace"})).json()["id"])


async def test_a_large_photo_that_is_refused_unread_gets_its_answer_and_the_connection_goes_on(
    client: httpx.AsyncClient,
) -> None:
    student = await make_student(client)
    for size, status in ((7_900_000, 409), (9_000_000, 413)):
        answer = await client.post(f"/v1/students/{student}/photos", content=bytes(size), headers=JPEG)
        assert answer.status_code == status
        assert answer.headers["content-type"] == PROBLEM
        assert (await client.get("/v1/me")).status_code == 200


async def test_others_are_answered_while_a_photo_is_looked_at(client: httpx.AsyncClient) -> None:
    student = await make_student(client)
    await client.put(f"/v1/students/{student}/consent", json=GIVEN)
    photo = pictures.encoded(pictures.grace_hopper(), "JPEG")
    upload = asyncio.create_task(client.post(f"/v1/students/{student}/photos", content=photo, headers=JPEG))
    answered = 0
    while not upload.done():
        assert (await client.get("/healthz")).status_code == 200
        answered += 1
    assert (await upload).status_code == 201
    assert answered > 1


async def test_who_hangs_up_in_the_middle_of_a_photo_is_no_error_of_the_server(
    server: Server, client: httpx.AsyncClient, administrator_token: str
) -> None:
    student = await make_student(client)
    await client.put(f"/v1/students/{student}/consent", json=GIVEN)
    url = httpx.URL(server.url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    head = (
        f"POST /v1/students/{student}/photos HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: image/jpeg\r\n"
        f"Authorization: Bearer {administrator_token}\r\nContent-Length: 5000000\r\n\r\n"
    )
    writer.write(head.encode() + bytes(100_000))
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    gone = 'rollcall_api_requests_total{method="POST",route="/v1/students/{student_id}/photos",status="400"}'
    while gone not in (await client.get("/metrics")).text:
        await asyncio.sleep(0.05)
    assert "Traceback" not in server.log.read_text()


async def test_the_answer_names_no_server_software(client: httpx.AsyncClient) -> None:
    assert "server" not in (await client.get("/healthz")).headers


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_every_line_of_the_guide_works_in_its_order(
    server: Server, administrator_token: str, tmp_path: Path
) -> None:
    photo = tmp_path / "grace.jpg"
    photo.write_bytes(pictures.encoded(pictures.grace_hopper(), "JPEG"))
    shown = await run(BLOCKS, {"API": server.url, "TOKEN": administrator_token, "PHOTO": str(photo)})
    assert '"excused"' in shown


async def run(blocks: list[str], environment: dict[str, str]) -> str:
    script = "set -euo pipefail\n" + "\n".join(blocks)
    ran = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", script],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout


async def test_every_path_of_the_guide_is_one_of_the_api_with_its_method(client: httpx.AsyncClient) -> None:
    paths: dict[str, Any] = (await client.get("/openapi.json")).json()["paths"]
    routes = {(method.upper(), re.sub(r"{\w+}", "*", path)) for path, methods in paths.items() for method in methods}
    used = set(guide_calls())
    assert used <= routes
    assert len(used) >= 25


def guide_calls() -> Iterator[tuple[str, str]]:
    """Give the method and the path, with a star for each id, of every call in the guide."""
    commands = "\n".join(BLOCKS).replace("\\\n", " ")
    for command in re.findall(r"(?:call|send|curl)\b[^|\n]*?\"\$API[^\"]*\".*", commands):
        (path,) = re.findall(r"\"\$API([^\"?]*)", command)
        sends = any(sign in command.split(" | ")[0] for sign in (" -d ", "--data-binary", " -F "))
        named = re.search(r"-X (\w+)", command)
        yield (
            named[1] if named else "POST" if sends else "GET",
            re.sub(r"\$\(.*|\$\w+|(?<=by-sourced-id/)[^/]+", "*", path),
        )


async def test_told_to_stop_it_ends_in_order_and_leaves_no_process_behind(server: Server) -> None:
    children = psutil.Process(server.process.pid).children(recursive=True)
    assert children  # the process that looked at photos
    server.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(server.process.wait, 30)
    assert server.process.returncode in (0, -signal.SIGTERM)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert "Traceback" not in server.log.read_text()


def test_an_engine_that_does_not_exist_is_told_at_the_start(environment: dict[str, str]) -> None:
    ran = subprocess.run(
        START, env=environment | {"ROLLCALL_ENGINE": "crystal_ball"}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "crystal_ball" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_without_the_look_up_key_it_says_at_the_start_what_to_do(environment: dict[str, str], tmp_path: Path) -> None:
    ran = subprocess.run(
        START, env=environment | {"ROLLCALL_HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "rollcall init" in ran.stderr
    assert "Traceback" not in ran.stderr
