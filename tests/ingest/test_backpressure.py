"""A slow Kafka slows the cameras down; it never fills memory, and nothing is lost by it."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed

from attendance.settings import ConnectionSettings
from tests.ingest.camera import CameraClient, camera
from tests.ingest.conftest import Device
from tests.ingest.pictures import noise
from tests.ingest.running import Running, running, until

PICTURE = noise(100_000)


async def send_until_stuck(
    service: Running, client: CameraClient, count: int, under_way: int
) -> "tuple[asyncio.Task[None], list[int]]":
    """Begin to send so many pictures; give the task and the list that grows with each one that left the client."""
    left: list[int] = []

    async def send() -> None:
        for number in range(count):
            await client.send(PICTURE, id=f"frame-{number}")
            left.append(number)

    task = asyncio.create_task(send())
    await until(lambda: len(service.kafka.held) >= under_way)
    seen = -1
    while seen != len(left):  # nothing leaves the camera any more; were this too early, it would only test less
        seen = len(left)
        await asyncio.sleep(0.25)
    return task, left


@pytest.mark.parametrize(
    ("bounds", "most"),
    [
        pytest.param({"connection_frames": 5}, 5, id="frames of a connection"),
        pytest.param({"connection_bytes": 450_000}, 4, id="bytes of a connection"),
        pytest.param({"in_flight_frames": 3}, 3, id="frames of all"),
        pytest.param({"in_flight_bytes": 250_000}, 2, id="bytes of all"),
    ],
)
async def test_at_the_bound_the_socket_is_not_read_and_it_goes_on_when_kafka_does(
    places: ConnectionSettings, device: Device, bounds: dict[str, float], most: int
) -> None:
    count = 200
    async with running(places, **bounds) as service, camera(service.url(device), device.token) as client:
        sending, left = await send_until_stuck(service, client, count, most)
        assert not sending.done()
        assert len(service.kafka.held) == most
        assert (service.in_flight.frames, service.in_flight.bytes) == (most, most * len(PICTURE))
        # What left the client and isn't under way lies in the system's socket buffers: a few MB, not 20.
        assert len(left) < count // 2
        service.kafka.release()
        replies = [await client.reply() for _ in range(count)]
        await sending
        assert [reply["id"] for reply in replies] == [f"frame-{number}" for number in range(count)]
        assert {reply["type"] for reply in replies} == {"stored"}
        assert len(service.kafka.confirmed) == count
        assert (service.in_flight.frames, service.in_flight.bytes) == (0, 0)


async def test_no_picture_is_read_ahead_of_the_one_that_waits_for_its_place(
    places: ConnectionSettings, device: Device
) -> None:
    large = noise(3_000_000)
    async with (
        running(places, connection_frames=1, largest_picture=4_000_000) as service,
        camera(service.url(device), device.token) as client,
    ):
        sending = asyncio.create_task(send_all(client, [large] * 4))
        await until(lambda: bool(service.kafka.held))
        (connection,) = service.server_connections
        await until(lambda: connection.read_paused)
        ahead = [len(message.get("bytes") or b"") for message in connection.queue._queue]  # type: ignore[attr-defined]
        assert len(large) not in ahead
        service.kafka.release()
        assert [(await client.reply())["type"] for _ in range(4)] == ["stored"] * 4
        await sending


async def send_all(client: CameraClient, pictures: list[bytes]) -> None:
    for picture in pictures:
        await client.send(picture)


async def test_a_camera_that_does_not_read_its_replies_holds_up_only_itself(
    places: ConnectionSettings, register: "Callable[..., asyncio.Future[Device]]"
) -> None:
    rude, polite = await register(), await register()
    async with (
        running(places, connection_frames=4, in_flight_frames=4) as service,
        camera(service.url(rude), rude.token) as silent,
        camera(service.url(polite), polite.token) as other,
    ):
        service.kafka.release()
        with_small_buffers(service, silent)
        silent.connection.transport.pause_reading()
        flood = asyncio.create_task(send_for_ever(silent, noise(3_000)))
        await until(lambda: any(not connection.writable.is_set() for connection in service.server_connections))
        for _ in range(20):
            assert (await other.ask(PICTURE))["type"] == "stored"
        # The rude camera's frames are confirmed, so they hold no place of all; one that the system's buffers still had
        # room for may just be on its way.
        await until(lambda: service.in_flight.frames == 0)
        flood.cancel()
        silent.connection.transport.abort()


def with_small_buffers(service: Running, client: CameraClient) -> None:
    """Let the replies of a camera that doesn't read pile up soon, not after a few megabytes."""
    client.connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    for connection in service.server_connections:
        connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        # Between buffers so small the system at times moves nothing any more before asyncio's own 64 KB are full.
        connection.transport.set_write_buffer_limits(high=4_096)


