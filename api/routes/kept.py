"""The right of access: everything that is kept of one student, with who looked."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from api.formats import chosen_format, described
from api.guard import GuardedRoute, VisitorHere
from api.kept_out import KeptOut, kept_of
from api.kept_page import CONTENT_SECURITY_POLICY, render
from api.lookups import require_student
from api.services import ServicesHere
from api.texts import StudentId

router = APIRouter(prefix="/v1/students/{student_id}/kept", tags=["privacy"], route_class=GuardedRoute)

JsonOrPage = Annotated[
    Literal["json", "html"] | None, Query(description="the answer's form; else by the header `Accept`, else JSON")
]


@router.get("", summary="Get everything that is kept of a student", response_model=KeptOut, responses=described("html"))
async def get_kept(
    student_id: StudentId,
    request: Request,
    services: ServicesHere,
    visitor: VisitorHere,
    form: Annotated[JsonOrPage, Query(alias="format")] = None,
) -> KeptOut | Response:
    """Get everything that is kept of one student, and who looked at it: for machines, or as a page to read.

    A student gets their own. Its answer is a look too, and stands in the next one.
    """
    visitor.require("student", student_id, student_id)
    student = await require_student(services.store, student_id)
    chosen = chosen_format(request, "json", "html")
    kept = await kept_of(services.store, student, services.audit.commitment(student_id))
    if chosen == "json":
        return kept
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Vary": "Accept"}
    return HTMLResponse(render(kept), headers=headers)
