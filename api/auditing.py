"""Which line a request leaves in the audit: who asked for what, what was answered, and whom it told of."""

import contextlib
import re
from collections.abc import Awaitable, Callable, Iterable

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.problems import CATALOGUE, Problem
from api.services import services_of
from api.times import now, written
from attendance.audit import Line
from attendance.rights import Principal
from attendance.store import Conflict, Missing, NoConsent, StoreUnavailable
from recognition import EnrolmentError, PictureError

# Students as answers name them. An event's subject may be a meeting: it finds nobody then.
_UUID = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAMED = re.compile(rb'"(?:student_id|subject)"\s*:\s*"(' + _UUID + rb')"')
_LISTED = re.compile(rb'"student_ids"\s*:\s*\[([^\]]*)\]')
_ITSELF = re.compile(rb'"id"\s*:\s*"(' + _UUID + rb')"')
_ONE = re.compile(_UUID)
# Their answers are students themselves.
_STUDENTS = frozenset({"/v1/students", "/v1/students/{student_id}", "/v1/students/by-sourced-id/{sourced_id}"})
# Of what is named in a path or a query, ids that aren't a person's own.
_ABOUT = ("class_id", "meeting_id", "room_id", "camera_id", "photo_id", "notice_id", "token_id", "term_id")
# A line of more is cut into several.
_MOST_SUBJECTS = 1_000
_STATUS: dict[type[Exception], int] = {Missing: 404, Conflict: 409, NoConsent: 409, RequestValidationError: 422}


async def audited(request: Request, principal: Principal, work: Callable[[], Awaitable[Response]]) -> Response:
    """Do what a request asks, and write its line before the answer goes out. What was refused leaves one too.

    Raises:
        StoreUnavailable: no line can be kept, so there is no answer.
    """
    try:
        answer = await work()
    except StoreUnavailable:
        raise
    except Exception as error:
        with contextlib.suppress(StoreUnavailable):
            await write_line(request, principal, _status_of(error), ())
        raise
    await write_line(request, principal, answer.status_code, _told_of(request, answer))
    return answer


async def write_line(request: Request, principal: Principal, status: int, students: Iterable[str]) -> None:
    """Write a line for a request, or for a part of its answer that tells of these students."""
    writer = services_of(request).audit
    named = request.path_params.get("student_id")
    subjects = sorted({writer.commitment(each) for each in {*students, *([named.lower()] if named else [])}})
    for begin in range(0, max(len(subjects), 1), _MOST_SUBJECTS):
        await writer.write(
            Line(
                at=written(now()),
                by=principal.token_id,
                role=principal.role.value,
                do=f"{request.method} {_route_of(request)}",
                status=status,
                about=tuple(_about(request)),
                subjects=tuple(subjects[begin : begin + _MOST_SUBJECTS]),
            )
        )


def _route_of(request: Request) -> str:
    return str(request.scope["route"].path)


def _about(request: Request) -> Iterable[tuple[str, str]]:
    for name in _ABOUT:
        if name in request.path_params:
            yield name, str(request.path_params[name])[:100]
        for value in request.query_params.getlist(name)[:50]:
            yield name, value[:100]


def _told_of(request: Request, answer: Response) -> set[str]:
    body = getattr(answer, "body", b"")
    if not body or not str(answer.headers.get("content-type", "")).startswith("application/json"):
        return set()
    found = set(_NAMED.findall(body))
    for some in _LISTED.findall(body):
        found.update(_ONE.findall(some))
    if _route_of(request) in _STUDENTS:
        found.update(_ITSELF.findall(body))
    return {each.decode() for each in found}


def _status_of(error: Exception) -> int:
    if isinstance(error, Problem):
        return error.status or CATALOGUE[error.code][0]
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, PictureError | EnrolmentError):
        return 422
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
