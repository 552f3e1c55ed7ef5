"""A camera before ingest that sends each frame until it is told that it is stored."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from attendance.rights import Role
from ingest.contract import Frame, format_time
from tests.system.campus import Campus

# A camera doesn't know why it hears nothing; after so long it connects anew and sends the frame again.
_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.3


class PersistentCamera:
    """One camera's connection, made anew whenever it breaks. `resends` counts the frames that it had to send again."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._socket: ClientConnection | None = None
        self.resends = 0

    @classmethod
    async def of(cls, campus: Campus, camera_id: str) -> Self:
        """Make the camera, with a token of its own."""
        token = await campus.store.tokens.create(Role.DEVICE, now=datetime.now(UTC), subjects=frozenset({camera_id}))
        return cls(f"ws://127.0.0.1:{campus.ports['ingest']}/ws?camera={camera_id}", token.text)

    async def send(self, frame: Frame) -> None:
        """Send a frame until Kafka has it."""
        while True:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    reply = await self._try(frame)
            except (OSError, TimeoutError, WebSocketException):
                await self.close()
            else:
                if reply["type"] == "stored":
                    return
                assert reply["code"] == "kafka_unavailable", reply
            self.resends += 1
            await asyncio.sleep(_PAUSE_SECONDS)

    async def close(self) -> None:
        """End the connection, without waiting for the other side."""
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.transport.abort()

    async def _try(self, frame: Frame) -> dict[str, str]:
        if self._socket is None:
            headers = {"Authorization": f"Bearer {self._token}"}
            self._socket = await connect(self._url, additional_headers=headers)
        await self._socket.send(json.dumps({"id": frame.id, "taken_at": format_time(frame.taken_at)}))
        await self._socket.send(frame.picture)
        while True:
            reply: dict[str, str] = json.loads(await self._socket.recv())
            # An answer to a frame that was sent before on this connection is none to this one.
            if reply.get("id") == frame.id:
                return reply
