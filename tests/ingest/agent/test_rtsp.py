"""The agent before a real RTSP server: an outage of the link to ingest costs no picture and no picture's time."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ingest.agent.agent import Agent
from ingest.agent.clock import Clock
from ingest.agent.config import read_config
from tests.ingest.agent.files import frame_id, said_at, stored, write_config
from tests.ingest.agent.link import link_to
from tests.ingest.conftest import Device, Service
from tests.ingest.topic import FramesTopic

DEBIANS_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).with_name("rtsp_server.py")
A_SECOND = 10
# What an encoder, a line and a decoder take; the agent reads ten pictures a second and sends five.
EVERY_S = 0.2
TOLERANCE_S = 0.1
# A machine with other things to do may hold single pictures up for longer; the clock's error of 100 s it can't hide.
HELD_UP_S = 1.0
# The clock of the machine that the agent runs on; the server's pictures show the true time.
WRONG_BY_S = 100.0
_PROBE = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def has_rtsp_server() -> bool:
    try:
        return subprocess.run([DEBIANS_PYTHON, "-c", _PROBE], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture
def rtsp_url() -> Iterator[str]:
    if not has_rtsp_server():
        pytest.skip(
            "no GStreamer RTSP server: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base "
            "gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly"
        )
    with subprocess.Popen([DEBIANS_PYTHON, SERVER, str(A_SECOND)], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        yield f"rtsp://127.0.0.1:{int(server.stdout.readline())}/door"
        server.kill()


@pytest.mark.parametrize("cut_s", [5, pytest.param(60, marks=pytest.mark.long)])
async def test_a_cut_link_and_a_wrong_clock_cost_no_picture_and_no_time(
    rtsp_url: str,
    register: Callable[..., "asyncio.Future[Device]"],
    service: Service,
    topic: FramesTopic,
    tmp_path: Path,
    cut_s: float,
) -> None:
    device = await register()
    async with link_to(service.port) as link:
        config = read_config(write_config(tmp_path, device, f"ws://127.0.0.1:{link.port}", rtsp_url, every_s=EVERY_S))
        agent = Agent(config, Clock(lambda: time.time() + WRONG_BY_S))
        running = asyncio.create_task(agent.run())
        before = await stored(topic, device, at_least=5)
        await link.cut()
        await asyncio.sleep(cut_s)
        cut = await topic.of_camera(device.camera.id)
        await link.mend()
        await stored(topic, device, at_least=len(cut) + int(cut_s / EVERY_S))
        agent.stop()
        await running
    frames = await topic.of_camera(device.camera.id)
    said, shown = [said_at(frame) for frame in frames], [shown_at(frame) for frame in frames]
    assert len(cut) <= len(before) + 5, "nothing came through while the link was cut"
    errors = np.abs(np.array(said) - np.array(shown))
    assert np.median(errors) < TOLERANCE_S
    assert errors.max() < HELD_UP_S
    # What was sent twice has one id; in between none is missing.
    moments = sorted({frame_id(frame): at for frame, at in zip(frames, shown, strict=True)}.values())
    gaps = np.diff(moments)
    assert gaps.max() < 2 * EVERY_S, [round(float(gap), 2) for gap in gaps]


def shown_at(message: Any) -> float:
    """Read the squares of `rtsp_server.py`."""
    picture = cv2.imdecode(np.frombuffer(message.value, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    bits = picture[16:96:32, 16:512:32] > 128
    return int("".join("1" if bit else "0" for bit in bits.ravel()), 2) / 1000
