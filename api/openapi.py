"""The OpenAPI document: FastAPI's own, with the rights of each route, the token, and every error as a problem."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.access import ACCESS, Rule
from api.guard import GuardedRoute
from api.idempotency import HEADER as IDEMPOTENCY_KEY
from api.idempotency import LONGEST_KEY, takes_key
from api.problems import CATALOGUE, MEDIA_TYPE, PHOTO_CODES, ProblemDetails

TITLE = "Rollcall"
VERSION = "1.0"
_DESCRIPTION = """\
Students, consent, photos, classes, meetings, rolls and attendance.

Send `Authorization: Bearer TOKEN` with each request under `/v1`. Moments are UTC (`Z`) in answers, and carry an offset
in requests. Every error is a problem of RFC 9457 (`application/problem+json`): decide by its `type`. What a token may
not see answers 404, as if it didn't exist; 403 means that its role can't use the path at all. Answers may get new
fields: ignore those that you don't know.
"""

Document = dict[str, Any]

_SUCCESS = {
    "200": "The answer",
    "201": "Made",
    "204": "Done; the answer has no body",
    "304": "What you have is what is",
}
# Headers that the guard reads on every route that can have them.
_IDEMPOTENCY_KEY: Document = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
    "description": "best a random UUID: the request sent again within 24 hours is done once, and answered the same",
}
_IF_NONE_MATCH: Document = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "the `ETag` of the answer that you have: 304 where it still holds",
}
_ETAG: Document = {"schema": {"type": "string"}, "description": "changes when the answer does"}
_ENTRY = "/v1/meetings/{meeting_id}/roll/{student_id}"
_CORRECTED = ("meeting_cancelled", "stale_revision", "conflict")
# The codes that come from what a route does, beside those that its form brings.
_OWN_CODES: dict[tuple[str, str], tuple[str, ...]] = {
    ("GET", "/readyz"): ("store_unavailable",),
    ("GET", "/v1/meetings/{meeting_id}/live"): ("busy",),
    ("POST", "/v1/students"): ("conflict",),
    ("PATCH", "/v1/students/{student_id}"): ("conflict",),
    ("DELETE", "/v1/students/{student_id}"): ("conflict",),
    ("POST", "/v1/classes"): ("conflict",),
    ("PATCH", "/v1/classes/{class_id}"): ("conflict",),
    ("GET", "/v1/unconfirmed"): ("not_found",),
    ("GET", "/v1/reports/classes"): ("not_found",),
    ("GET", "/v1/exports/records"): ("not_found",),
    ("DELETE", "/v1/classes/{class_id}"): ("conflict",),
    ("PATCH", "/v1/rooms/{room_id}"): ("conflict",),
    ("DELETE", "/v1/rooms/{room_id}"): ("conflict",),
    ("PATCH", "/v1/cameras/{camera_id}"): ("conflict",),
    ("POST", "/v1/students/{student_id}/photos"): (
        *("consent_missing", "too_many_photos", "upload_too_slow", "busy", "recognition_failed"),
        *PHOTO_CODES,
    ),
    ("PATCH", "/v1/meetings/{meeting_id}"): ("conflict",),
    ("POST", "/v1/meetings/{meeting_id}/code"): ("meeting_not_on", "conflict"),
    ("POST", "/v1/codes/start"): ("wrong_code", "too_many_guesses", "store_unavailable"),
    ("POST", "/v1/codes/redeem"): ("wrong_code", "too_many_guesses", "meeting_not_on", "conflict", "not_found"),
    ("PUT", "/v1/students/{student_id}/card"): ("conflict",),
    ("POST", "/v1/cards/taps"): ("meeting_not_on", "conflict", "not_found"),
    ("POST", "/v1/meetings/{meeting_id}/cancel"): ("conflict",),
    ("POST", "/v1/meetings/{meeting_id}/restore"): ("conflict",),
    ("POST", "/v1/meetings/{meeting_id}/split"): ("conflict",),
    ("PUT", _ENTRY): _CORRECTED,
    ("POST", "/v1/meetings/{meeting_id}/roll/confirm"): ("meeting_cancelled", "conflict"),
    ("POST", "/v1/meetings/{meeting_id}/roll/all-present"): ("meeting_cancelled", "conflict"),
    ("POST", f"{_ENTRY}/confirm"): _CORRECTED,
    ("POST", f"{_ENTRY}/not-this-person"): _CORRECTED,
    ("POST", f"{_ENTRY}/undo"): ("nothing_to_undo", *_CORRECTED),
    ("DELETE", "/v1/tokens/{token_id}"): ("last_administrator",),
}


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` give this project's document."""

    def openapi() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _document(app: FastAPI) -> Document:
    document = get_openapi(title=TITLE, version=VERSION, description=_DESCRIPTION, routes=app.routes)
    components = document.setdefault("components", {})
    schemas: Document = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(_problem_schemas())
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "made by `POST /v1/tokens`, or by `rollcall init`"}
    }
    tables = {route.path for route in app.routes if isinstance(route, GuardedRoute) and route.table}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "get" and path in tables:
                _add_table(operation)
            _complete(operation, (method.upper(), path))
    return document


