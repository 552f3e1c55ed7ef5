"""The JSON Schema of each version of an event, from the model by which the code writes and reads it."""

from typing import Any

from pydantic import BaseModel

from attendance.events import AttendanceChanged, MeetingClosed, StudentErased
from attendance.sighting_events import SightingEvent

Schema = dict[str, Any]

EVENTS: tuple[type[BaseModel], ...] = (AttendanceChanged, MeetingClosed, StudentErased, SightingEvent)
"""The newest model of each version of each event."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
# They have a default only so that our own code needn't repeat them.
_ALWAYS_THERE = ("specversion", "id", "type", "source", "subject", "time", "datacontenttype", "data")


def type_of(model: type[BaseModel]) -> str:
    """Give the `type` of a model's events, with its version."""
    return str(model.model_fields["type"].default)


def schema_of(model: type[BaseModel]) -> Schema:
    """Describe a version's events as they are written: those of earlier releases fit it too.

    A field that a later release added has a default, so it isn't required.
    """
    return {
        "$schema": _DIALECT,
        "$id": f"urn:rollcall:{type_of(model)}",
        **complete(model.model_json_schema(mode="serialization")),
    }


def complete(schema: Schema) -> Schema:
    """Require what stands in every event of CloudEvents that we write."""
    always = {*_ALWAYS_THERE, *schema.get("required", ())}
    return {**schema, "required": [name for name in schema["properties"] if name in always]}
