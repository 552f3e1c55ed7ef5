"""Sending a camera's pictures to ingest over a WebSocket, as `docs/send-frames.md` says."""

import asyncio
import json
import ssl
from collections import deque
from datetime import datetime
from pathlib import Path

import httpx
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from ingest.agent import metrics
from ingest.agent.backoff import Backoff
from ingest.agent.clock import Clock
from ingest.agent.outbound import Outbound, Outgoing
from ingest.contract import format_time

log = structlog.get_logger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
# Enough to fill a line of 100 ms; ingest itself stops reading at 32.
_MOST_UNDER_WAY = 16
# Ingest leaves pings unread while it is held up by Kafka.
_PING_TIMEOUT_SECONDS = 60
_TOO_BIG = 1009
_MEASURE_EVERY_SECONDS = 60.0
_MEASUREMENTS = 5


class SocketLink:
    """One camera's connection, made again whenever it breaks."""

    def __init__(
        self, ingest: str, trust: ssl.SSLContext | None, token: str, outbound: Outbound, measured: asyncio.Event
    ) -> None:
        self._address = f"{ingest.rstrip('/')}/ws?camera={outbound.camera_id}"
        self._trust = trust
        self._headers = {"Authorization": f"Bearer {token}"}
        self._outbound = outbound
        self._measured = measured
        self._sent: deque[Outgoing] = deque()
        self._places = asyncio.Semaphore(_MOST_UNDER_WAY)
        self._log = log.bind(camera=outbound.camera_id)

    async def run(self) -> None:
        """Send until cancelled; not before the clock was measured, since a wrong time can't be taken back."""
        await self._measured.wait()
        backoff = Backoff(_FIRST_WAIT, _LONGEST_WAIT)
        while True:
            try:
                async with connect(
                    self._address,
                    ssl=self._trust,
                    additional_headers=self._headers,
                    compression=None,
                    ping_timeout=_PING_TIMEOUT_SECONDS,
                ) as socket:
                    await self._exchange(socket, backoff)
            except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
                why = str(error) or type(error).__name__
            except ConnectionClosed as closed:
                why = str(closed)
                if closed.rcvd is not None and closed.rcvd.code == _TOO_BIG:
                    self._give_up_largest()
            wait = backoff.next()
            self._log.warning("no connection to ingest", why=why, again_in_s=round(wait, 1))
            await asyncio.sleep(wait)

    async def _exchange(self, socket: ClientConnection, backoff: Backoff) -> None:
        self._sent.clear()
        self._outbound.all_again()
        self._places = asyncio.Semaphore(_MOST_UNDER_WAY)
        sending = asyncio.create_task(self._send(socket))
        hearing = asyncio.create_task(self._hear(socket, backoff))
        try:
            done, _ = await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if sending in done:
                # What ingest said before it closed is worth hearing: replies, or why.
                await asyncio.wait({hearing}, timeout=5)
            for task in (hearing, sending):
                if task.done():
                    task.result()
        finally:
            for task in (sending, hearing):
                task.cancel()
            await asyncio.gather(sending, hearing, return_exceptions=True)

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            await self._places.acquire()
            outgoing = await self._outbound.next()
            self._sent.append(outgoing)
            said = {"id": outgoing.kept.id, "taken_at": format_time(outgoing.taken_at)}
            await socket.send(json.dumps(said))
            await socket.send(outgoing.picture)

    async def _hear(self, socket: ClientConnection, backoff: Backoff) -> None:
        async for message in socket:
            reply = json.loads(message)
            if not self._sent or reply.get("id") != self._sent[0].kept.id:
                self._log.error("ingest says", code=reply.get("code"), why=reply.get("message"))
                continue
            kept = self._sent.popleft().kept
            if reply["type"] == "stored":
                self._outbound.stored(kept)
                backoff.reset()
            elif reply.get("code") in ("kafka_unavailable", "too_fast"):
                self._log.warning("to be sent again", id=kept.id, code=reply["code"])
                await asyncio.sleep(backoff.next())
                self._outbound.again(kept)
            else:
                self._outbound.refused(kept, reply.get("code", ""), reply.get("message", ""))
            self._places.release()
        raise ConnectionClosed(socket.protocol.close_rcvd, socket.protocol.close_sent)

    def _give_up_largest(self) -> None:
        # Sent again it would end the next connection too, and nothing behind it would ever arrive.
        if self._sent:
            largest = max(self._sent, key=lambda outgoing: len(outgoing.picture))
            self._outbound.refused(largest.kept, "message_too_large", f"{len(largest.picture):,} bytes are too many")


async def keep_measuring(ingest: str, trust: ssl.SSLContext | None, clock: Clock, measured: asyncio.Event) -> None:
    """Measure how far ingest's clock is from ours, now and every minute, until cancelled.

    `measured` is set once that is done, or can't be done by this server.
    """
    url = "http" + ingest.removeprefix("ws").rstrip("/") + "/time"
    backoff = Backoff(_FIRST_WAIT, _LONGEST_WAIT)
    async with httpx.AsyncClient(verify=trust or True, timeout=5) as client:
        while True:
            try:
                for _ in range(_MEASUREMENTS):
                    sent = clock.local()
                    response = await client.get(url)
                    returned = clock.local()
                    server = datetime.fromisoformat(response.raise_for_status().json()["now"])
                    clock.observe(sent, server.timestamp(), returned)
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                wait = backoff.next()
                log.warning("ingest's clock can't be read", why=str(error) or type(error).__name__)
                if not isinstance(error, httpx.TransportError):
                    measured.set()
            else:
                measured.set()
                metrics.OFFSET.set(clock.offset or 0.0)
                backoff.reset()
                wait = _MEASURE_EVERY_SECONDS
            await asyncio.sleep(wait)


def trust_of(ingest: str, ca_file: Path | None) -> ssl.SSLContext | None:
    """Give what a `wss` server is checked by; None for a plain one."""
    return ssl.create_default_context(cafile=ca_file) if ingest.startswith("wss:") else None
