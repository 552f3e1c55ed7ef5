"""Texts and ids as requests may bring them: any script, bounded, nothing that can't be stored or would mislead."""

import re
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, StringConstraints, WithJsonSchema

from attendance.texts import plain

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def is_id(text: str) -> bool:
    """Tell whether this is an id as it is stored: a UUID in lower case."""
    return bool(_UUID.fullmatch(text)) and text == text.lower()


def _uuid(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ValueError("an id is a UUID, like 6f1c2f4e-4a7b-4d0e-9a57-3c1f0b7d2e90")
    return text.lower()


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("an email address has one @ and no spaces")
    return text


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(plain)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), AfterValidator(plain)]
ReasonCode = Annotated[Name, StringConstraints(max_length=20)]
Email = Annotated[Name, StringConstraints(max_length=254), AfterValidator(_email)]
Id = Annotated[str, AfterValidator(_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]

# A track's, as the stream app makes it: no id of the API's own.
TrackId = Annotated[Name, StringConstraints(max_length=120)]
SourcedId = Annotated[Name, Path(description="the school's own id")]
StudentId = Annotated[Id, Path(description="the student's id")]
ClassId = Annotated[Id, Path(description="the class's id")]
MeetingId = Annotated[Id, Path(description="the meeting's id")]
RoomId = Annotated[Id, Path(description="the room's id")]
CameraId = Annotated[Id, Path(description="the camera's id")]
PhotoId = Annotated[Id, Path(description="the photo's id")]
TokenId = Annotated[
    str, Path(description="the token's id: the part between the underscores", pattern=r"^[0-9a-f]{12}$")
]
