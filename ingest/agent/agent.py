"""All cameras of one file, in one process."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer

from attendance.outbox import make_producer
from ingest.agent.capture import Capture
from ingest.agent.clock import Clock
from ingest.agent.config import AgentConfig, CameraSettings, read_key, read_token
from ingest.agent.kafka_link import KafkaLink
from ingest.agent.kafka_link import start as start_producer
from ingest.agent.outbound import Outbound
from ingest.agent.socket_link import SocketLink, keep_measuring, trust_of
from ingest.agent.spool import Spool

log = structlog.get_logger(__name__)

_LARGEST_MESSAGE = 9_000_000
# A source that doesn't answer is waited for no longer; what it would give is lost with the process.
_STOP_SECONDS = 2.0


class Agent:
    """Reads every camera and sends what is due, until told to stop or until every clip is played and sent."""

    def __init__(self, config: AgentConfig, clock: Clock | None = None) -> None:
        self._config = config
        self._clock = clock or Clock()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End; what waits on disk is sent by the next start."""
        self._stopping.set()

    async def run(self) -> None:
        """Run to the end."""
        loop = asyncio.get_running_loop()
        finished = [asyncio.Event() for _ in self._config.cameras]
        pairs = [self._prepare(camera, done, loop) for camera, done in zip(self._config.cameras, finished, strict=True)]
        links, producer = self._links([outbound for _, outbound in pairs])
        for capture, _ in pairs:
            capture.start()
        played = _all_sent(finished, [outbound.spool for _, outbound in pairs])
        tasks = [asyncio.create_task(each) for each in (*links, played, _once(self._stopping))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if producer is not None:
                await producer.stop()
            for capture, _ in pairs:
                capture.stop()
            for capture, _ in pairs:
                await asyncio.to_thread(capture.join, _STOP_SECONDS)

    def _prepare(
        self, camera: CameraSettings, finished: asyncio.Event, loop: asyncio.AbstractEventLoop
    ) -> tuple[Capture, Outbound]:
        folder = self._config.buffer.folder / camera.camera
        more = asyncio.Event()
        spool = Spool(folder, round(self._config.buffer.megabytes * 1e6), lambda: _tell(loop, more))
        if len(spool):
            log.info("pictures of before are sent first", camera=camera.camera, pictures=len(spool))
        capture = Capture(camera, self._clock, spool, folder / "folder.done", lambda: _tell(loop, finished))
        return capture, Outbound(camera.camera, spool, self._clock, more)

    def _links(self, outbounds: list[Outbound]) -> tuple[list[Coroutine[Any, Any, None]], AIOKafkaProducer | None]:
        config, pairs = self._config, list(zip(self._config.cameras, outbounds, strict=True))
        if config.ingest is not None:
            trust = trust_of(config.ingest, config.ca_file)
            measured = asyncio.Event()
            sockets = [
                SocketLink(config.ingest, trust, read_token(camera.token_file), outbound, measured)
                for camera, outbound in pairs
            ]
            measuring = keep_measuring(config.ingest, trust, self._clock, measured)
            return [*(link.run() for link in sockets), measuring], None
        producer = make_producer(config.kafka or "", client_id="rollcall-agent", largest_message=_LARGEST_MESSAGE)
        links = [KafkaLink(producer, config.topic, read_key(camera.key_file), outbound) for camera, outbound in pairs]

        async def produce() -> None:
            await start_producer(producer)
            await asyncio.gather(*(link.run() for link in links))

        return [produce()], producer


def _tell(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(event.set)


async def _once(event: asyncio.Event) -> None:
    await event.wait()


async def _all_sent(finished: list[asyncio.Event], spools: list[Spool]) -> None:
    for event in finished:
        await event.wait()
    while any(len(spool) for spool in spools):  # noqa: ASYNC110 - the links have no event for it
        await asyncio.sleep(0.2)
