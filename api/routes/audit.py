"""The audit, read over the API: for whoever answers for it."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.audit_out import AuditLineOut
from api.bodies import BodyOut
from api.cursors import CursorParameter, Limit, read_number, write_number
from api.guard import GuardedRoute
from api.services import ServicesHere
from api.texts import Id

router = APIRouter(prefix="/v1/audit", tags=["privacy"], route_class=GuardedRoute)


class AuditOut(BodyOut):
    """Some lines of the audit."""

    items: list[AuditLineOut]
    next_cursor: str | None


@router.get("", summary="Read the audit")
async def read_audit(
    services: ServicesHere,
    student_id: Annotated[Id | None, Query(description="only lines about this student")] = None,
    cursor: CursorParameter = None,
    limit: Limit = 50,
) -> AuditOut:
    """Read who asked for what, and about how many students, the latest first; of one student, where one is named.

    Lines come in the batches in which they were sealed: a page may hold some more than `limit`.
    """
    audit, before = services.store.audit, read_number(cursor) if cursor else None
    if student_id is None:
        found = await audit.latest(before=before, limit=limit)
    else:
        found = await audit.about(services.audit.commitment(student_id), before=before, limit=limit)
    batches = {number for number, _ in found}
    return AuditOut(
        items=[AuditLineOut.of(number, line) for number, line in found],
        next_cursor=write_number(min(batches)) if len(batches) == limit else None,
    )
