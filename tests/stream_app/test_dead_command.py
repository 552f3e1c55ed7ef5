"""`rollcall dead` on the real Kafka: what was refused is counted and shown, and goes back once what was wrong is right.

The stream app is here its own check of a message and its own dead letters, over the real topics.
"""

import asyncio
import json
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from typer.testing import CliRunner, Result

from attendance.cameras import Camera
from attendance.ids import new_id
from attendance.keys import KEY_BYTES
from attendance.outbox import make_producer
from attendance.settings import ConnectionSettings
from attendance.store import Store
from deploy.local.stack import LocalStack
from deploy.topics import TopicSettings, ensure_topics
from ingest.contract import GATEWAY_KEY_ID, Frame, to_headers
from stream_app.checks import FrameChecks
from stream_app.dead_cli import app
from stream_app.dead_letters import DeadLetters
from stream_app.gallery_sync import GallerySync
from stream_app.messages import Message, Refused

PARTITIONS = 2
PICTURE = b"\xff\xd8 bytes that stand for a picture"


@dataclass
class Site:
    """An installation: its topics, its cameras, and its own worker."""

    connection: ConnectionSettings
    store: Store
    key: bytes
    read: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(PARTITIONS), 0))

    async def send(self, *frames: Frame, more: tuple[tuple[str, bytes], ...] = ()) -> None:
        producer = make_producer(self.connection.kafka_bootstrap, client_id="camera")
        await producer.start()
        for frame in frames:
            headers = [*to_headers(frame, key_id=GATEWAY_KEY_ID, key=self.key), *more]
            key = frame.camera_id.encode()
            await producer.send_and_wait(self.connection.topics.frames, key=key, value=frame.picture, headers=headers)
        await producer.stop()

    async def work(self, *, later: timedelta = timedelta()) -> list[Message]:
        """Take all new frames, `later` than they came, and give those that were sound."""
        sync = GallerySync(self.store)
        await sync.poll()
        checks = FrameChecks(self.store, self.key, sync)
        topics = self.connection.topics
        dead = DeadLetters(self.connection.kafka_bootstrap, topics.frames_dead, largest_message=10_000_000)
        sound = []
        for message in await self._new_frames():
            late = replace(message, arrived_at=message.arrived_at + later)
            try:
                await checks.check(late)
            except Refused as refused:
                await dead.send(message, refused)
            else:
                sound.append(message)
        await dead.stop()
        return sound

    async def _new_frames(self) -> list[Message]:
        messages = await read_from(self.connection.kafka_bootstrap, self.connection.topics.frames, self.read)
        for message in messages:
            self.read[message.partition] = message.offset + 1
        return messages

    async def rollcall(self, *arguments: str, typed: str | None = None) -> Result:
        environment = {
            "KAFKA_BOOTSTRAP": self.connection.kafka_bootstrap,
            "ROLLCALL_TOPIC_PREFIX": self.connection.topic_prefix,
            "ROLLCALL_GATEWAY_KEY_FILE": str(self.connection.gateway_key_file),
            "COLUMNS": "200",
        }
        result = await asyncio.to_thread(CliRunner(env=environment).invoke, app, list(arguments), input=typed)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    async def listed(self, *arguments: str) -> Any:
        return json.loads((await self.rollcall("list", "--json", *arguments)).stdout)

    async def register(self, camera_id: str, **settings: Any) -> None:
        await self.store.cameras.add(Camera(camera_id, new_id(), **settings))


async def read_from(bootstrap: str, topic: str, starts: dict[int, int]) -> list[Message]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        found: list[Message] = []
        for number, start in starts.items():
            place = TopicPartition(topic, number)
            consumer.assign([place])
            end = (await consumer.end_offsets([place]))[place]
            consumer.seek(place, start)
            while await consumer.position(place) < end:
                record = await consumer.getone()
                at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
                headers = tuple(record.headers)
                found.append(Message(topic, number, record.offset, record.key, record.value, headers, at))
        return found
    finally:
        await consumer.stop()


@pytest.fixture
async def site(stack: LocalStack, store: Store, tmp_path: Path) -> Site:
    key = secrets.token_bytes(KEY_BYTES)
    key_file = tmp_path / "gateway.key"
    key_file.write_text(key.hex())
    connection = ConnectionSettings(
        kafka_bootstrap=stack.kafka_bootstrap,
        mongo_url=stack.mongo_url,
        topic_prefix=f"dead-{secrets.token_hex(4)}.",
        gateway_key_file=key_file,
    )
    settings = TopicSettings(frames_partitions=PARTITIONS, frames_dead_partitions=PARTITIONS)
    await ensure_topics(connection, settings)
    return Site(connection, store, key)


