"""The messages of `frames` and `frames.dead`: bytes for a value, and headers that say all else."""

from deploy.contract.schemas import Schema
from ingest.contract import CONTENT_TYPES, FRAME_TYPE, ID, RECEIVED_AT, REQUIRED_HEADERS, SIGNATURE, TIME

_PICTURE: Schema = {"type": "string", "format": "binary", "description": "the picture's bytes as taken"}
_MOMENT: Schema = {"type": "string", "pattern": f"^{TIME.pattern}$", "description": "RFC 3339 with an offset"}
_NUMBER: Schema = {"type": "string", "pattern": "^[0-9]+$"}
_TEXT: Schema = {"type": "string"}

_FRAME_HEADERS: dict[str, Schema] = {
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_id": {
        "type": "string",
        "pattern": f"^{ID.pattern}$",
        "description": "the camera's own; the same where the frame is sent again",
    },
    "ce_source": {"type": "string", "pattern": f"^/cameras/{ID.pattern}$", "description": "/cameras/ and the key"},
    "ce_type": {"type": "string", "const": FRAME_TYPE},
    "ce_time": {**_MOMENT, "description": "when the picture was taken: RFC 3339 with an offset"},
    "ce_signature": {
        "type": "string",
        "pattern": f"^{SIGNATURE.pattern}$",
        "description": "the key's id, a colon, and HMAC-SHA256 in hex over id, time, camera and the SHA-256 of the "
        "body in hex, with line feeds between them",
    },
    "content-type": {"type": "string", "enum": sorted(CONTENT_TYPES.values())},
    RECEIVED_AT: {**_MOMENT, "description": "when ingest got it; only ingest says so"},
}

DEAD_HEADERS: dict[str, Schema] = {
    "dead_reason": {**_TEXT, "description": "a stable code"},
    "dead_error": {**_TEXT, "description": "a sentence for people"},
    "dead_topic": {**_TEXT, "description": "where it lay"},
    "dead_partition": _NUMBER,
    "dead_offset": _NUMBER,
    "dead_tries": {**_NUMBER, "description": "how often it was begun"},
    "dead_arrivedat": {**_MOMENT, "description": "when it had come there, by the broker's clock"},
}
_LEFT_OUT: Schema = {
    **_NUMBER,
    "description": "how many bytes were left out: too many for a letter",
}
_RECEIPT_HEADERS: dict[str, Schema] = {
    "dead_receipt": {**_TEXT, "description": "the reason of the letter"},
    "dead_receiptof": {**_TEXT, "description": "PARTITION:OFFSET of the letter"},
    "dead_replayedto": {**_TEXT, "description": "PARTITION:OFFSET in `frames`"},
    "dead_replayedat": _MOMENT,
}

KAFKA_BINDING = "0.5.0"


def keyed(key: Schema) -> Schema:
    """Describe a message's key."""
    return {"kafka": {"key": key, "bindingVersion": KAFKA_BINDING}}


_CAMERA = {"type": "string", "pattern": f"^{ID.pattern}$", "description": "the camera"}
_ANY_CAMERA = {"type": "string", "description": "what the frame had for its camera"}

FRAME: Schema = {
    "name": FRAME_TYPE,
    "title": "A frame",
    "summary": "CloudEvents 1.0 in binary mode: the picture is the value, all else is headers.",
    "contentType": "image/jpeg",
    "bindings": keyed(_CAMERA),
    "headers": {"type": "object", "required": list(REQUIRED_HEADERS), "properties": _FRAME_HEADERS},
    "payload": _PICTURE,
}
DEAD: Schema = {
    "name": "dead",
    "title": "A refused frame",
    "summary": "The frame as it came, its own headers kept, with the reason.",
    "contentType": "application/octet-stream",
    "bindings": keyed(_ANY_CAMERA),
    "headers": {
        "type": "object",
        "required": list(DEAD_HEADERS),
        "properties": {**DEAD_HEADERS, "dead_leftout": _LEFT_OUT},
    },
    "payload": _PICTURE,
}
RECEIPT: Schema = {
    "name": "receipt",
    "title": "A receipt of a replay",
    "summary": "Lies behind a letter that `rollcall dead replay` sent back. Without a value.",
    "contentType": "application/octet-stream",
    "bindings": keyed(_ANY_CAMERA),
    "headers": {"type": "object", "required": list(_RECEIPT_HEADERS), "properties": _RECEIPT_HEADERS},
    "payload": {"type": "string", "maxLength": 0},
}
