"""Every error that the API gives, as a problem of RFC 9457: a stable code, a title, and a sentence for this case."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.security_headers import SECURITY_HEADERS

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:rollcall:problem:"

# What recognition says of a photo that it can't use.
PHOTO_CODES = (
    "not_a_picture",
    "unsupported_picture",
    "truncated_picture",
    "damaged_picture",
    "picture_too_small",
    "picture_too_large",
    "picture_too_heavy",
    "no_face",
    "several_faces",
    "face_too_small",
    "face_unclear",
)

# code: (status, title). Codes are part of the contract: applications decide by them.
CATALOGUE: dict[str, tuple[int, str]] = {
    "malformed_body": (400, "The body can't be read"),
    "not_authenticated": (401, "A valid token is needed"),
    "forbidden": (403, "This token's role can't do this"),
    "not_found": (404, "There is no such thing"),
    "method_not_allowed": (405, "This path doesn't take this method"),
    "not_acceptable": (406, "There is no such form of the answer"),
    "upload_too_slow": (408, "The body took too long to arrive"),
    "conflict": (409, "Something else stands in the way"),
    "consent_missing": (409, "There is no standing consent"),
    "removes_too_much": (409, "Nothing was imported: it would remove too much"),
    "last_administrator": (409, "Nobody could manage tokens any more"),
    "request_in_progress": (409, "The same request is being worked on"),
    "meeting_cancelled": (409, "The meeting does not take place"),
    "nothing_to_undo": (409, "There is nothing to take back"),
    "meeting_not_on": (409, "The meeting isn't on"),
    "stale_revision": (409, "The record changed meanwhile"),
    "too_many_photos": (409, "The student has enough photos"),
    "precondition_failed": (412, "It has changed meanwhile"),
    "body_too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "The body has another form than is taken here"),
    "import_has_errors": (422, "Nothing was imported: there are errors"),
    "invalid_request": (422, "The request has errors"),
    "idempotency_key_reused": (422, "The key was used for something else"),
    **dict.fromkeys(PHOTO_CODES, (422, "The photo can't be used")),
    "recognition_failed": (422, "The photo can't be used"),
    "wrong_code": (422, "The code isn't right"),
    "too_many_guesses": (429, "Too many wrong codes"),
    "too_many_wrong_tokens": (429, "Too many wrong tokens"),
    "http_error": (400, "The request can't be answered"),
    "internal": (500, "Something is wrong on our side"),
    "busy": (503, "Too much is asked at once"),
    "identity_provider_unavailable": (503, "Who is asking can't be checked now"),
    "store_unavailable": (503, "The database can't be reached"),
}


class FieldError(BaseModel):
    """What is wrong with one field."""

    model_config = ConfigDict(frozen=True)

    location: str = Field(description="where the field is: body, path, query or header")
    field: str = Field(description="the field's name; parts of a nested one are joined by dots")
    code: str = Field(description="what is wrong, in a stable word")
    detail: str = Field(description="what is wrong, in a sentence")


class ProblemDetails(BaseModel):
    """The body of every error (RFC 9457)."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:rollcall:problem:not_found",
                "title": "There is no such thing",
                "status": 404,
                "detail": "there is no meeting 0a0a0a0a-0000-4000-8000-000000000000",
            }
        },
    )

    type: str = Field(description="stable: `urn:rollcall:problem:` and the code")
    title: str
    status: int
    detail: str = Field(description="what is wrong in this case, and what to do")
    errors: list[FieldError] | None = Field(default=None, description="each wrong field, where fields are wrong")


@dataclass(eq=False)
class Problem(Exception):
    """An error to answer with. `code` is one of the catalogue's; `members` go into the body beside the fixed ones."""

    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    members: dict[str, Any] | None = None
    headers: dict[str, str] | None = None
    status: int | None = None

    def response(self) -> Response:
        """Give the answer."""
        status, title = CATALOGUE[self.code]
        body = ProblemDetails(
            type=_TYPE_PREFIX + self.code,
            title=title,
            status=self.status or status,
            detail=self.detail,
            errors=list(self.errors) or None,
            **(self.members or {}),
        )
        # A field's name may hold a lone surrogate out of the request, which UTF-8 can't: everything beyond ASCII is
        # escaped.
        text = body.model_dump_json(exclude_none=True, ensure_ascii=True)
        headers = SECURITY_HEADERS | (self.headers or {})
        return Response(text, self.status or status, headers=headers, media_type=MEDIA_TYPE)


def not_found(what: str, its_id: str) -> Problem:
    """Say that there is none: for an id that is unknown, and in the same words for one that the caller may not see."""
    return Problem("not_found", f"there is no {what} {its_id}")


def invalid_field(location: str, field: str, code: str, detail: str) -> Problem:
    """Say that one field is wrong for a reason that the schema can't tell."""
    return Problem(
        "invalid_request", f"{field}: {detail}", (FieldError(location=location, field=field, code=code, detail=detail),)
    )
