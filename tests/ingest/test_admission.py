"""Who may connect, and what a refused camera learns."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from attendance.ids import new_id
from attendance.rights import Role, make_token
from attendance.store import Store
from tests.ingest.camera import camera
from tests.ingest.conftest import Device, Service
from tests.ingest.pictures import astronaut

Register = Callable[..., "asyncio.Future[Device]"]


async def refusal(url: str, token: str | None = None, **options: Any) -> tuple[str, str, int, str]:
    """Connect and give the code and the sentence that come, the close code and its reason."""
    async with camera(url, token, **options) as client:
        reply = await client.reply()
        assert reply["type"] == "error"
        with pytest.raises(ConnectionClosed) as closed:
            await client.connection.recv()
    assert closed.value.rcvd is not None
    return reply["code"], reply["message"], closed.value.rcvd.code, closed.value.rcvd.reason


async def test_a_token_in_a_subprotocol_is_as_good_and_the_answer_does_not_repeat_it(
    service: Service, device: Device
) -> None:
    offered = [Subprotocol("rollcall.v1"), Subprotocol(f"rollcall.token.{device.token}")]
    async with camera(service.url(device.camera.id), subprotocols=offered) as client:
        assert client.connection.subprotocol == "rollcall.v1"
        assert (await client.ask(astronaut()))["type"] == "stored"


async def test_without_an_offer_no_subprotocol_is_chosen(service: Service, device: Device) -> None:
    async with camera(service.url(device.camera.id), device.token) as client:
        assert client.connection.subprotocol is None


async def test_no_token_is_unauthorized(service: Service, device: Device) -> None:
    code, sentence, close, reason = await refusal(service.url(device.camera.id))
    assert (code, close, reason) == ("unauthorized", 4401, "unauthorized")
    assert "Authorization: Bearer" in sentence


async def test_without_a_valid_token_nobody_learns_which_cameras_exist(service: Service, device: Device) -> None:
    secret_is_wrong = device.token[:-4] + ("AAAA" if device.token[-4:] != "AAAA" else "BBBB")
    for token in (secret_is_wrong, make_token().text, "nonsense"):
        answers = {await refusal(service.url(camera_id), token) for camera_id in (device.camera.id, new_id())}
        assert {(code, close) for code, _, close, _ in answers} == {("unauthorized", 4401)}
        assert len(answers) == 1


async def test_an_unknown_camera_is_unknown_to_a_device(service: Service, device: Device) -> None:
    code, _, close, _ = await refusal(service.url(new_id()), device.token)
    assert (code, close) == ("unknown_camera", 4404)


async def test_a_token_does_not_open_another_camera(service: Service, device: Device, register: Register) -> None:
    another = await register()
    code, _, close, _ = await refusal(service.url(another.camera.id), device.token)
    assert (code, close) == ("forbidden", 4403)


async def test_an_administrators_token_is_no_cameras(service: Service, device: Device, store: Store) -> None:
    token = await store.tokens.create(Role.ADMINISTRATOR, now=datetime.now(UTC), subjects=frozenset({device.camera.id}))
    code, _, close, _ = await refusal(service.url(device.camera.id), token.text)
    assert (code, close) == ("forbidden", 4403)


async def test_an_expired_token_is_unauthorized(service: Service, device: Device, store: Store) -> None:
    now = datetime.now(UTC)
    token = await store.tokens.create(
        Role.DEVICE,
        now=now - timedelta(days=2),
        subjects=frozenset({device.camera.id}),
        expires_at=now - timedelta(days=1),
    )
    assert (await refusal(service.url(device.camera.id), token.text))[0] == "unauthorized"


@pytest.mark.parametrize("camera_part", ["", "?camera=", "?camera=a&camera=b", "?kamera=a"])
async def test_a_connection_says_once_which_camera_it_is(service: Service, device: Device, camera_part: str) -> None:
    url = f"ws://127.0.0.1:{service.port}/ws{camera_part}"
    code, _, close, _ = await refusal(url, device.token)
    assert (code, close) == ("missing_camera", 4400)


@pytest.mark.parametrize("parameter", ["token={}", "access_token={}", "Authorization=Bearer%20{}", "x={}", "{}=1"])
async def test_a_token_in_the_url_is_refused_with_what_to_do_and_does_not_reach_the_log(
    service: Service, device: Device, parameter: str
) -> None:
    url = service.url(device.camera.id) + "&" + parameter.format(device.token)
    code, sentence, close, _ = await refusal(url, device.token)
    assert (code, close) == ("token_in_url", 4401)
    assert "revoke" in sentence
    log = service.log.read_text()
    assert device.secret not in log
    assert "/ws?..." in log


async def test_the_log_tells_each_frames_id_camera_and_outcome_in_json_and_no_token(
    service: Service, device: Device
) -> None:
    async with camera(service.url(device.camera.id), device.token) as client:
        await client.ask(astronaut(), id="logged-1")
        await client.ask(b"text", id="logged-2")
    lines = [json.loads(line) for line in service.log.read_text().splitlines()]
    frames = [line for line in lines if line.get("camera") == device.camera.id and line["event"] == "frame"]
    assert [(line["id"], line["outcome"], line.get("code")) for line in frames] == [
        ("logged-1", "stored", None),
        ("logged-2", "refused", "not_a_picture"),
    ]
    assert {line["service"] for line in lines} == {"ingest"}
    assert device.secret not in service.log.read_text()


async def test_a_revoked_token_ends_its_open_connection(service: Service, device: Device, store: Store) -> None:
    async with camera(service.url(device.camera.id), device.token) as client:
        assert (await client.ask(astronaut()))["type"] == "stored"
        await store.tokens.revoke(device.token_id, datetime.now(UTC))
        async with asyncio.timeout(10):  # the promise itself, not a guess
            assert (await client.reply())["code"] == "unauthorized"
            assert await client.close_code() == 4401
    assert (await refusal(service.url(device.camera.id), device.token))[0] == "unauthorized"


async def test_more_cameras_than_may_connect_are_sent_away_until_one_goes(
    start_service: Callable[..., Service], device: Device
) -> None:
    small = start_service(ROLLCALL_CONNECTIONS="1")
    async with camera(small.url(device.camera.id), device.token):
        code, _, close, _ = await refusal(small.url(device.camera.id), device.token)
        assert (code, close) == ("too_many_connections", 1013)
    while "there is no room":  # the service may hear of the first one's end a little later
        async with camera(small.url(device.camera.id), device.token) as client:
            if (await client.ask(astronaut())).get("code") != "too_many_connections":
                return