def frame_of(camera: str, picture: bytes = PICTURE) -> Frame:
    return Frame(new_id(), camera, datetime.now(UTC), "image/jpeg", picture)


async def test_where_nothing_was_refused_the_list_says_so_and_there_is_nothing_to_replay(site: Site) -> None:
    assert "no such dead letters" in (await site.rollcall("list")).stdout
    assert await site.listed() == {"letters": 0, "counts": [], "newest": []}
    assert "nothing to replay" in (await site.rollcall("replay", "--yes")).stdout


async def test_letters_are_counted_by_reason_and_camera_and_chosen_by_them(site: Site) -> None:
    one, two, known = new_id(), new_id(), new_id()
    await site.register(known)
    await site.send(frame_of(one), frame_of(one), frame_of(two))
    await site.send(replace(frame_of(known), taken_at=datetime.now(UTC) + timedelta(days=1)))
    await site.work()
    found = await site.listed()
    counted = {(each["reason"], each["camera"]): each["letters"] for each in found["counts"]}
    assert counted == {("unknown_camera", one): 2, ("unknown_camera", two): 1, ("clock", known): 1}
    assert found["counts"][0]["bytes"] == 2 * len(PICTURE)
    assert (await site.listed("--camera", one))["letters"] == 2
    assert (await site.listed("--reason", "clock"))["letters"] == 1
    assert (await site.listed("--since", "1h"))["letters"] == 4
    assert (await site.listed("--since", "2999-01-01T00:00:00Z"))["letters"] == 0
    assert len((await site.listed("--limit", "1"))["newest"]) == 1
    table = (await site.rollcall("list")).stdout
    assert "unknown_camera" in table
    assert one in table


async def test_a_letter_is_shown_with_all_but_its_picture_which_goes_to_a_new_file_of_its_owner(
    site: Site, tmp_path: Path
) -> None:
    camera = new_id()
    await site.send(frame_of(camera), more=(("note", b"\x1b[2Jcleared"), ("dead_reason", b"forged")))
    await site.work()
    (letter,) = (await site.listed())["newest"]
    assert letter["reason"] == "unknown_camera"
    saved = tmp_path / "frame.jpg"
    shown = await site.rollcall("show", *letter["letter"].split(":"), "--save", str(saved))
    assert shown.exit_code == 0
    for text in (camera, "unknown_camera", "no camera with this id", f"{site.connection.topics.frames} ", "ce_id"):
        assert text in shown.stdout
    assert "stand for a picture" not in shown.stdout
    assert "\x1b" not in shown.stdout
    assert saved.read_bytes() == PICTURE
    assert saved.stat().st_mode & 0o077 == 0
    again = await site.rollcall("show", *letter["letter"].split(":"), "--save", str(saved))
    assert again.exit_code == 1
    assert "already a file" in again.stderr


async def test_a_place_without_a_letter_is_told_in_a_sentence(site: Site) -> None:
    for arguments in (("show", "0", "7"), ("show", "9", "0"), ("replay", "0:7", "--yes")):
        result = await site.rollcall(*arguments)
        assert result.exit_code == 1
        assert "there is no dead letter" in result.stderr
    assert "no PARTITION:OFFSET" in (await site.rollcall("replay", "seven")).stderr
    assert "neither an age" in (await site.rollcall("list", "--since", "noon")).stderr


async def test_after_the_camera_was_registered_its_frames_go_back_as_they_were(site: Site) -> None:
    camera, other = new_id(), new_id()
    frames = [frame_of(camera, PICTURE + bytes([number])) for number in range(3)]
    await site.send(*frames, frame_of(other))
    assert not await site.work()
    await site.register(camera)

    dry = await site.rollcall("replay", "--camera", camera, "--dry-run")
    assert "would send 3 frames" in dry.stdout
    assert (await site.rollcall("replay", "--camera", camera, typed="n\n")).exit_code == 1
    assert not await site.work()
    assert "sent 3 frames" in (await site.rollcall("replay", "--camera", camera, typed="y\n")).stdout

    # Long after they could have been taken as new: what counts is when they came first.
    sound = await site.work(later=timedelta(hours=3))
    assert [message.value for message in sound] == [frame.picture for frame in frames]
    for message, frame in zip(sound, frames, strict=True):
        own = to_headers(frame, key_id=GATEWAY_KEY_ID, key=site.key)
        assert list(message.headers[: len(own)]) == own
        assert message.key == camera.encode()
        more = dict(message.headers[len(own) :])
        assert more["rollcall_replays"] == b"1"
        assert not [name for name in more if name.startswith("dead_")]
    found = await site.listed()
    assert [each["replayed"] for each in found["newest"] if each["camera"] == camera] == [True] * 3
    assert {each["camera"]: each["replayed"] for each in found["counts"]} == {camera: 3, other: 0}


