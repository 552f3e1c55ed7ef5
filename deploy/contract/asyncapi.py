"""The AsyncAPI 3 document: every topic with its settings, every message on it, and the WebSocket of ingest."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from attendance.topics import Topics
from deploy.contract.messages import DEAD, FRAME, KAFKA_BINDING, RECEIPT, keyed
from deploy.contract.schemas import EVENTS, Schema, complete, type_of
from deploy.topics import TopicPlan, TopicSettings, plan_topics
from ingest.codes import CLOSES, Code, Refused
from ingest.contract import ID
from ingest.messages import ErrorReply, MetadataText, Stored, StoredReply, reply

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

_DESCRIPTION = """\
What Rollcall takes and tells over Kafka and over the WebSocket of ingest. An action is Rollcall's own: what it \
receives, others send. Topics are named without the prefix that an installation may have, and described with the \
settings that `rollcall topics` gives them unless told otherwise.

Ignore fields, headers and types that you don't know: within a version only optional fields are added, and a new value \
of an enum is a new version. Delivery is at least once; an event told again has the same id and the same bytes.
"""
_WS_BINDING = "0.1.0"
_STRUCTURED = "application/cloudevents+json"
_WEBSOCKET_MODELS = (MetadataText, StoredReply, ErrorReply)

# Channel by channel: the topic's name in `Topics`, what it is for, and its messages.
_TOPICS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("frames", "Pictures on their way to recognition.", ("frame",)),
    ("frames_dead", "Refused frames, with the reason.", ("dead", "receipt")),
    (
        "attendance_events",
        "The events that other systems build on. In order for one student, in order of revision for each record.",
        ("AttendanceChanged", "MeetingClosed", "StudentErased"),
    ),
    (
        "sightings",
        "What became of each track of a face before a camera. Nothing is sent here unless it is switched on.",
        ("SightingEvent",),
    ),
    ("cameras", "What became of a camera.", ()),
)
_RECEIVED = ("frames",)


def document() -> Schema:
    """Give the document."""
    plans = {plan.name: plan for plan in plan_topics(Topics(), TopicSettings.model_construct())}
    channels = {
        _camel(field): _topic(plans[getattr(Topics(), field)], summary, messages)
        for field, summary, messages in _TOPICS
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rollcall",
            "version": "1.0",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {"host": "127.0.0.1:9092", "protocol": "kafka", "description": "the local stack's"},
            "ingest": {"host": "127.0.0.1:8001", "protocol": "ws", "description": "the local stack's"},
        },
        "channels": {**channels, "websocket": _websocket()},
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _topic(plan: TopicPlan, summary: str, messages: tuple[str, ...]) -> Schema:
    config = {name: int(text) if text.isdigit() else text for name, text in plan.config.items()}
    return {
        "address": plan.name,
        "summary": summary,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "topic": plan.name,
                "partitions": plan.partitions,
                "replicas": plan.replication_factor,
                "topicConfiguration": {**config, "cleanup.policy": [plan.config["cleanup.policy"]]},
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _websocket() -> Schema:
    bearer = {"type": "string", "pattern": "^Bearer ", "description": "the camera's token"}
    offered = {"type": "string", "description": "or the token as `rollcall.token.TOKEN`, offered beside `rollcall.v1`"}
    return {
        "address": "/ws",
        "summary": "A camera's connection: for each picture at most one text before it, and exactly one reply.",
        "description": "Ends with a close code: "
        + ", ".join(f"{close.value} ({code.value})" for code, close in CLOSES.items()),
        "servers": [{"$ref": "#/servers/ingest"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in ("metadata", "picture", *_REPLIES)},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {
                    "type": "object",
                    "required": ["camera"],
                    "properties": {"camera": {"type": "string", "pattern": f"^{ID.pattern}$"}},
                },
                "headers": {
                    "type": "object",
                    "properties": {"Authorization": bearer, "Sec-WebSocket-Protocol": offered},
                },
                "bindingVersion": _WS_BINDING,
            }
        },
    }


_REPLIES = ("stored", "error")


def _operations() -> Schema:
    operations: Schema = {}
    for field, _, messages in _TOPICS:
        is_received = field in _RECEIVED
        name = f"{'receive' if is_received else 'send'}{_camel(field)[0].upper()}{_camel(field)[1:]}"
        if messages:
            operations[name] = _operation("receive" if is_received else "send", _camel(field), messages)
    operations["takePicture"] = {
        **_operation("receive", "websocket", ("metadata", "picture")),
        "reply": {"channel": {"$ref": "#/channels/websocket"}, "messages": _on("websocket", _REPLIES)},
    }
    return operations


def _operation(action: str, channel: str, messages: tuple[str, ...]) -> Schema:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "messages": _on(channel, messages)}


def _on(channel: str, messages: tuple[str, ...]) -> list[Schema]:
    return [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages]


def _messages() -> Schema:
    found = {
        "frame": {**FRAME, "examples": _examples("frames/frame.v1*.json")},
        "dead": {**DEAD, "examples": _examples("frames/dead.v1.json")},
        "receipt": {**RECEIPT, "examples": _examples("frames/dead.v1.receipt.json")},
        "metadata": _text(MetadataText, '{"id": "door-000017", "taken_at": "2026-03-02T09:00:00.250Z"}'),
        "picture": {
            "title": "A picture",
            "contentType": "image/jpeg",
            "payload": FRAME["payload"],
            "summary": "One binary message; it may be fragmented.",
        },
        "stored": _text(StoredReply, reply(Stored("door-000017", partition=3, offset=1042))),
        "error": _text(ErrorReply, reply(Refused(Code.CLOCK, "set the camera's clock", frame_id="door-000017"))),
    }
    return {**{model.__name__: _event(model) for model in EVENTS}, **found}


def _event(model: type[BaseModel]) -> Schema:
    kind = type_of(model)
    of_type = kind.removeprefix("org.rollcall.")
    return {
        "name": kind,
        "title": kind,
        "summary": model.__doc__,
        "contentType": _STRUCTURED,
        "bindings": keyed({"type": "string", "format": "uuid", "description": "the event's subject"}),
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
        "examples": [
            {"name": path.stem, "payload": json.loads(path.read_text())}
            for path in sorted((EXAMPLES / "events").glob(f"{of_type}.*json"))
        ],
    }


def _text(model: type[BaseModel], example: str) -> Schema:
    return {
        "title": (model.__doc__ or "").rstrip("."),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
        "examples": [{"payload": json.loads(example)}],
    }


def _examples(pattern: str) -> list[Schema]:
    loaded = [(path.stem, json.loads(path.read_text())) for path in sorted(EXAMPLES.glob(pattern))]
    return [{"name": name, "headers": each["headers"], "payload": each["value"]} for name, each in loaded]


def _schemas() -> dict[str, Any]:
    models = [(model, "serialization") for model in (*EVENTS, *_WEBSOCKET_MODELS)]
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    schemas: dict[str, Any] = found["$defs"]
    return {**schemas, **{model.__name__: complete(schemas[model.__name__]) for model in EVENTS}}


def _camel(field: str) -> str:
    first, *others = field.split("_")
    return first + "".join(other.capitalize() for other in others)
