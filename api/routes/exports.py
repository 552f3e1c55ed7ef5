"""Exports: records as a file, streamed as they are read."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import StreamingResponse

from api.auditing import write_line
from api.formats import ByteOrderMark, TableFormat, chosen_format, described
from api.guard import GuardedRoute, Visitor, VisitorHere
from api.problems import Problem
from api.report_questions import ClassIds, SpanAsked, TermId, classes_asked
from api.services import StoreHere
from attendance.exports import FORMATS, Format, Row, record_columns, write
from attendance.store import Selection

router = APIRouter(prefix="/v1/exports", tags=["exports"], route_class=GuardedRoute)


@router.get(
    "/records",
    summary="Export records",
    response_class=StreamingResponse,
    responses=described("json", "csv", "parquet"),
)
async def export_records(
    request: Request,
    store: StoreHere,
    visitor: VisitorHere,
    span: SpanAsked,
    class_ids: ClassIds = [],  # noqa: B006 (pydantic copies it)
    term_id: TermId = None,
    names: Annotated[bool, Query(description="with each student's names and school id")] = False,  # noqa: FBT002
    form: Annotated[TableFormat, Query(alias="format")] = None,
    byte_order_mark: ByteOrderMark = False,  # noqa: FBT002
) -> StreamingResponse:
    """Export every record; a teacher those of their own classes; an analyst without names and reasons.

    In order of the meeting's start, class by class where classes are named or own, then of student. It is streamed: a
    file that was cut off has a connection that didn't end well. In a CSV a text that a spreadsheet would run as a
    formula begins with `'`.
    """
    if names and not visitor.sees_names:
        raise Problem("forbidden", f"the role {visitor.principal.role.value} reads without names: leave `names` out")
    chosen = Format(chosen_format(request, "json", "csv", "parquet"))
    classes = await classes_asked(store, visitor, class_ids)
    selection = Selection(span.start, span.end, None if classes is None else tuple(classes), term_id)
    batches = store.record_export.batches(selection, names=names)
    columns = record_columns(names=names, reasons=visitor.sees_names)
    parts = write(chosen, columns, _audited(request, visitor, batches), byte_order_mark=byte_order_mark)
    headers = {"Content-Disposition": f'attachment; filename="records.{chosen.value}"', "Vary": "Accept"}
    # The first part is made before the answer begins: with the database away it is a problem, and no broken file.
    first = await anext(parts, b"")
    return StreamingResponse(_after(first, parts), headers=headers, media_type=FORMATS[chosen])


async def _audited(request: Request, visitor: Visitor, batches: AsyncIterator[list[Row]]) -> AsyncIterator[list[Row]]:
    async for batch in batches:
        students = {str(row["student_id"]) for row in batch}
        if students:
            await write_line(request, visitor.principal, 200, students)
        yield batch


async def _after(first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in parts:
        yield part
