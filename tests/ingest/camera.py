"""A camera as a test plays it: an ordinary WebSocket client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


class CameraClient:
    """An open connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, picture: bytes, **said: str) -> None:
        """Send a picture, with what is to be said of it."""
        if said:
            await self.connection.send(json.dumps(said))
        await self.connection.send(picture)

    async def reply(self) -> dict[str, Any]:
        """Wait for the next reply."""
        answer: dict[str, Any] = json.loads(await self.connection.recv())
        return answer

    async def ask(self, picture: bytes, **said: str) -> dict[str, Any]:
        """Send a picture and wait for its reply."""
        await self.send(picture, **said)
        return await self.reply()

    async def close_code(self) -> int:
        """Wait for the end and tell how it was closed."""
        try:
            while True:
                await self.connection.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


@asynccontextmanager
async def camera(url: str, token: str | None = None, **options: Any) -> AsyncIterator[CameraClient]:
    """Connect as a camera does; the token goes into the Authorization header."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    options = {"compression": None, "max_size": None, "proxy": None} | options
    async with connect(url, additional_headers=headers, **options) as connection:
        yield CameraClient(connection)
