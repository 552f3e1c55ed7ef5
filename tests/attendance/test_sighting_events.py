"""The event of the topic `sightings` as others parse it: pinned in `docs/examples/events/`, by names and values."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from attendance.sighting_events import (
    SightingBox,
    SightingData,
    SightingEvent,
    SightingQuality,
    Stage,
    sighting_event,
)

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "events"
NAMES = ("sighting.v1.decided.json", "sighting.v1.ended.unknown.json")
SEEN = datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC)


def built(name: str) -> SightingEvent:
    is_decided = "decided" in name
    data = SightingData(
        track_id="0d9c1f0e-3a0b-5f6d-8b6e-0a6d1d1c2b3a",
        stage=Stage.DECIDED if is_decided else Stage.ENDED,
        camera_id="3c2e4d74-9e2a-4b2a-8c85-2b7c7d3b9c03",
        room_id="4d3f5e85-af3b-4c3b-9d96-3c8d8e4cad04",
        meeting_ids=("1f0c2a52-7c0e-4f0e-8a63-0f5a5b1f7a01",) if is_decided else (),
        student_id="2b1d3c63-8d1f-4a1f-9b74-1a6b6c2a8b02" if is_decided else None,
        score=0.125 if is_decided else None,
        box=SightingBox(left=812, top=240.5, right=874, bottom=318),
        quality=SightingQuality(width=62, sharpness=0.4, turned=0.1, brightness=120, contrast=44)
        if is_decided
        else None,
        frames=7,
        first_seen=SEEN,
        last_seen=NOW,
    )
    return sighting_event(data, now=NOW)


def pinned(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EXAMPLES / name).read_text())
    return loaded


@pytest.mark.parametrize("name", NAMES)
def test_a_sighting_is_written_as_the_contract_pins_it(name: str) -> None:
    assert json.loads(built(name).frozen()) == pinned(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_pinned_sighting_is_read_whole_and_fields_of_a_later_release_are_passed_over(name: str) -> None:
    newer = dict(reversed(pinned(name).items()))
    newer["traceparent"] = "00-1-2-01"
    newer["data"] = {**newer["data"], "zone": "door", "box": {**newer["data"]["box"], "turned_by": 3}}
    assert SightingEvent.model_validate_json(json.dumps(newer)) == built(name)


def test_the_two_tellings_of_a_track_have_two_ids_and_each_has_the_same_whenever_it_is_sent() -> None:
    decided = built(NAMES[0])
    later = sighting_event(decided.data, now=datetime(2026, 3, 2, 9, 5, tzinfo=UTC))
    ended = sighting_event(decided.data.model_copy(update={"stage": Stage.ENDED}), now=NOW)
    assert decided.id == later.id
    assert decided.id != ended.id


@pytest.mark.parametrize("name", NAMES)
def test_no_field_could_hold_a_template_a_picture_or_a_name(name: str) -> None:
    fields = {*pinned(name), *pinned(name)["data"]}
    forbidden = ("name", "email", "sourced", "picture", "template", "embedding", "chip")
    assert not [field for field in fields if any(word in field for word in forbidden)]
