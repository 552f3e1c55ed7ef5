"""Documents as the contract pins them: read, opened, without what differs each time, with what nobody knows."""

from datetime import UTC
from typing import Any

from bson import json_util

from attendance.sealing.templates import open_template
from tests.attendance.building import STUDENT

LATER = {"from_a_later_version": {"more": [1, 2]}}
PINNED_KEY = bytes(range(32))


def opened(document: dict[str, Any]) -> dict[str, Any]:
    """Put what was sealed in the place of its seal, which differs each time."""
    templates = [
        part | {"sealed": open_template(PINNED_KEY, STUDENT, part["encoder"], part["sealed"]).to_bytes()}
        for part in document.get("templates", [])
    ]
    return document | ({"templates": templates} if templates else {})


def timeless(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out when it was written, which differs each time."""
    kept = {field: value for field, value in document.items() if field not in ("updated_at", "denied_at")}
    if "consent" in kept:
        kept["consent"] = {**kept["consent"], "recorded_at": None}
        kept["history"] = [{**each, "at": None} for each in kept.get("history", [])]
    return kept


def loaded(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json_util.loads(text, json_options=json_util.JSONOptions(tz_aware=True, tzinfo=UTC))
    return document


def with_more(document: dict[str, Any]) -> dict[str, Any]:
    """Add a field that nobody knows to the document and to what is in it, but for maps by id."""

    def more(value: Any, name: str = "") -> Any:
        if isinstance(value, list):
            return [more(each) for each in value]
        if not isinstance(value, dict):
            return value
        inner = {key: more(each, key) for key, each in value.items()}
        return inner if name == "chances" else inner | LATER

    grown: dict[str, Any] = more(document)
    return grown | {"chances": document["chances"]} if "chances" in document else grown
