"""The WebSocket endpoint `/ws?camera=ID`."""

from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from ingest.authentication import SUBPROTOCOL, admit, offered, read_claim
from ingest.codes import Refused
from ingest.connection import Connection, Services, refuse
from ingest.connections import Connections


async def frames_socket(socket: WebSocket) -> None:
    """Admit a camera and serve it; a refused one is told why on the open socket."""
    services: Services = socket.app.state.services
    connections: Connections = socket.app.state.connections
    subprotocol = SUBPROTOCOL if SUBPROTOCOL in offered(socket) else None
    with suppress(WebSocketDisconnect):
        try:
            claim = read_claim(socket)
            camera = await admit(services.store, claim)
            connections.check_room()
        except Refused as refused:
            await socket.accept(subprotocol)
            await refuse(socket, refused)
            return
        connection = Connection(socket, claim, camera, services)
        with connections.opened(connection):
            await socket.accept(subprotocol)
            await connection.serve()
