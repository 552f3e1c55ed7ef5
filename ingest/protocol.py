"""uvicorn's WebSocket protocol, with three answers of our own.

uvicorn pauses the transport after each message, which is what the bounds of this service rest on. Three things that it
does are wrong for cameras:

- It reads on as soon as the application has taken a message, so that each connection may hold two pictures: one that
  waits for its place, one read ahead; and it reads the first before anyone has looked at the token. Here it reads when
  the application asks for a message, and not before.
- A message over `ws_max_size` closes the connection with 1009 and nothing else, and at once, while the camera is still
  sending: its system then drops the unread close as well, and the camera sees a mere reset. Here it is told
  `message_too_large` first, and what it still sends is thrown away until it closes.
- A pong that isn't read because the socket is left unread counts as missing, so a slow Kafka would cut the cameras off.
  Here anything that was read lately is a sign of life, and an unread socket proves nothing.
"""

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from ingest.codes import Close, Code, Refused
from ingest.messages import reply

# A camera that is told that its message is too large has so long to send the rest and to read why. Ending our half of
# the connection would hurry it, but some clients break when that comes while they send.
_LINGER_SECONDS = 5.0


class CameraProtocol(WebSocketsSansIOProtocol):
    """A camera's connection on the wire."""

    _heard_at = 0.0
    _is_failed = False

    def handle_connect(self, event: Request) -> None:
        """Begin the handshake; read no picture before the application has admitted the camera and asks for one."""
        super().handle_connect(event)
        if not self.transport.is_closing():
            self.read_paused = True
            self.transport.pause_reading()

    async def receive(self) -> ASGIReceiveEvent:
        """Give the application the next message, and read on only if there is none yet."""
        if self.read_paused and self.queue.empty() and not self.transport.is_closing():
            self.read_paused = False
            self.transport.resume_reading()
        return await self.queue.get()

    def data_received(self, data: bytes) -> None:
        """Note the sign of life, then read."""
        self._heard_at = self.loop.time()
        super().data_received(data)

    def keepalive_timeout(self) -> None:
        """End the connection, unless its pong may be among what is still unread."""
        patience = self.ping_timeout or 0.0
        if self.read_paused or self.loop.time() - self._heard_at < patience:
            self.pong_timer = self.loop.call_later(patience, self.keepalive_timeout)
        else:
            super().keepalive_timeout()

    def handle_parser_exception(self) -> None:
        """Answer a message that is too large; close as uvicorn does on any other fault."""
        close = self.conn.close_sent
        if close is None or close.code != Close.MESSAGE_TOO_BIG:
            super().handle_parser_exception()
            return
        if self._is_failed:
            return  # more of the same message
        self._is_failed = True
        answer = reply(
            Refused(
                Code.MESSAGE_TOO_LARGE,
                f"a message has at most {self.config.ws_max_size:,} bytes: set the camera to a smaller size or a lower "
                "quality, connect again, and send again what has no reply yet",
            )
        )
        self.queue.put_nowait({"type": "websocket.disconnect", "code": close.code, "reason": close.reason})
        text = Frame(Opcode.TEXT, answer.encode()).serialize(mask=False)
        self.transport.write(text + b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)
