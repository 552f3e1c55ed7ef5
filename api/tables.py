"""Any list of the API as a table: the page that was asked for, one row an item, as CSV."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import EnumType
from typing import Any, get_args, get_origin

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from api.formats import chosen_format
from attendance.exports import FORMATS, Format, Value, csv_head, csv_lines

# By which names an answer holds its list.
_LISTS = ("items", "entries", "students", "photos")

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Where an answer has its list, and the columns of its items: nested fields are joined by dots."""

    field: str
    columns: tuple[Path, ...]

    def wanted_by(self, request: Request) -> bool:
        """Tell whether a CSV is asked for.

        Raises:
            Problem: another form is.
        """
        return chosen_format(request, "json", "csv") == "csv"

    def written(self, request: Request, answer: Response) -> Response:
        """Write an answer's list as CSV. Where to go on stands in the header `Link`."""
        body = json.loads(bytes(answer.body))
        marked = request.query_params.get("byte_order_mark", "").lower() in ("true", "1")
        head = csv_head([".".join(column) for column in self.columns], byte_order_mark=marked)
        lines = csv_lines([_cell(_at(item, column)) for column in self.columns] for item in body[self.field])
        headers = {"Vary": "Accept"}
        if cursor := body.get("next_cursor"):
            following = request.url.include_query_params(cursor=cursor)
            headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
        return Response(head + lines, headers=headers, media_type=FORMATS[Format.CSV])


def table_of(model: object) -> Table | None:
    """Find the list in a kind of answer; None where it isn't one."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    for name in _LISTS:
        field = model.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is list:
            (item,) = get_args(field.annotation)
            if isinstance(item, type) and issubclass(item, BaseModel):
                return Table(name, tuple(_columns(item)))
    return None


def _columns(model: type[BaseModel], before: Path = ()) -> Iterator[Path]:
    for name, field in model.model_fields.items():
        kind, path = field.annotation, (*before, name)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _columns(kind, path)
        elif get_origin(kind) is dict and isinstance(words := get_args(kind)[0], EnumType):
            yield from ((*path, word.value) for word in words)  # type: ignore[var-annotated]
        else:
            yield path


def _at(item: Any, path: Path) -> Any:  # noqa: ANN401 - whatever stands in JSON
    for name in path:
        item = item.get(name) if isinstance(item, dict) else None
    return item


def _cell(value: Any) -> Value:  # noqa: ANN401 - whatever stands in JSON
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return " ".join(value)
    return json.dumps(value) if isinstance(value, list | dict) else value
