"""How errors become problems: the API's own, the store's, recognition's, FastAPI's, and those that nobody expected."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import compile_path

from api.access import ACCESS
from api.problems import FieldError, Problem
from attendance.keys import KeyUnusable
from attendance.store import Conflict, Missing, NoConsent, StoreUnavailable
from recognition import EnrolmentError, PictureError, RecognitionError

# A database that restarts is back within seconds; sooner, and everybody asks at once.
RETRY_AFTER = {"Retry-After": "5"}
_CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 408: "upload_too_slow", 413: "body_too_large"}
_PATHS = [(compile_path(path)[0], method) for method, path in ACCESS]

log = structlog.get_logger(__name__)


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error with a problem."""
    app.add_exception_handler(Problem, _answer(_own))
    app.add_exception_handler(HTTPException, _answer(_http))
    app.add_exception_handler(RequestValidationError, _answer(_validation))
    app.add_exception_handler(StoreUnavailable, _answer(_unavailable))
    app.add_exception_handler(KeyUnusable, _answer(_keys_unusable))
    app.add_exception_handler(Missing, _answer(lambda _request, error: Problem("not_found", str(error))))
    app.add_exception_handler(Conflict, _answer(lambda _request, error: Problem("conflict", str(error))))
    app.add_exception_handler(NoConsent, _answer(lambda _request, error: Problem("consent_missing", str(error))))
    app.add_exception_handler(PictureError, _answer(_picture))
    app.add_exception_handler(EnrolmentError, _answer(_picture))
    app.add_exception_handler(ClientDisconnect, _answer(_gone))
    app.add_exception_handler(Exception, _answer(_unexpected))


def _answer(
    problem_of: Callable[[Request, Any], Problem],
) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handler(request: Request, error: Exception) -> Response:
        return problem_of(request, error).response()

    return handler


def _own(_request: Request, error: Problem) -> Problem:
    return error


def _http(request: Request, error: HTTPException) -> Problem:
    if error.status_code == 404:
        return Problem("not_found", f"there is no path {request.url.path}: see /docs")
    if error.status_code == 405:
        methods = ", ".join(sorted({method for path, method in _PATHS if path.match(request.url.path)}))
        detail = f"{request.url.path} takes {methods}"
        return Problem("method_not_allowed", detail, headers={"Allow": methods})
    if error.status_code == 400:  # FastAPI's own, for bodies whose reading failed
        return Problem("malformed_body", "the body can't be read: send JSON")
    headers = dict(error.headers or {})
    code = _CODE_OF_STATUS.get(error.status_code, "http_error")
    return Problem(code, str(error.detail), status=error.status_code, headers=headers)


def _validation(_request: Request, error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        where = found[0]["loc"][-1]
        return Problem("malformed_body", f"the body is no JSON: {found[0]['ctx']['error']} at position {where}")
    errors = tuple(_field_error(each) for each in found)
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Problem("invalid_request", f"{first.field or first.location}: {first.detail}{more}", errors)


def _field_error(error: dict[str, Any]) -> FieldError:
    # The value that was sent is not repeated: it may be personal, and it ends up in logs.
    location, *field = (str(part)[:100] for part in error["loc"])
    detail = str(error["msg"]).removeprefix("Value error, ")
    return FieldError(location=location, field=".".join(field), code=error["type"], detail=detail)


def _unavailable(_request: Request, error: StoreUnavailable) -> Problem:
    log.warning("the database does not answer", error=str(error))
    detail = "it did not answer in time: try again in some seconds, and look first whether a write was done after all"
    return Problem("store_unavailable", detail, headers=RETRY_AFTER)


def _keys_unusable(_request: Request, error: KeyUnusable) -> Problem:
    log.error("people's keys can't be used", error=str(error))
    return Problem("store_unavailable", "what is kept can't be read now; the log says why", headers=RETRY_AFTER)


def _picture(_request: Request, error: RecognitionError) -> Problem:
    return Problem(error.code, error.sentence)


def _gone(_request: Request, _error: ClientDisconnect) -> Problem:
    # Nobody is there to read it; as an error that nobody expected, it would fill the log.
    return Problem("malformed_body", "the connection ended before the body did")


def _unexpected(request: Request, error: Exception) -> Problem:
    log.error("an answer failed", method=request.method, path=request.url.path, exc_info=error)
    return Problem("internal", "the error was logged; if it comes again, tell the operator when it did")
