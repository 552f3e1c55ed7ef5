"""Rollcall as it runs, for the benchmarks that measure it whole: real backends, and installations on them.

>>> async with backends() as stack, Installation(stack) as site:
...     await site.start("stream")
...     await site.produce(frames)
...     await site.until_idle()
"""

import asyncio
import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from attendance.keys import KEY_BYTES
from attendance.outbox import make_producer
from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.init import make_key
from deploy.local.ports import free_ports
from deploy.local.stack import LocalStack
from deploy.topics import TopicSettings, ensure_topics
from ingest.contract import GATEWAY_KEY_ID, Frame, to_headers

__all__ = ["Installation", "backends"]

_STARTS_WITHIN_S = 90.0
_STOPS_WITHIN_S = 60.0
_LOOK_S = 0.1
_LARGEST_MESSAGE = 10_000_000
_PORTS = {"ingest": "ROLLCALL_INGEST_PORT", "stream": "ROLLCALL_STREAM_PORT", "api": "ROLLCALL_API_PORT"}
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


@contextlib.asynccontextmanager
async def backends() -> AsyncIterator[LocalStack]:
    """Start Kafka and the database on free ports, in a folder that is deleted afterwards."""
    home = Path(tempfile.mkdtemp(prefix="rollcall-"))
    stack = LocalStack.on_free_ports(home)
    try:
        await stack.start_backends()
        yield stack
    finally:
        await stack.stop()
        shutil.rmtree(home, ignore_errors=True)


def _command(service: str, port: int) -> list[str]:
    if service == "bare-api":
        return [sys.executable, "-m", "benchmarks.bare_api", str(port)]
    return [str(Path(sys.executable).with_name("rollcall")), service]


def _port(service: str, port: int) -> dict[str, str]:
    return {_PORTS[service]: str(port)} if service in _PORTS else {}


