"""The ingest service under uvicorn, and how it stops: frames under way are confirmed and answered first."""

import asyncio
import socket

import uvicorn
from starlette.applications import Starlette

from ingest.connections import Connections
from ingest.protocol import CameraProtocol
from ingest.settings import IngestSettings

# After its last reply a camera has so long to answer the close before its connection is cut.
_GOODBYE_SECONDS = 2.0


def make_server(app: Starlette, settings: IngestSettings) -> "IngestServer":
    """Make the server that listens where the settings say."""
    config = uvicorn.Config(
        app,
        host=settings.ingest_host,
        port=settings.ingest_port,
        ws=CameraProtocol,
        ws_max_size=settings.largest_socket_message,
        # Pictures are compressed already, and a small message could unpack to as many bytes as may be read at all.
        ws_per_message_deflate=False,
        ws_ping_interval=settings.ping_every_s,
        ws_ping_timeout=settings.ping_timeout_s,
        timeout_graceful_shutdown=round(_GOODBYE_SECONDS),
        lifespan="on",
        log_config=None,  # the process' own, which cuts query strings off
        access_log=False,
    )
    return IngestServer(config, app, settings.drain_within_s)


class IngestServer(uvicorn.Server):
    """uvicorn closes every WebSocket the moment it is told to stop; this one drains them first."""

    def __init__(self, config: uvicorn.Config, app: Starlette, drain_within_s: float) -> None:
        super().__init__(config)
        self._ingest = app
        self._drain_within_s = drain_within_s

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen no more, let the connections finish, then stop as uvicorn does."""
        for server in self.servers:
            server.close()
        connections: Connections = self._ingest.state.connections
        await connections.drain(self._drain_within_s)
        deadline = asyncio.get_running_loop().time() + _GOODBYE_SECONDS
        # For the cameras' answers to the close; uvicorn gives no event for it and waits in the same way.
        while self.server_state.connections and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)
