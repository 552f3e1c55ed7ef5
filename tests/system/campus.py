"""Rollcall as it runs: ingest, stream app and API as processes of their own, on the real Kafka and database."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

import httpx
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord

from attendance.keys import KEY_BYTES
from attendance.outbox import make_producer
from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.init import make_key
from deploy.topics import TopicSettings, ensure_topics
from ingest.contract import GATEWAY_KEY_ID, Frame, to_headers

_STARTS_WITHIN_SECONDS = 60.0
_PORTS = {"ingest": "ROLLCALL_INGEST_PORT", "stream": "ROLLCALL_STREAM_PORT", "api": "ROLLCALL_API_PORT"}


class Stack(Protocol):
    """What the fixture `stack` gives."""

    @property
    def kafka_bootstrap(self) -> str:
        """Kafka's address."""

    @property
    def mongo_url(self) -> str:
        """The database's address."""


class Campus:
    """One installation of its own: its topics, its database, its ports, its consumer group."""

    def __init__(self, stack: Stack, folder: Path, **settings: str) -> None:
        mark = secrets.token_hex(4)
        self._folder = folder
        self.ports = {service: free_port() for service in _PORTS}
        self.gateway_key = secrets.token_bytes(KEY_BYTES)
        key_file = folder / "gateway.key"
        key_file.write_text(self.gateway_key.hex())
        self.connection = ConnectionSettings(
            kafka_bootstrap=stack.kafka_bootstrap,
            mongo_url=stack.mongo_url,
            database=f"campus_{mark}",
            topic_prefix=f"campus-{mark}.",
            home=folder,
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
            "ROLLCALL_HOME": str(folder),
            "ROLLCALL_GATEWAY_KEY_FILE": str(key_file),
            "ROLLCALL_STREAM_GROUP": f"stream-{mark}",
            # Tests send whole lectures at once, to a machine that is busy with others: no frame is to be thinned away.
            "ROLLCALL_MOST_LAG_S": "3600",
            **{_PORTS[service]: str(port) for service, port in self.ports.items()},
            **settings,
        }
        self.store = Store(self.connection)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    async def prepare(self) -> None:
        """Make topics and indexes."""
        await ensure_topics(self.connection, TopicSettings(frames_partitions=4, attendance_events_partitions=4))
        await self.store.ensure_indexes()

    def start(self, *services: str) -> None:
        """Start services and wait until they are ready."""
        command = Path(sys.executable).with_name("rollcall")
        for service in services:
            log = (self._folder / f"{service}.log").open("ab")
            self.processes[service] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", command, service],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        for service in services:
            self.wait_until_ready(service)

    def wait_until_ready(self, service: str) -> None:
        """Wait for a service's readiness."""
        deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.http(service)}/readyz", timeout=5).status_code == httpx.codes.OK:
                    return
            if self.processes[service].poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{service} did not get ready:\n{self.log(service)[-4000:]}")
            time.sleep(0.1)

    def kill(self, service: str) -> None:
        """End a service without warning."""
        process = self.processes.pop(service)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Ask all services to stop, and wait."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.wait(timeout=60)
        self.processes.clear()

    def end(self) -> None:
        """End whatever still runs."""
        for service in list(self.processes):
            self.kill(service)
        self.store.close()

    def log(self, service: str) -> str:
        """Give what a service has logged."""
        return (self._folder / f"{service}.log").read_text()

    def http(self, service: str) -> str:
        """Give a service's address."""
        return f"http://127.0.0.1:{self.ports[service]}"

    async def produce(self, frames: list[Frame]) -> None:
        """Send frames straight to Kafka, signed as ingest would."""
        await self.produce_raw(
            [
                (f.camera_id.encode(), f.picture, to_headers(f, key_id=GATEWAY_KEY_ID, key=self.gateway_key))
                for f in frames
            ]
        )

    async def produce_raw(self, messages: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]]) -> None:
        """Send messages straight to the topic `frames`, whatever they are."""
        producer = make_producer(self.connection.kafka_bootstrap, client_id="camera", largest_message=10_000_000)
        await producer.start()
        try:
            for key, value, headers in messages:
                await producer.send_and_wait(self.connection.topics.frames, key=key, value=value, headers=headers)
        finally:
            await producer.stop()

    async def read(self, topic: str, count: int, *, seconds: float = 20) -> list[ConsumerRecord]:
        """Read a topic from its beginning until so many messages have come, or the time is over."""
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=self.connection.kafka_bootstrap,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=11_000_000,
        )
        await consumer.start()
        found: list[ConsumerRecord] = []
        try:
            deadline = time.monotonic() + seconds
            while len(found) < count and time.monotonic() < deadline:
                batches = await consumer.getmany(timeout_ms=200)
                found += [message for batch in batches.values() for message in batch]
        finally:
            await consumer.stop()
        return found

    async def read_all(self, topic: str) -> list[ConsumerRecord]:
        """Read all that a topic holds now."""
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=self.connection.kafka_bootstrap,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=11_000_000,
        )
        await consumer.start()
        found: list[ConsumerRecord] = []
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            while any([await consumer.position(each) < end for each, end in ends.items()]):
                for messages in (await consumer.getmany(timeout_ms=200)).values():
                    found += messages
        finally:
            await consumer.stop()
        return found


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
