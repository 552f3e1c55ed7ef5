"""The OpenAPI document: FastAPI's own, with the rights of each route, the token, and every error as a problem."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.access import ACCESS, Rule
from api.problems import CATALOGUE, MEDIA_TYPE, ProblemDetails

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
    components["responses"] = {f"Problem{status}": _problem_response(status) for status in _statuses()}
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "made by `POST /v1/tokens`, or by `rollcall init`"}
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(operation, path, ACCESS[method.upper(), path])
    return document


def _complete(operation: Document, path: str, rule: Rule) -> None:
    responses: Document = operation["responses"]
    responses.pop("422", None)  # FastAPI's own form of it, which this API doesn't use
    for status in _statuses_of(operation, path, rule):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    if rule.public:
        operation["security"] = []
        return
    operation["security"] = [{"token": []}]
    who = "any valid token" if rule.asks_nothing else ", ".join(role.value for role in rule.roles())
    operation["description"] = f"{operation.get('description', '')}\n\nFor: {who}.".strip()


def _statuses_of(operation: Document, path: str, rule: Rule) -> list[int]:
    body = "requestBody" in operation
    found = [500]
    if not rule.public:
        found += [401, 503]
    if not rule.public and not rule.asks_nothing:
        found.append(403)
    if "{" in path:
        found.append(404)
    if body or operation.get("parameters"):
        found.append(422)
    if body:
        found += [400, 409, 413, 415]
    if path.endswith("/photos") and body:
        found.append(408)
    if path == "/readyz":
        found.append(503)
    return sorted(found)


def _statuses() -> list[int]:
    return sorted({status for status, _ in CATALOGUE.values()})


def _problem_schemas() -> Document:
    schema = ProblemDetails.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "ProblemDetails": schema}


def _problem_response(status: int) -> Document:
    codes = [code for code, (its_status, _) in CATALOGUE.items() if its_status == status]
    reference = {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
    return {"description": "Problem: " + ", ".join(f"`{code}`" for code in codes), "content": {MEDIA_TYPE: reference}}