async def send_for_ever(client: CameraClient, picture: bytes) -> None:
    while True:
        await client.send(picture)


async def test_a_frame_that_kafka_does_not_confirm_in_time_is_to_be_sent_again_with_its_id(
    places: ConnectionSettings, device: Device
) -> None:
    async with (
        running(places, confirm_within_s=0.3, in_flight_frames=1) as service,
        camera(service.url(device), device.token) as client,
    ):
        await client.send(PICTURE, id="first")
        await client.send(PICTURE)
        replies = [await client.reply(), await client.reply()]
        assert [reply["code"] for reply in replies] == ["kafka_unavailable"] * 2
        assert "again" in replies[0]["message"]
        assert replies[0]["id"] == "first"
        assert replies[1]["id"], "the camera gave none, so it needs the one that was made"
        # The first is still in the producer's hands, so its place isn't free.
        assert service.in_flight.frames == len(service.kafka.held) == 1
        service.kafka.release()
        await until(lambda: service.in_flight.frames == 0)
        assert (await client.ask(PICTURE, id="first"))["type"] == "stored"


async def test_an_unread_socket_does_not_count_as_a_dead_camera(places: ConnectionSettings, device: Device) -> None:
    async with (
        running(places, connection_frames=1, ping_every_s=0.5, ping_timeout_s=2) as service,
        camera(service.url(device), device.token) as client,
    ):
        sending, _ = await send_until_stuck(service, client, 60, 1)
        await asyncio.sleep(4)  # more than one ping whose answer can't be read in time
        service.kafka.release()
        assert {(await client.reply())["type"] for _ in range(60)} == {"stored"}
        await sending


async def test_a_camera_that_gives_no_sign_of_life_is_cut_off(places: ConnectionSettings, device: Device) -> None:
    async with (
        running(places, ping_every_s=0.1, ping_timeout_s=0.1) as service,
        camera(service.url(device), device.token, ping_interval=None) as client,
    ):
        client.connection.transport.pause_reading()
        await until(lambda: not service.server.server_state.connections)
        client.connection.transport.resume_reading()
        with pytest.raises(ConnectionClosed):
            await client.reply()


async def test_a_stop_answers_what_is_under_way_and_closes_with_service_restart(
    places: ConnectionSettings, device: Device
) -> None:
    async with (
        running(places, connection_frames=3) as service,
        camera(service.url(device), device.token) as client,
    ):
        sending, _ = await send_until_stuck(service, client, 100, 3)
        service.server.should_exit = True
        await until(lambda: service.connections.is_stopping)
        service.kafka.release()
        replies = [await client.reply() for _ in range(3)]
        assert [(reply["id"], reply["type"]) for reply in replies] == [(f"frame-{n}", "stored") for n in range(3)]
        assert await client.close_code() == 1012
        await asyncio.wait([sending])
        assert isinstance(sending.exception(), ConnectionClosed)
        assert len(service.kafka.confirmed) == 3


async def test_a_stop_does_not_wait_for_kafka_for_ever(places: ConnectionSettings, device: Device) -> None:
    async with running(places, drain_within_s=0.3) as service:
        async with camera(service.url(device), device.token) as client:
            await client.send(PICTURE)
            await until(lambda: bool(service.kafka.held))
            service.server.should_exit = True
            assert await client.close_code() in {1006, 1012}
        assert service.kafka.confirmed == []
