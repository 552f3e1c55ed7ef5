"""Frames through the real service into the real Kafka."""

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed

from attendance.store import Store
from ingest import format_time, from_message, parse_time
from tests.ingest.camera import camera
from tests.ingest.conftest import GATEWAY_KEY, Device, Service
from tests.ingest.pictures import astronaut, noise, tiny, vast
from tests.ingest.topic import FramesTopic, murmur2, murmur2_partition


@pytest.mark.parametrize(
    ("data", "signed"),
    [
        (b"21", -973_932_308),
        (b"foobar", -790_332_482),
        (b"a-little-bit-long-string", -985_981_536),
        (b"a-little-bit-longer-string", -1_486_304_829),
        (b"abc", 479_470_107),
    ],
)
def test_our_yardstick_for_partitions_agrees_with_the_java_clients_own_tests(data: bytes, signed: int) -> None:
    assert murmur2(data) == signed % 2**32


@pytest.mark.parametrize(
    ("file_format", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
async def test_a_picture_arrives_as_sent_signed_and_where_its_key_belongs(
    service: Service, device: Device, topic: FramesTopic, file_format: str, content_type: str
) -> None:
    picture, before = astronaut(file_format), datetime.now(UTC) - timedelta(milliseconds=1)
    taken_at = format_time(before - timedelta(seconds=3))
    async with camera(service.url(device.camera.id), device.token) as client:
        reply = await client.ask(picture, id="door-17", taken_at=taken_at)
    partition = murmur2_partition(device.camera.id.encode(), topic.partitions)
    assert reply == {"type": "stored", "id": "door-17", "partition": partition, "offset": reply["offset"]}

    message = await topic.message(partition, reply["offset"])
    assert message.key == device.camera.id.encode()
    assert message.value == picture
    headers = dict(message.headers)
    assert len(headers) == len(message.headers)
    received_at = parse_time(headers.pop("ce_receivedat").decode())
    assert before <= received_at <= datetime.now(UTC)
    assert headers.pop("ce_signature").startswith(b"gateway:")
    assert headers == {
        "ce_specversion": b"1.0",
        "ce_id": b"door-17",
        "ce_source": f"/cameras/{device.camera.id}".encode(),
        "ce_type": b"org.rollcall.frame.v1",
        "ce_time": taken_at.encode(),
        "content-type": content_type.encode(),
    }
    frame = from_message(message.key, message.value, message.headers, find_key=lambda _camera, _key: GATEWAY_KEY)
    assert (frame.id, frame.picture, frame.received_at) == ("door-17", picture, received_at)


async def test_a_picture_without_a_word_gets_an_id_and_the_time_of_its_arrival(
    service: Service, device: Device, topic: FramesTopic
) -> None:
    async with camera(service.url(device.camera.id), device.token) as client:
        reply = await client.ask(astronaut())
    assert UUID(reply["id"]).version == 4
    headers = dict((await topic.message(reply["partition"], reply["offset"])).headers)
    assert headers["ce_id"].decode() == reply["id"]
    assert headers["ce_time"] == headers["ce_receivedat"]


async def test_the_largest_picture_goes_through(service: Service, device: Device, topic: FramesTopic) -> None:
    picture = noise(8_000_000)
    async with camera(service.url(device.camera.id), device.token) as client:
        reply = await client.ask(picture)
    assert (await topic.message(reply["partition"], reply["offset"])).value == picture


async def test_a_picture_sent_in_pieces_is_one_picture(service: Service, device: Device, topic: FramesTopic) -> None:
    picture = astronaut()
    async with camera(service.url(device.camera.id), device.token) as client:
        await client.connection.send([picture[:10], picture[10:5_000], picture[5_000:]])
        reply = await client.reply()
    assert (await topic.message(reply["partition"], reply["offset"])).value == picture


async def test_a_frame_sent_again_carries_the_same_id_so_that_it_is_counted_once(
    service: Service, device: Device, topic: FramesTopic
) -> None:
    said = {"id": "again", "taken_at": format_time(datetime.now(UTC))}
    async with camera(service.url(device.camera.id), device.token) as client:
        first = await client.ask(astronaut(), **said)
    async with camera(service.url(device.camera.id), device.token) as client:
        second = await client.ask(astronaut(), **said)
    assert (second["id"], second["partition"]) == (first["id"], first["partition"])
    assert second["offset"] > first["offset"]
    headers = [dict(message.headers) for message in await topic.of_camera(device.camera.id)]
    assert [(each["ce_id"], each["ce_signature"]) for each in headers] == [
        (b"again", headers[0]["ce_signature"]),
        (b"again", headers[0]["ce_signature"]),
    ]


async def test_frames_and_replies_keep_their_order_though_nobody_waits(
    service: Service, device: Device, topic: FramesTopic
) -> None:
    sent = [f"frame-{number}" for number in range(300)]
    async with camera(service.url(device.camera.id), device.token) as client:

        async def send() -> None:
            for number, frame_id in enumerate(sent):
                await client.send(noise(3_000 + 200 * (number % 400)) if number % 7 else b"text", id=frame_id)

        async def replies_of(count: int) -> list[dict[str, Any]]:
            return [await client.reply() for _ in range(count)]

        _, replies = await asyncio.gather(send(), replies_of(len(sent)))
    assert [reply["id"] for reply in replies] == sent
    stored = [reply for reply in replies if reply["type"] == "stored"]
    assert len(stored) == len(sent) - len(sent[::7])
    assert [reply["offset"] for reply in stored] == sorted(reply["offset"] for reply in stored)
    written = [dict(message.headers)["ce_id"].decode() for message in await topic.of_camera(device.camera.id)]
    assert written == [reply["id"] for reply in stored]


def in_next_year() -> str:
    return format_time(datetime.now(UTC) + timedelta(days=365))


def an_hour_ago() -> str:
    return format_time(datetime.now(UTC) - timedelta(hours=1))


@pytest.mark.parametrize(
    ("picture", "said", "code"),
    [
        pytest.param(lambda: b"hello, this is a text", dict, "not_a_picture", id="a text as bytes"),
        pytest.param(lambda: b"", dict, "not_a_picture", id="nothing"),
        pytest.param(lambda: b"GIF89a" + bytes(100), dict, "unsupported_picture", id="a GIF"),
        pytest.param(lambda: astronaut()[:5_000], dict, "truncated_picture", id="a truncated JPEG"),
        pytest.param(lambda: astronaut("PNG")[:5_000], dict, "truncated_picture", id="a truncated PNG"),
        pytest.param(lambda: b"\xff\xd8\xff\xe0\x00\x00" + bytes(50), dict, "damaged_picture", id="a damaged JPEG"),
        pytest.param(tiny, dict, "picture_too_small", id="one pixel"),
        pytest.param(vast, dict, "picture_too_large", id="30,000 x 30,000 in its header"),
        pytest.param(lambda: noise(8_000_001), dict, "message_too_large", id="a byte too many"),
        pytest.param(lambda: noise(11_999_000), dict, "message_too_large", id="half as much again"),
        pytest.param(astronaut, lambda: {"id": "a b"}, "bad_id", id="an id with a space"),
        pytest.param(astronaut, lambda: {"taken_at": "noon"}, "bad_time", id="a time that is none"),
        pytest.param(astronaut, lambda: {"when": "now"}, "bad_metadata", id="an unknown field"),
        pytest.param(astronaut, lambda: {"taken_at": in_next_year()}, "clock", id="a time in next year"),
        pytest.param(astronaut, lambda: {"taken_at": an_hour_ago()}, "clock", id="older than the backlog"),
    ],
)
async def test_a_bad_frame_gets_its_own_code_and_the_connection_goes_on(
    service: Service,
    device: Device,
    topic: FramesTopic,
    picture: Callable[[], bytes],
    said: Callable[[], dict[str, str]],
    code: str,
) -> None:
    words = {"id": "bad"} | said()
    async with camera(service.url(device.camera.id), device.token) as client:
        refused = await client.ask(picture(), **words)
        assert (await client.ask(astronaut(), id="good"))["type"] == "stored"
    assert (refused["type"], refused["code"]) == ("error", code)
    assert refused.get("id") == (None if words["id"] == "a b" else "bad")
    assert len(refused["message"]) > 20
    assert [dict(message.headers)["ce_id"] for message in await topic.of_camera(device.camera.id)] == [b"good"]


async def test_a_text_where_a_picture_belongs_is_answered_at_once(service: Service, device: Device) -> None:
    async with camera(service.url(device.camera.id), device.token) as client:
        await client.connection.send("/9j/4AAQSkZJRgABAQ==")
        assert (await client.reply())["code"] == "not_a_picture"
        assert (await client.ask(astronaut()))["type"] == "stored"


async def test_a_cameras_own_backlog_is_believed_as_far_as_it_is_allowed(
    service: Service, register: Callable[..., "asyncio.Future[Device]"]
) -> None:
    device = await register(allowed_backlog=timedelta(hours=2))
    async with camera(service.url(device.camera.id), device.token) as client:
        assert (await client.ask(astronaut(), taken_at=an_hour_ago()))["type"] == "stored"


async def test_a_message_far_too_large_is_answered_before_the_connection_ends(service: Service, device: Device) -> None:
    async with camera(service.url(device.camera.id), device.token) as client:
        sending = asyncio.create_task(client.connection.send(bytes(40_000_000)))
        reply = await client.reply()
        assert (reply["type"], reply["code"]) == ("error", "message_too_large")
        assert await client.close_code() == 1009
        await asyncio.wait([sending])
        assert isinstance(sending.exception(), ConnectionClosed | None)
    async with camera(service.url(device.camera.id), device.token) as client:
        assert (await client.ask(astronaut()))["type"] == "stored"


async def test_even_a_camera_that_reads_only_after_it_has_sent_all_learns_why(service: Service, device: Device) -> None:
    size = 60_000_000
    hello = (
        f"GET /ws?camera={device.camera.id} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Authorization: Bearer {device.token}\r\n\r\n"
    )

    def converse() -> bytes:
        with socket.create_connection(("127.0.0.1", service.port), timeout=30) as plain:
            plain.sendall(hello.encode())
            while not plain.recv(4_096).endswith(b"\r\n\r\n"):
                pass
            plain.sendall(b"\x82\xff" + size.to_bytes(8) + bytes(4))  # a binary message, masked with zeros
            for _ in range(60):
                plain.sendall(bytes(size // 60))
            return plain.recv(4_096)

    answer = await asyncio.to_thread(converse)
    assert b'"code":"message_too_large"' in answer
    assert b"\x88" in answer[-130:]  # a close frame
    assert (1009).to_bytes(2) in answer[-130:]


async def test_a_camera_that_goes_in_the_middle_leaves_what_was_confirmed_and_nothing_else_behind(
    service: Service, device: Device, topic: FramesTopic, store: Store
) -> None:
    async with camera(service.url(device.camera.id), device.token) as client:
        assert (await client.ask(astronaut(), id="whole"))["type"] == "stored"
        transport = client.connection.transport
        transport.write(b"\x82\xfe\x27\x10\x00\x00\x00\x00" + astronaut()[:4_000])  # 10,000 bytes are announced
        transport.abort()
    async with camera(service.url(device.camera.id), device.token) as client:
        assert (await client.ask(astronaut(), id="after"))["type"] == "stored"
    ids = [dict(message.headers)["ce_id"] for message in await topic.of_camera(device.camera.id)]
    assert ids == [b"whole", b"after"]
