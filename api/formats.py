"""Which form an answer takes: `?format=` says it, else the header `Accept`, else it is JSON."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import Query, Request

from api.problems import Problem, invalid_field

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "svg": "image/svg+xml",
    "png": "image/png",
    "html": "text/html",
}
_SCHEMAS: dict[str, dict[str, object]] = {
    "json": {"type": "array", "items": {"type": "object"}},
    "csv": {"type": "string"},
    "parquet": {"type": "string", "format": "binary"},
    "svg": {"type": "string"},
    "png": {"type": "string", "format": "binary"},
    "html": {"type": "string"},
}
_TOLD = "the answer's form; else by the header `Accept`, else JSON"
_QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)

JsonOrCsv = Annotated[Literal["json", "csv"] | None, Query(description=_TOLD)]
JsonCsvOrPlot = Annotated[Literal["json", "csv", "svg", "png"] | None, Query(description=_TOLD)]
TableFormat = Annotated[Literal["json", "csv", "parquet"] | None, Query(description=_TOLD)]
ByteOrderMark = Annotated[
    bool, Query(description="begin a CSV with a byte-order mark: Excel reads other scripts only then")
]


def described(*names: str) -> dict[int | str, dict[str, object]]:
    """Give what a route's documentation says of its forms; `json` too where it streams rows and has no model."""
    forms = {MEDIA_TYPES[name]: {"schema": _SCHEMAS[name]} for name in names}
    return {200: {"description": "The answer", "content": forms}}


def chosen_format(request: Request, *offered: str) -> str:
    """Choose among the offered forms, the first of which is the default.

    Raises:
        Problem: `invalid_request` for an unknown `format`; `not_acceptable` where `Accept` names none of them.
    """
    asked = request.query_params.get("format")
    if asked is not None:
        if asked not in offered:
            raise invalid_field("query", "format", "unknown_format", f"it is one of {', '.join(offered)}")
        return asked
    accept = ",".join(request.headers.getlist("accept"))
    chosen = best(accept, {name: MEDIA_TYPES[name] for name in offered})
    if chosen is None:
        raise Problem("not_acceptable", f"there is {', '.join(MEDIA_TYPES[name] for name in offered)}: ask for one")
    return chosen


def best(accept: str, offered: Mapping[str, str]) -> str | None:
    """Give the name of the offered media type that a header `Accept` likes best; None where it takes none.

    Of equals the first offered one is taken (RFC 9110, 12.5.1: the most specific range decides of each type).
    """
    ranges = [_range(each) for each in accept.split(",") if each.strip()] or [("*/*", 1.0)]
    liked = {name: _quality(media_type, ranges) for name, media_type in offered.items()}
    name = max(liked, key=lambda each: liked[each])
    return name if liked[name] > 0 else None


def _range(text: str) -> tuple[str, float]:
    media_range, *parameters = (part.strip() for part in text.lower().split(";"))
    for parameter in parameters:
        if found := _QUALITY.fullmatch(parameter):
            return media_range, float(found[1])
    return media_range, 1.0


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    for wanted in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        qualities = [quality for media_range, quality in ranges if media_range == wanted]
        if qualities:
            return max(qualities)
    return 0.0
