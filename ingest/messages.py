"""The socket's messages: what a camera says of a frame, and what it is answered. Pure functions, no I/O."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.codes import Code, Refused
from ingest.contract import BadFrame, check_frame_id, parse_time

# An id of 128 characters and a time take 200; a longer text is no metadata, and parsing it would only cost time.
LONGEST_METADATA = 4_096


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the camera says of the picture that follows; what it leaves out, ingest sets."""

    id: str | None = None
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A frame that Kafka confirmed."""

    id: str
    partition: int
    offset: int


class MetadataText(BaseModel):
    """The text before a picture, which may be left out."""

    # An unknown field is most likely a misspelt one, and a frame without its time would count for the wrong minute.
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str | None = Field(default=None, description="1 to 128 letters, digits and . _ : - , unique within the camera")
    taken_at: str | None = Field(default=None, description="RFC 3339 with an offset")


class StoredReply(BaseModel):
    """Kafka has the frame on all its in-sync replicas."""

    type: Literal["stored"] = "stored"
    id: str
    partition: int
    offset: int


class ErrorReply(BaseModel):
    """The frame or the connection was refused; the id is left out where the camera gave none that can be read."""

    type: Literal["error"] = "error"
    id: str | None = None
    code: Code
    message: str


def parse_metadata(text: str) -> Metadata:
    """Read a text message.

    Raises:
        Refused: `not_a_picture` where it isn't a JSON object at all, else `bad_metadata`, `bad_id`, `bad_time`; with
            the frame's id where that much can be read.
    """
    if not text.lstrip().startswith("{"):
        raise Refused(
            Code.NOT_A_PICTURE,
            "a text message is the JSON object that goes before a picture: send the picture itself as a binary message",
        )
    if len(text) > LONGEST_METADATA:
        raise Refused(Code.BAD_METADATA, f"the text before a picture has at most {LONGEST_METADATA} characters")
    try:
        given = MetadataText.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise Refused(
            Code.BAD_METADATA,
            f'the text before a picture is {{"id": ..., "taken_at": ...}}, each optional; '
            f"{place or 'the text'}: {fault['msg']}",
            frame_id=_readable_id(text),
        ) from error
    frame_id = None
    try:
        frame_id = None if given.id is None else check_frame_id(given.id)
        return Metadata(frame_id, None if given.taken_at is None else parse_time(given.taken_at))
    except BadFrame as error:
        raise Refused(Code(error.code), str(error), frame_id=frame_id) from error


def _readable_id(text: str) -> str | None:
    try:
        return check_frame_id(json.loads(text)["id"])
    except (BadFrame, ValueError, KeyError, TypeError, RecursionError):
        return None


def reply(outcome: Stored | Refused) -> str:
    """Write the answer to a frame."""
    if isinstance(outcome, Stored):
        stored = StoredReply(id=outcome.id, partition=outcome.partition, offset=outcome.offset)
        return stored.model_dump_json()
    refused = ErrorReply(id=outcome.frame_id, code=outcome.code, message=outcome.sentence)
    return refused.model_dump_json(exclude_none=True)
