"""`docs/consume-events.md` names every event and every field of a sighting."""

import json
from pathlib import Path

from tests.attendance.test_events import EXAMPLES, pinned

PAGE = (Path(__file__).parents[2] / "docs" / "consume-events.md").read_text(encoding="utf-8")


def test_every_type_of_event_that_is_pinned_is_on_the_page() -> None:
    types = {json.loads(path.read_text())["type"] for path in EXAMPLES.glob("*.json")}
    assert types
    assert not [each for each in types if each not in PAGE]


def test_every_field_of_a_sighting_is_on_the_page() -> None:
    fields = pinned("sighting.v1.decided.json")["data"]
    assert not [field for field in fields if f"`{field}`" not in PAGE]