def _add_table(operation: Document) -> None:
    """Say that a list can be had as CSV."""
    described = [
        ("format", {"type": "string", "enum": ["json", "csv"]}, "the answer's form; else by `Accept`, else JSON"),
        ("byte_order_mark", {"type": "boolean", "default": False}, "begin a CSV with a byte-order mark, for Excel"),
    ]
    operation.setdefault("parameters", []).extend(
        {"name": name, "in": "query", "required": False, "schema": schema, "description": text}
        for name, schema, text in described
    )
    operation["responses"]["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}


def _complete(operation: Document, route: tuple[str, str]) -> None:
    rule = ACCESS[route]
    responses: Document = operation["responses"]
    if takes_key(*route):
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    if _has_etag(operation, route, rule):
        operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
        responses["200"].setdefault("headers", {})["ETag"] = _ETAG
        responses["304"] = {"description": _SUCCESS["304"], "headers": {"ETag": _ETAG}}
    responses.pop("422", None)  # FastAPI's own form of it, which this API doesn't use
    for status, response in responses.items():
        if not (status == "204" and "200" in responses):  # said by the route itself
            response["description"] = _SUCCESS.get(status, response["description"])
    codes = _codes_of(operation, route, rule)
    for error in sorted({CATALOGUE[code][0] for code in codes}):
        responses[str(error)] = _problem_response([code for code in codes if CATALOGUE[code][0] == error])
    if rule.public:
        operation["security"] = []
        return
    operation["security"] = [{"token": []}]
    who = "any valid token" if rule.asks_nothing else ", ".join(role.value for role in rule.roles())
    operation["description"] = f"{operation.get('description', '')}\n\nFor: {who}.".strip()


def _has_etag(operation: Document, route: tuple[str, str], rule: Rule) -> bool:
    return route[0] == "GET" and not rule.public and "application/json" in operation["responses"]["200"]["content"]


def _codes_of(operation: Document, route: tuple[str, str], rule: Rule) -> list[str]:
    """Give the codes of the problems that a route may answer with."""
    body, path = operation.get("requestBody"), route[1]
    found = ["internal", *_OWN_CODES.get(route, ())]
    if not rule.public:
        found += ["not_authenticated", "too_many_wrong_tokens", "store_unavailable", "identity_provider_unavailable"]
    if not rule.public and not rule.asks_nothing:
        found.append("forbidden")
    if "{" in path:
        found.append("not_found")
    if body or operation.get("parameters"):
        found.append("invalid_request")
    if takes_key(*route):
        found += ["request_in_progress", "idempotency_key_reused"]
    if any(parameter["name"].lower() == "if-match" for parameter in operation.get("parameters", ())):
        found.append("stale_revision" if "/roll" in path else "precondition_failed")
    if any(parameter["name"] == "format" for parameter in operation.get("parameters", ())):
        found.append("not_acceptable")
    if body:
        found += ["malformed_body", "upload_too_slow", "body_too_large", "unsupported_media_type"]
    return found


def _problem_schemas() -> Document:
    schema = ProblemDetails.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "ProblemDetails": schema}


def _problem_response(codes: list[str]) -> Document:
    reference = {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
    return {"description": ", ".join(f"`{code}`" for code in codes), "content": {MEDIA_TYPE: reference}}
