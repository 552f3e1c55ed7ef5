"""An agent's file, as a test writes it, and what the agent brought to Kafka by it."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.ingest.conftest import Device
from tests.ingest.topic import FramesTopic


def write_config(folder: Path, device: Device, ingest: str, source: str, **more: object) -> Path:
    """Write the file for one camera, and its token's file beside it."""
    (folder / "token").write_text(device.token + "\n")
    settings = "".join(f"    {name}: {str(value).lower()}\n" for name, value in more.items())
    path = folder / "agent.yaml"
    path.write_text(
        f"ingest: {ingest}\n"
        "buffer: {folder: waiting}\n"
        "cameras:\n"
        f"  - camera: {device.camera.id}\n"
        f"    source: {source}\n"
        "    token_file: token\n" + settings
    )
    return path


async def stored(topic: FramesTopic, device: Device, *, at_least: int) -> list[Any]:
    while len(frames := await topic.of_camera(device.camera.id)) < at_least:
        await asyncio.sleep(0.3)
    return frames


def frame_id(message: Any) -> str:
    return str(dict(message.headers)["ce_id"].decode())


def said_at(message: Any) -> float:
    return datetime.fromisoformat(dict(message.headers)["ce_time"].decode()).timestamp()
