"""Rows that come in batches are written as they come: what is held is one batch, however many there are."""

import csv
import io
import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from enum import StrEnum

from attendance.exports.columns import Column, Row, Value, in_json, in_spreadsheet
from attendance.exports.parquet import as_parquet

_BYTE_ORDER_MARK = "\ufeff"


class Format(StrEnum):
    """How a table is written."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


FORMATS: dict[Format, str] = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/json",
    Format.PARQUET: "application/vnd.apache.parquet",
}
"""Each format's media type."""


def write(
    form: Format, columns: Sequence[Column], batches: AsyncIterable[Sequence[Row]], *, byte_order_mark: bool = False
) -> AsyncIterator[bytes]:
    """Write a table.

    Args:
        form: CSV (RFC 4180: UTF-8, CRLF), a JSON array of objects, or Parquet.
        columns: what is taken of each row, in this order.
        batches: the rows.
        byte_order_mark: begin a CSV with it: Excel reads names as UTF-8 only then.
    """
    match form:
        case Format.CSV:
            return _as_csv(columns, batches, byte_order_mark=byte_order_mark)
        case Format.JSON:
            return _as_json(columns, batches)
        case Format.PARQUET:
            return as_parquet(columns, batches)


def csv_head(names: Iterable[str], *, byte_order_mark: bool) -> bytes:
    """Begin a CSV with the columns' names."""
    return (_BYTE_ORDER_MARK if byte_order_mark else "").encode() + csv_lines([names])


def csv_lines(rows: Iterable[Iterable[Value]]) -> bytes:
    """Write lines of a CSV, which is the same whether they come at once or some at a time."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([in_spreadsheet(value) for value in row] for row in rows)
    return text.getvalue().encode()


async def _as_csv(
    columns: Sequence[Column], batches: AsyncIterable[Sequence[Row]], *, byte_order_mark: bool
) -> AsyncIterator[bytes]:
    head = csv_head([column.name for column in columns], byte_order_mark=byte_order_mark)
    async for batch in batches:
        yield head + csv_lines([row[column.name] for column in columns] for row in batch)
        head = b""
    if head:
        yield head


async def _as_json(columns: Sequence[Column], batches: AsyncIterable[Sequence[Row]]) -> AsyncIterator[bytes]:
    before = "["
    async for batch in batches:
        objects = (json.dumps({each.name: row[each.name] for each in columns}, default=in_json) for row in batch)
        if written := ",\n".join(objects):
            yield f"{before}{written}".encode()
            before = ",\n"
    yield b"[]\n" if before == "[" else b"]\n"
