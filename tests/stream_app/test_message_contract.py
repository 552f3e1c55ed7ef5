"""The messages of `frames` and `frames.dead` as another version left them: pinned in `docs/examples/frames/`.

Two versions of a worker read the same topics during an upgrade. A change that breaks one of these files loses frames.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord

from ingest.contract import GATEWAY_KEY_ID, Frame, from_message, to_headers
from stream_app.dead_letters import dead_headers
from stream_app.dead_topic import Receipt, letter_of, receipt_of
from stream_app.messages import Message, Refused
from stream_app.replayed import count_replays, first_arrival, replay_headers

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "frames"
KEY = bytes(range(32))
CAMERA = "3c2e4d74-9e2a-4b2a-8c85-2b7c7d3b9c03"
PICTURE = b"bytes that stand for a picture"
TAKEN = datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC)
ARRIVED = datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC)
FRAME = Frame("door-000017", CAMERA, TAKEN, "image/jpeg", PICTURE, ARRIVED)

Headers = list[tuple[str, bytes]]


def pinned(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EXAMPLES / name).read_text())
    return loaded


def headers_of(name: str) -> Headers:
    return [(header, text.encode()) for header, text in pinned(name)["headers"].items()]


def record_of(name: str, *more: tuple[str, bytes]) -> ConsumerRecord:
    file = pinned(name)
    key, value = file["key"].encode(), file["value"].encode()
    headers = (*headers_of(name), *more)
    at = round(ARRIVED.timestamp() * 1000) + 500
    return ConsumerRecord("frames.dead", 0, 7, at, 1, key, value, None, len(key), len(value), headers)


def frame_headers() -> Headers:
    return to_headers(FRAME, key_id=GATEWAY_KEY_ID, key=KEY)


def of_replay() -> Headers:
    more = replay_headers(
        key=CAMERA.encode(), body=PICTURE, arrived_at=ARRIVED, replays=1, letter="0:7", gateway_key=KEY
    )
    return [*frame_headers(), *more]


def of_letter() -> Headers:
    message = Message("frames", 3, 1042, CAMERA.encode(), PICTURE, frame_headers(), ARRIVED)
    refused = Refused("unknown_camera", "no camera with this id is registered")
    return [*frame_headers(), *dead_headers(message, refused)]


WRITTEN = {"frame.v1.json": frame_headers, "frame.v1.replayed.json": of_replay, "dead.v1.json": of_letter}


@pytest.mark.parametrize("name", WRITTEN)
def test_headers_are_written_as_the_contract_pins_them(name: str) -> None:
    assert dict(WRITTEN[name]()) == dict(headers_of(name))


@pytest.mark.parametrize("name", ["frame.v1.json", "frame.v1.replayed.json"])
@pytest.mark.parametrize("more", [(), (("traceparent", b"00-1-2-01"), ("later", b"\xff"))])
def test_a_pinned_frame_is_read_whole_and_headers_of_a_later_release_are_passed_over(
    name: str, more: tuple[tuple[str, bytes], ...]
) -> None:
    file = pinned(name)
    headers = [*more, *reversed(headers_of(name))]
    frame = from_message(file["key"].encode(), file["value"].encode(), headers, find_key=lambda *_: KEY)
    assert frame == FRAME


def test_a_pinned_replay_keeps_its_count_and_its_first_arrival() -> None:
    headers = headers_of("frame.v1.replayed.json")
    assert count_replays(headers) == 1
    assert first_arrival(CAMERA.encode(), PICTURE, headers, KEY) == ARRIVED
    assert first_arrival(CAMERA.encode(), PICTURE, headers_of("frame.v1.json"), KEY) is None


def test_a_pinned_letter_is_read_whole() -> None:
    letter = letter_of(record_of("dead.v1.json", ("later", b"\xff")))
    assert (letter.camera, letter.reason, letter.error) == (
        CAMERA,
        "unknown_camera",
        "no camera with this id is registered",
    )
    assert (letter.topic, letter.source, letter.tries, letter.replays) == ("frames", (3, 1042), 1, 0)
    assert letter.arrived_at == ARRIVED
    assert letter.size == len(PICTURE)
    assert receipt_of(record_of("dead.v1.json")) is None


def test_a_letter_of_the_release_before_that_had_no_time_of_arrival_counts_from_its_refusal() -> None:
    record = record_of("dead.v1.json")
    record.headers = tuple(header for header in record.headers if header[0] != "dead_arrivedat")
    letter = letter_of(record)
    assert letter.arrived_at == letter.at


def test_a_pinned_receipt_names_its_letter() -> None:
    assert receipt_of(record_of("dead.v1.receipt.json")) == Receipt((0, 7), CAMERA, "unknown_camera")


def test_a_letter_that_poses_as_a_receipt_stays_a_letter() -> None:
    forged = record_of("dead.v1.json", ("dead_receipt", b"unknown_camera"), ("dead_receiptof", b"0:1"))
    assert receipt_of(forged) is None
