"""The socket's messages: what a camera says of a frame, and what it is answered. Pure functions, no I/O."""

import json
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError

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


class _Given(BaseModel):
    # An unknown field is most likely a misspelt one, and a frame without its time would count for the wrong minute.
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str | None = None
    taken_at: str | None = None


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
        given = _Given.model_validate_json(text)
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
        return _json(type="stored", id=outcome.id, partition=outcome.partition, offset=outcome.offset)
    if outcome.frame_id is None:
        return _json(type="error", code=outcome.code.value, message=outcome.sentence)
    return _json(type="error", id=outcome.frame_id, code=outcome.code.value, message=outcome.sentence)


def _json(**fields: str | int) -> str:
    return json.dumps(fields, separators=(",", ":"))
