"""The agent with the real ingest and the real Kafka, one kind of source after another."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from ingest import from_message
from ingest.agent.agent import Agent
from ingest.agent.clock import Clock
from ingest.agent.config import CameraSettings, read_config
from ingest.agent.sources import SourceFailed, open_source
from tests.ingest.agent.files import frame_id, said_at, stored, write_config
from tests.ingest.agent.link import link_to
from tests.ingest.conftest import GATEWAY_KEY, Device, Service
from tests.ingest.pictures import astronaut
from tests.ingest.topic import FramesTopic

# Of the clip's pictures at two a second; a quarter of an interval early is soon enough.
SHADES = [0, 4, 9, 14, 19, 24, 29]

ROLLCALL = "from deploy.cli import main; main()"

Register = Callable[..., "asyncio.Future[Device]"]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Three seconds at ten pictures a second, each of another shade."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    for number in range(30):
        writer.write(np.full((240, 320, 3), 8 * number, np.uint8))
    writer.release()
    return path


def shade(message: object) -> int:
    picture = cv2.imdecode(np.frombuffer(message.value, np.uint8), cv2.IMREAD_GRAYSCALE)  # type: ignore[attr-defined]
    assert picture is not None
    return round(float(picture.mean()) / 8)


def test_how_a_stream_is_opened_is_not_how_the_next_clip_of_the_process_is(tmp_path: Path) -> None:
    settings = CameraSettings(camera="c", source="rtsp://127.0.0.1:9/none")
    with pytest.raises(SourceFailed):
        open_source(settings, Clock(), threading.Event(), tmp_path)
    assert "OPENCV_FFMPEG_CAPTURE_OPTIONS" not in os.environ


async def test_a_clip_is_played_once_at_its_pace_and_the_agent_ends_when_all_is_stored(
    service: Service, device: Device, topic: FramesTopic, clip: Path, tmp_path: Path
) -> None:
    url = f"ws://127.0.0.1:{service.port}"
    await Agent(read_config(write_config(tmp_path, device, url, f"file:{clip}", every_s=0.5))).run()
    frames = await topic.of_camera(device.camera.id)
    assert [shade(frame) for frame in frames] == SHADES
    steps = np.diff([said_at(frame) for frame in frames])
    assert np.abs(steps[1:] - 0.5).max() < 0.05
    assert list((tmp_path / "waiting" / device.camera.id).glob("*.jpg")) == []


async def test_a_folder_gives_each_picture_once_with_its_files_time_through_a_restart(
    service: Service, device: Device, topic: FramesTopic, tmp_path: Path
) -> None:
    folder, begun = tmp_path / "pictures", time.time() - 60
    folder.mkdir()
    (folder / "broken.jpg").write_bytes(b"no picture")
    os.utime(folder / "broken.jpg", (begun - 1, begun - 1))
    (folder / "notes.txt").write_bytes(b"no picture either")
    url = f"ws://127.0.0.1:{service.port}"
    config = read_config(write_config(tmp_path, device, url, f"folder:{folder}", skip_unchanged=False))
    for restart in range(2):
        for number in range(3):
            path, at = folder / f"{restart}-{number}.jpg", begun + restart * 10 + number
            path.write_bytes(astronaut())
            os.utime(path, (at, at))
        agent = Agent(config)
        running = asyncio.create_task(agent.run())
        await stored(topic, device, at_least=3 * (restart + 1))
        agent.stop()
        await running
    said = [said_at(frame) - begun for frame in await topic.of_camera(device.camera.id)]
    assert said == pytest.approx([0, 1, 2, 10, 11, 12], abs=0.1)


@pytest.fixture
def motion_jpeg() -> Iterator[str]:
    """An HTTP camera: parts of a multipart answer, ten a second."""

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            for number in range(1_000):
                picture = cv2.imencode(".jpg", np.full((240, 320, 3), 8 * (number % 30), np.uint8))[1].tobytes()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                try:
                    self.wfile.write(head.encode() + picture + b"\r\n")
                except OSError:
                    return
                time.sleep(0.1)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/video.mjpg"
    server.shutdown()


async def test_an_http_camera_is_read(
    service: Service, device: Device, topic: FramesTopic, motion_jpeg: str, tmp_path: Path
) -> None:
    url = f"ws://127.0.0.1:{service.port}"
    agent = Agent(read_config(write_config(tmp_path, device, url, motion_jpeg, every_s=0.2)))
    running = asyncio.create_task(agent.run())
    frames = await stored(topic, device, at_least=5)
    agent.stop()
    await running
    assert len({shade(frame) for frame in frames}) == len(frames)


async def test_straight_to_kafka_frames_are_signed_dated_by_the_brokers_clock_and_pass_the_contract(
    topic: FramesTopic, device: Device, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(f"gateway:{GATEWAY_KEY.hex()}\n")
    file = write_config(tmp_path, device, "ws://unused", f"file:{clip}", every_s=0.5, key_file="key")
    file.write_text(file.read_text().replace("ingest: ws://unused", f"kafka: {topic.bootstrap}\ntopic: {topic.name}"))
    begun = time.time()
    await Agent(read_config(file), Clock(lambda: time.time() - 100)).run()
    frames = await topic.of_camera(device.camera.id)
    for frame in frames:
        from_message(frame.key, frame.value, frame.headers, find_key=lambda _camera, _key: GATEWAY_KEY)
    assert [shade(frame) for frame in frames] == SHADES
    said = [said_at(frame) for frame in frames[1:]]  # the first one's reply is what tells the broker's time
    assert begun < said[0] < said[-1] < time.time()


async def test_a_killed_agent_sends_after_its_restart_what_it_had_kept(
    service: Service, device: Device, topic: FramesTopic, clip: Path, tmp_path: Path
) -> None:
    async with link_to(service.port) as link:
        url = f"ws://127.0.0.1:{link.port}"
        file = write_config(tmp_path, device, url, f"file:{clip}", every_s=0.1)
        await link.cut()
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", ROLLCALL, "agent", "run", str(file))
        waiting = tmp_path / "waiting" / device.camera.id
        while len(list(waiting.glob("*.jpg"))) < 20:
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        kept = {path.stem for path in waiting.glob("*.jpg")}
        file.write_text(file.read_text().replace("clip.avi", "gone.avi"))
        await link.mend()
        agent = Agent(read_config(file))
        running = asyncio.create_task(agent.run())
        frames = await stored(topic, device, at_least=len(kept))
        agent.stop()
        await running
    assert {frame_id(frame) for frame in frames} == kept
    assert said_at(frames[0]) > time.time() - 600


async def test_a_camera_that_ingest_refuses_harms_no_other(
    service: Service, device: Device, register: Register, topic: FramesTopic, clip: Path, tmp_path: Path
) -> None:
    other = await register()
    file = write_config(tmp_path, device, f"ws://127.0.0.1:{service.port}", f"file:{clip}", every_s=0.5)
    file.write_text(
        file.read_text()
        + f"  - {{camera: {other.camera.id}, source: 'file:{clip}', token_file: token, every_s: 0.5}}\n"
    )
    agent = Agent(read_config(file))
    running = asyncio.create_task(agent.run())
    assert len(await stored(topic, device, at_least=len(SHADES))) == len(SHADES)
    agent.stop()
    await running
    assert await topic.of_camera(other.camera.id) == []
    assert len(list((tmp_path / "waiting" / other.camera.id).glob("*.jpg"))) == len(SHADES), (
        "kept, until the token is put right"
    )
