"""ETags: a reader that has an answer already is told so, and a writer says which state it changes.

A record's ETag is its revision in quotes, which its route sets. Every other answer's is made of the body, so that it
changes exactly when what is shown does.
"""

import hashlib
import re
from typing import Annotated

from fastapi import Header, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from api.problems import Problem, invalid_field

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e]*")', re.ASCII)
_NOT_MODIFIED = ("etag", "cache-control", "content-location", "vary")

IfMatch = Annotated[
    str | None,
    Header(
        description="the `ETag` of what is changed, as it was read; 412 where it has changed since", max_length=1000
    ),
]


def etag_of(shown: BaseModel) -> str:
    """Give the ETag of the answer that shows this."""
    return _tag(JSONResponse(shown.model_dump(mode="json")).body)


def conditional(request: Request, response: Response) -> Response:
    """Give the answer to a GET its ETag; where the request names it in `If-None-Match`, only say so (304)."""
    if request.method != "GET" or response.status_code != 200 or not hasattr(response, "body"):
        return response
    etag = response.headers.setdefault("etag", _tag(response.body))
    if not _names(request.headers.get("if-none-match"), etag):
        return response
    headers = {name: value for name, value in response.headers.items() if name in _NOT_MODIFIED}
    return Response(status_code=304, headers=headers)


def require_match(if_match: str | None, present: BaseModel) -> None:
    """Hold a write to the state that it was meant for.

    Raises:
        Problem: `precondition_failed`, with the present state as `current`; `invalid_request` where it is no ETag.
    """
    if if_match is None:
        return
    if if_match.strip() != "*" and not _TAG.search(if_match):
        detail = 'give the ETag as it was read, in its quotes: "0a1b2c3d4e5f6a7b"'
        raise invalid_field("header", "if-match", "bad_etag", detail)
    etag = etag_of(present)
    if not _names(if_match, etag):
        detail = "it was changed since you read it: look again, and change what it is now"
        members = {"current": present.model_dump(mode="json")}
        raise Problem("precondition_failed", detail, members=members, headers={"ETag": etag})


def _tag(body: bytes | memoryview) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


def _names(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    return header.strip() == "*" or etag in _TAG.findall(header)
