"""The demo's camera: an ordinary WebSocket client, as docs/send-frames.md describes it."""

import asyncio
import json
from collections.abc import Callable, Iterable

from websockets.asyncio.client import connect

from deploy.demo.lecture import Shot


async def play(
    url: str, camera_id: str, token: str, shots: Iterable[Shot], *, seconds: float, on_stored: Callable[[], None]
) -> list[dict[str, object]]:
    """Send the shots over about so many seconds; give the replies in order.

    Every shot says when it was taken, as a camera does that sends its backlog.
    """
    planned = list(shots)
    headers = {"Authorization": f"Bearer {token}"}
    replies: list[dict[str, object]] = []
    async with connect(f"{url}/ws?camera={camera_id}", additional_headers=headers) as socket:

        async def read() -> None:
            while len(replies) < len(planned):
                replies.append(json.loads(await socket.recv()))
                on_stored()

        reader = asyncio.create_task(read())
        for index, shot in enumerate(planned):
            await socket.send(json.dumps({"id": f"demo-{index}", "taken_at": shot.taken_at.isoformat()}))
            await socket.send(shot.jpeg)
            await asyncio.sleep(seconds / len(planned))
        await reader
    return replies