async def test_a_letter_that_was_replayed_is_not_replayed_by_a_later_run(site: Site) -> None:
    camera = new_id()
    await site.send(frame_of(camera))
    await site.work()
    await site.register(camera)
    (letter,) = (await site.listed())["newest"]
    assert "sent 1 frame" in (await site.rollcall("replay", letter["letter"], "--yes")).stdout
    assert len(await site.work()) == 1
    for arguments in ((), (letter["letter"],), ("--max-replays", "5"), ("--since", "1h")):
        again = await site.rollcall("replay", *arguments, "--yes")
        assert "nothing to replay" in again.stdout
        assert "an earlier replay sent back already" in again.stdout
    assert not await site.work()


async def test_a_replay_that_fails_again_lies_in_the_dead_letters_with_its_count_and_does_not_loop(site: Site) -> None:
    await site.send(frame_of(new_id()))
    await site.work()
    assert "sent 1 frame" in (await site.rollcall("replay", "--yes")).stdout
    await site.work()
    found = await site.listed()
    assert [(each["replays"], each["replayed"]) for each in found["newest"]] == [(0, True), (1, False)] or [
        (each["replays"], each["replayed"]) for each in found["newest"]
    ] == [(1, False), (0, True)]

    again = await site.rollcall("replay", "--yes")
    assert "nothing to replay" in again.stdout
    assert "refused again after 1 replay; `--max-replays 2`" in again.stdout
    assert not await site.work()

    assert "sent 1 frame" in (await site.rollcall("replay", "--max-replays", "2", "--yes")).stdout
    await site.work()
    assert sorted(each["replays"] for each in (await site.listed())["newest"]) == [0, 1, 2]
    assert "nothing to replay" in (await site.rollcall("replay", "--max-replays", "2", "--yes")).stdout


async def test_what_was_refused_for_its_clock_is_refused_again_until_its_camera_allows_that_age(site: Site) -> None:
    strict, patient = new_id(), new_id()
    await site.register(strict)
    old = datetime.now(UTC) - timedelta(hours=1)
    await site.send(replace(frame_of(strict), taken_at=old), replace(frame_of(patient), taken_at=old))
    await site.work()
    await site.register(patient, allowed_backlog=timedelta(hours=1, minutes=1))
    await site.rollcall("replay", "--yes")
    # The hour is measured from when they came, not from this replay.
    sound = await site.work(later=timedelta(hours=5))
    assert [message.key for message in sound] == [patient.encode()]
    assert (await site.listed("--reason", "clock", "--camera", strict))["letters"] == 2


async def test_a_replay_dated_back_by_anyone_without_the_gateways_key_is_refused(site: Site) -> None:
    camera = new_id()
    await site.register(camera)
    await site.send(frame_of(camera))
    (message,) = await site.work()
    forged = (("rollcall_arrivedat", b"2026-01-01T00:00:00.000Z"), ("rollcall_replaysignature", b"00" * 32))
    await site.send(frame_of(camera), more=forged)
    await site.send(frame_of(camera), more=forged[:1])
    assert not await site.work()
    assert [each["reason"] for each in (await site.listed())["newest"]] == ["bad_replay"] * 2
    assert message.value == PICTURE


async def test_the_limit_takes_the_oldest_and_says_what_it_leaves(site: Site) -> None:
    camera = new_id()
    await site.send(*(frame_of(camera, PICTURE + bytes([number])) for number in range(4)))
    await site.work()
    await site.register(camera)
    first = await site.rollcall("replay", "--limit", "3", "--yes")
    assert "1 frame beyond the limit" in first.stdout
    assert [message.value[-1] for message in await site.work() if message.value] == [0, 1, 2]
    assert "sent 1 frame back" in (await site.rollcall("replay", "--yes")).stdout
    assert [message.value[-1] for message in await site.work() if message.value] == [3]
