"""The right to erasure: a student deleted everywhere, the receipt, and legal holds."""

from fastapi import APIRouter
from pydantic import ConfigDict

from api.bodies import BodyIn, BodyOut
from api.erasure_out import ErasureOut
from api.guard import GuardedRoute, VisitorHere
from api.lookups import require_student
from api.problems import Problem
from api.services import ServicesHere, StoreHere
from api.texts import Reason, StudentId
from api.times import MomentOut, now
from attendance.erasures import Hold

router = APIRouter(prefix="/v1/students/{student_id}", tags=["privacy"], route_class=GuardedRoute)


class HoldIn(BodyIn):
    """Why records have to be kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "appeal 2026/17 at the exam board"}]})

    reason: Reason


class HoldOut(BodyOut):
    """A legal hold."""

    student_id: str
    reason: str
    at: MomentOut


@router.post("/erasure", status_code=202, summary="Erase a student")
async def erase_student(student_id: StudentId, services: ServicesHere, visitor: VisitorHere) -> ErasureOut:
    """Destroy the student's keys and delete all that names them, at once; `GET` tells when that is complete.

    What workers wrote in the same moment is deleted a minute later. A legal hold keeps records and names, never
    templates. Said again it goes on where it was. 404 where there is no such student, and never was.
    """
    commitment = services.audit.commitment(student_id)
    if await services.store.erasures.receipt(commitment) is None:
        await require_student(services.store, student_id)
    receipt = await services.store.erasures.begin(student_id, commitment, by=visitor.principal.token_id, now=now())
    services.relay.nudge()
    return await ErasureOut.of(services.store, student_id, receipt, await services.places.all())


@router.get("/erasure", summary="Tell how far an erasure is")
async def get_erasure(student_id: StudentId, services: ServicesHere) -> ErasureOut:
    """Look at every collection, topic and set of backups for what is left of a student. 404 where nobody asked."""
    receipt = await services.store.erasures.receipt(services.audit.commitment(student_id))
    if receipt is None:
        raise Problem("not_found", f"nobody asked to erase student {student_id}")
    return await ErasureOut.of(services.store, student_id, receipt, await services.places.all())


@router.put("/hold", summary="Put a student's records under a legal hold")
async def put_hold(student_id: StudentId, body: HoldIn, store: StoreHere, visitor: VisitorHere) -> HoldOut:
    """Keep a student's records and names, whatever they ask, until the hold is ended. Never their templates."""
    await require_student(store, student_id)
    hold = Hold(student_id, body.reason, visitor.principal.token_id, now())
    await store.erasures.hold(hold)
    return HoldOut.model_validate(hold)


@router.get("/hold", summary="Get a student's legal hold")
async def get_hold(student_id: StudentId, store: StoreHere) -> HoldOut:
    """Get the hold; 404 where there is none."""
    hold = await store.erasures.hold_of(student_id)
    if hold is None:
        raise Problem("not_found", f"student {student_id} is under no legal hold")
    return HoldOut.model_validate(hold)


@router.delete("/hold", status_code=204, summary="End a student's legal hold")
async def end_hold(student_id: StudentId, services: ServicesHere) -> None:
    """End the hold; an erasure that it held up is finished at once. 404 where there is none."""
    commitment = services.audit.commitment(student_id)
    if not await services.store.erasures.release(student_id, commitment, now()):
        raise Problem("not_found", f"student {student_id} is under no legal hold")
    services.relay.nudge()
