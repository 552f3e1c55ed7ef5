"""One camera's connection: frames in, replies out in the order of arrival.

Reading waits while too much of this camera is under way, or too much of all; the web server then leaves the socket
unread, and TCP slows the camera down. A camera that doesn't read its replies is slowed down in the same way, and only
it: the places of all are freed by Kafka's confirmation, those of the connection by the reply.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from attendance import tracing
from attendance.cameras import Camera
from attendance.store import Store
from ingest import metrics
from ingest.assembly import FrameAssembler
from ingest.authentication import Claim, admit
from ingest.budget import Budget
from ingest.checks import FrameChecks
from ingest.codes import CLOSES, Close, Code, Refused
from ingest.contract import GATEWAY_KEY_ID, Frame, Headers, to_headers
from ingest.messages import Stored, reply
from ingest.publishing import KafkaUnavailable, Publisher
from ingest.settings import IngestSettings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What all connections share."""

    settings: IngestSettings
    store: Store
    publisher: Publisher
    checks: FrameChecks
    gateway_key: bytes


@dataclass(frozen=True, slots=True)
class _Answer:
    """A reply that is due once its outcome is known; until it is sent, `size` is held in the connection's budget."""

    outcome: "asyncio.Task[Stored | Refused] | Refused"
    size: int


class Connection:
    """An admitted camera's connection, from the first frame to the close."""

    def __init__(self, socket: WebSocket, claim: Claim, camera: Camera, services: Services) -> None:
        self._socket = socket
        self._claim = claim
        self._camera = camera
        self._services = services
        self._under_way = Budget(services.settings.connection_frames, services.settings.connection_bytes)
        self._answers: asyncio.Queue[_Answer | None] = asyncio.Queue()
        self._turn = asyncio.Lock()
        self._assembler = FrameAssembler()
        self._stopping = asyncio.Event()
        self._log = log.bind(camera=camera.id)

    def stop(self) -> None:
        """Take no more frames; answer those under way, then close."""
        self._stopping.set()

    async def serve(self) -> None:
        """Serve until the camera goes, its right to send ends, or the service stops."""
        reading = asyncio.create_task(self._read())
        watching = asyncio.create_task(self._watch())
        stopping = asyncio.create_task(self._stopping.wait())
        answering = asyncio.create_task(self._answer())
        try:
            await asyncio.wait({reading, watching, stopping, answering}, return_when=asyncio.FIRST_COMPLETED)
            for task in (reading, watching, stopping):
                task.cancel()
            await asyncio.wait({reading, watching, stopping})
            self._answers.put_nowait(None)
            await answering
            if not reading.cancelled():
                reading.result()
            elif watching.cancelled():
                await self._socket.close(Close.SERVICE_RESTART, "service restart")
            else:
                await refuse(self._socket, watching.result())
        except WebSocketDisconnect:
            pass  # the camera was faster
        finally:
            for task in (reading, watching, stopping, answering):
                task.cancel()
            self._abandon()

    async def _read(self) -> None:
        # Each turn asks for the next message only after the last one has found its place: to ask is to read on.
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                if message.get("code") == Close.MESSAGE_TOO_BIG:
                    metrics.FRAMES.labels("refused", Code.MESSAGE_TOO_LARGE).inc()
                return
            if message.get("bytes") is not None:
                await self._take(message["bytes"])
            else:
                for refused in self._assembler.text(message["text"]):
                    await self._under_way.take(0)
                    self._answers.put_nowait(_Answer(refused, 0))

    async def _take(self, picture: bytes) -> None:
        arrived_at, size = datetime.now(UTC), len(picture)
        await self._under_way.take(size)
        deadline = asyncio.get_running_loop().time() + self._services.settings.confirm_within_s
        outcome: asyncio.Task[Stored | Refused] | Refused
        try:
            frame = self._services.checks.check(self._camera, self._assembler.picture(), picture, arrived_at)
        except Refused as refused:
            outcome = refused
        else:
            try:
                async with asyncio.timeout_at(deadline):
                    await self._services.publisher.budget.take(size)
            except TimeoutError:
                outcome = _unconfirmed(frame)
            else:
                outcome = asyncio.create_task(self._store(frame, deadline))
        self._answers.put_nowait(_Answer(outcome, size))

    async def _store(self, frame: Frame, deadline: float) -> Stored | Refused:
        headers = to_headers(frame, key_id=GATEWAY_KEY_ID, key=self._services.gateway_key)
        trace = tracing.begin("ingest", id=frame.id, camera=frame.camera_id)
        if trace is None:
            return await self._confirm(frame, headers, deadline)
        headers.append((tracing.HEADER, trace.header))
        outcome: Stored | Refused | None = None
        try:
            outcome = await self._confirm(frame, headers, deadline)
        finally:
            trace.end("stored" if isinstance(outcome, Stored) else "refused")
        return outcome

    async def _confirm(self, frame: Frame, headers: Headers, deadline: float) -> Stored | Refused:
        publisher, clock = self._services.publisher, asyncio.get_running_loop().time
        begun = clock()
        try:
            async with asyncio.timeout_at(deadline):
                confirmation = await publisher.send(frame.camera_id, frame.picture, headers, self._turn)
                placed = await confirmation
        except (KafkaUnavailable, TimeoutError):
            return _unconfirmed(frame)
        metrics.BYTES.inc(len(frame.picture))
        metrics.CONFIRMATION.observe(clock() - begun)
        return Stored(frame.id, placed.partition, placed.offset)

    async def _answer(self) -> None:
        is_listening = True
        while (answer := await self._answers.get()) is not None:
            outcome = answer.outcome if isinstance(answer.outcome, Refused) else await answer.outcome
            self._note(outcome)
            if is_listening:
                try:
                    await self._socket.send_text(reply(outcome))
                except WebSocketDisconnect:
                    is_listening = False  # what is under way is still counted and its place freed
            self._under_way.give_back(answer.size)

    def _note(self, outcome: Stored | Refused) -> None:
        if isinstance(outcome, Stored):
            metrics.FRAMES.labels("stored", "").inc()
            self._log.debug(
                "frame", outcome="stored", id=outcome.id, partition=outcome.partition, offset=outcome.offset
            )
        else:
            metrics.FRAMES.labels("refused", outcome.code).inc()
            self._log.info("frame", outcome="refused", id=outcome.frame_id, code=outcome.code.value)

    async def _watch(self) -> Refused:
        while True:
            await asyncio.sleep(self._services.settings.recheck_every_s)
            try:
                self._camera = await admit(self._services.store, self._claim)
            except Refused as refused:
                if refused.code is not Code.STORE_UNAVAILABLE:
                    return refused
                # Nothing says that the token was revoked, and cutting every camera off would lose frames.
                self._log.warning("the token can't be looked up again now")

    def _abandon(self) -> None:
        # Only a stop past its deadline leaves anything here.
        while not self._answers.empty():
            answer = self._answers.get_nowait()
            if answer is not None and not isinstance(answer.outcome, Refused):
                answer.outcome.cancel()


async def refuse(socket: WebSocket, refused: Refused) -> None:
    """Say why the connection ends, and end it: few clients can read a refused handshake's body, all can read this."""
    metrics.REFUSED_CONNECTIONS.labels(refused.code).inc()
    log.info("connection refused", code=refused.code.value)
    await socket.send_text(reply(refused))
    await socket.close(CLOSES[refused.code], refused.code.value)


def _unconfirmed(frame: Frame) -> Refused:
    return Refused(
        Code.KAFKA_UNAVAILABLE,
        "the frame was not confirmed in time and may be lost: send it again with the same id",
        frame_id=frame.id,
    )
