"""The rate by class and week as a table or a picture."""

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response

from api.formats import MEDIA_TYPES
from api.problems import invalid_field
from api.report_out import ClassReportOut, ClassReportsOut
from api.security_headers import SECURITY_HEADERS
from attendance.exports import FORMATS, Column, Format, Kind, Row, write
from attendance.exports.plot import MOST_LINES, Line, draw
from attendance.status import Status

_COLUMNS = (
    Column("class_id"),
    Column("class_title"),
    Column("week"),
    Column("monday", Kind.DAY),
    Column("rate", Kind.SHARE),
    Column("numerator", Kind.SHARE),
    Column("denominator", Kind.COUNT),
    *(Column(status.value, Kind.COUNT) for status in Status),
    Column("unconfirmed", Kind.COUNT),
)
# A picture that is opened by itself is styled by attributes; it still loads and runs nothing.
_PICTURE_POLICY = SECURITY_HEADERS["Content-Security-Policy"] + "; style-src 'unsafe-inline'"


async def written(report: ClassReportsOut, form: str, *, byte_order_mark: bool) -> Response:
    """Write the classes of a report: a row a class and week as `csv`, or a line a class as `svg` or `png`.

    Raises:
        Problem: there are more classes than a picture can show.
    """
    headers = {"Vary": "Accept"}
    if form == "csv":
        parts = [part async for part in write(Format.CSV, _COLUMNS, _rows(report), byte_order_mark=byte_order_mark)]
        return Response(b"".join(parts), headers=headers, media_type=FORMATS[Format.CSV])
    if len(report.classes) > MOST_LINES:
        detail = f"a picture shows at most {MOST_LINES} classes: name them by `class_id`, or set `limit`"
        raise invalid_field("query", "limit", "too_many_lines", detail)
    lines = [Line(each.class_title, [(week.monday, week.rate.value) for week in each.weeks]) for each in report.classes]
    counted = f"({report.counting.numerator}) / ({report.counting.denominator})"
    picture = await asyncio.to_thread(draw, lines, form, title="Attendance by class and week", counted=counted)
    headers["Content-Security-Policy"] = _PICTURE_POLICY
    return Response(picture, headers=headers, media_type=MEDIA_TYPES[form])


async def _rows(report: ClassReportsOut) -> AsyncIterator[list[Row]]:
    yield [row for each in report.classes for row in _rows_of(each)]


def _rows_of(report: ClassReportOut) -> list[Row]:
    return [
        {
            "class_id": report.class_id,
            "class_title": report.class_title,
            "week": week.week,
            "monday": week.monday,
            "rate": week.rate.value,
            "numerator": week.rate.numerator,
            "denominator": week.rate.denominator,
            **{status.value: count for status, count in week.totals.items()},
            "unconfirmed": week.unconfirmed,
        }
        for week in report.weeks
    ]