class Installation:
    """One installation: topics, a database, a consumer group, a key and ports of its own, and its processes by name."""

    def __init__(self, stack: LocalStack, *, partitions: int = 4, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are environment variables for all its processes."""
        mark = secrets.token_hex(4)
        self.folder = Path(tempfile.mkdtemp(prefix="rollcall-site-"))
        self._partitions = partitions
        self.gateway_key = secrets.token_bytes(KEY_BYTES)
        key_file = self.folder / "gateway.key"
        key_file.write_text(self.gateway_key.hex())
        self.group = f"stream-{mark}"
        self.connection = ConnectionSettings(
            kafka_bootstrap=stack.kafka_bootstrap,
            mongo_url=stack.mongo_url,
            database=f"bench_{mark}",
            topic_prefix=f"bench-{mark}.",
            home=self.folder,
            gateway_key_file=key_file,
        )
        make_key(self.connection.look_up_key_file)
        make_key(self.connection.audit_key_file)
        make_key(self.connection.master_key_file)
        self.environment = {
            **os.environ,
            "KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
            "MONGO_URL": stack.mongo_url,
            "ROLLCALL_DATABASE": self.connection.database,
            "ROLLCALL_TOPIC_PREFIX": self.connection.topic_prefix,
            "ROLLCALL_HOME": str(self.folder),
            "ROLLCALL_GATEWAY_KEY_FILE": str(key_file),
            "ROLLCALL_STREAM_GROUP": self.group,
            # Benchmarks put more into the topic than can be looked at in time: nothing of it is to be thinned away.
            "ROLLCALL_MOST_LAG_S": "3600",
            **(settings or {}),
        }
        self.store = Store(self.connection)
        self.processes: dict[str, psutil.Popen] = {}
        self.ports: dict[str, int] = {}
        self._client = httpx.AsyncClient(trust_env=False, timeout=10)

    async def __aenter__(self) -> Self:
        await ensure_topics(
            self.connection,
            TopicSettings(frames_partitions=self._partitions, attendance_events_partitions=self._partitions),
        )
        await self.store.ensure_indexes()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in list(self.processes):
            self.kill(name)
        self.store.close()
        await self._client.aclose()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def start(self, service: str, *, name: str | None = None, **settings: str) -> psutil.Process:
        """Start `ingest`, `stream`, `api` or `bare-api`, and wait for it; `name` tells several of one apart."""
        process = self.launch(service, name=name, **settings)
        await self.until_ready(name or service)
        return process

    def launch(self, service: str, *, name: str | None = None, **settings: str) -> psutil.Process:
        """Start a process without waiting for it. A name that was used before gets the same port again."""
        name = name or service
        port = self.ports.setdefault(name, free_ports(1)[0])
        command = ["setpriv", "--pdeathsig", "KILL", *_command(service, port)]
        with self.log_file(name).open("ab") as log:
            self.processes[name] = psutil.Popen(
                command,
                env={**self.environment, **_port(service, port), **settings},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self.processes[name]

    async def until_ready(self, name: str) -> None:
        """Wait for a process' readiness. Raises RuntimeError with its last words where it doesn't come."""
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await self._client.get(f"{self.http(name)}/readyz")).is_success:
                    return
            if self.processes[name].poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not get ready:\n{self.log_file(name).read_text()[-4000:]}")
            await asyncio.sleep(_LOOK_S)

    def http(self, name: str) -> str:
        """Give a process' address."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def log_file(self, name: str) -> Path:
        """Give the file that a process logs to."""
        return self.folder / f"{name}.log"

    def kill(self, name: str) -> None:
        """End a process without warning."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()

    async def stop(self, name: str) -> int:
        """Ask a process to stop, wait for it, and give its exit code."""
        process = self.processes.pop(name)
        process.terminate()
        return int(await asyncio.to_thread(process.wait, _STOPS_WITHIN_S))

    async def metric(self, metric: str, *, name: str = "stream", **labels: str) -> float:
        """Give the sum of a process' metric over all its samples that have these labels; 0 where there is none."""
        page = (await self._client.get(f"{self.http(name)}/metrics")).text
        wanted = {f'{label}="{value}"' for label, value in labels.items()}
        found = (each for each in _SAMPLE.findall(page) if each[0] == metric)
        return sum(float(value) for _, given, value in found if wanted <= set(given.split(",")))

    async def produce(self, frames: Iterable[Frame], *, per_second: float | None = None) -> None:
        """Send frames straight to Kafka, signed as ingest would, and wait until all are confirmed.

        `per_second`: each frame is asked for, and sent, when it is due; else all at once.
        """
        producer = make_producer(
            self.connection.kafka_bootstrap, client_id="benchmark", largest_message=_LARGEST_MESSAGE
        )
        await producer.start()
        try:
            sent, began = [], time.monotonic()
            for number, frame in enumerate(frames, start=1):
                sent.append(
                    await producer.send(
                        self.connection.topics.frames,
                        key=frame.camera_id.encode(),
                        value=frame.picture,
                        headers=to_headers(frame, key_id=GATEWAY_KEY_ID, key=self.gateway_key),
                    )
                )
                if per_second:
                    await asyncio.sleep(began + number / per_second - time.monotonic())
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def lag(self) -> int:
        """Give how many frames of the topic are not acknowledged by the stream app yet."""
        topic = self.connection.topics.frames
        partitions = [TopicPartition(topic, number) for number in range(self._partitions)]
        admin = AIOKafkaAdminClient(bootstrap_servers=self.connection.kafka_bootstrap)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.connection.kafka_bootstrap)
        try:
            await admin.start()
            await consumer.start()
            ends = await consumer.end_offsets(partitions)
            committed = await admin.list_consumer_group_offsets(self.group)
        finally:
            await consumer.stop()
            await admin.close()
        done = {each: max(committed[each].offset, 0) for each in partitions if each in committed}
        return sum(end - done.get(each, 0) for each, end in ends.items())

    async def until_idle(self, *, within_s: float = 600.0) -> None:
        """Wait until every frame of the topic is acknowledged. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while await self.lag():  # noqa: ASYNC110  # another process' progress raises no event here
                await asyncio.sleep(_LOOK_S)
