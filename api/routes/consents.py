"""A student's consent: without one, no template is kept."""

from fastapi import APIRouter
from pydantic import ConfigDict, Field, field_validator

from api.bodies import BodyIn, BodyOut
from api.guard import GuardedRoute, VisitorHere
from api.lookups import require_student
from api.problems import Problem
from api.services import StoreHere
from api.texts import Name, StudentId
from api.times import MomentIn, MomentOut, now
from attendance.people import Consent

router = APIRouter(prefix="/v1/students/{student_id}/consent", tags=["consent"], route_class=GuardedRoute)


class ConsentIn(BodyIn):
    """A consent as it was given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "basis": "explicit consent",
                    "notice_version": "2026-08",
                    "given_by": "the student",
                    "given_at": "2026-09-01T08:30:00+02:00",
                }
            ]
        }
    )

    basis: Name = Field(description="the legal ground, as the institution names it")
    notice_version: Name = Field(description="which notice they were given")
    given_by: Name = Field(description="who said so")
    given_at: MomentIn
    guardian: Name | None = Field(default=None, description="the guardian who agreed, where the student is under age")

    @field_validator("given_at")
    @classmethod
    def _not_in_the_future(cls, given_at: MomentIn) -> MomentIn:
        if given_at > now():
            raise ValueError("a consent can't have been given in the future")
        return given_at


class ConsentOut(BodyOut):
    """A standing consent."""

    student_id: str
    basis: str
    notice_version: str
    given_by: str
    given_at: MomentOut
    guardian: str | None


@router.put("", summary="Record a consent")
async def record_consent(student_id: StudentId, body: ConsentIn, store: StoreHere, visitor: VisitorHere) -> ConsentOut:
    """Record that the student, or their guardian, agreed to be recognised. It takes the place of an earlier one."""
    visitor.require("student", student_id, student_id)
    await require_student(store, student_id)
    consent = Consent(student_id, body.basis, body.notice_version, body.given_by, body.given_at, body.guardian)
    await store.biometrics.record_consent(consent)
    return ConsentOut.model_validate(consent)


@router.get("", summary="Get the standing consent")
async def get_consent(student_id: StudentId, store: StoreHere, visitor: VisitorHere) -> ConsentOut:
    """Get the standing consent; 404 where there is none, or it was withdrawn."""
    visitor.require("student", student_id, student_id)
    await require_student(store, student_id)
    consent = await store.biometrics.consent_of(student_id)
    if consent is None:
        raise Problem("not_found", f"student {student_id} has no standing consent")
    return ConsentOut.model_validate(consent)


@router.delete("", status_code=204, summary="Withdraw the consent")
async def withdraw_consent(student_id: StudentId, store: StoreHere, visitor: VisitorHere) -> None:
    """End the consent and delete the student's templates, at once and together. Doing it again changes nothing."""
    visitor.require("student", student_id, student_id)
    await require_student(store, student_id)
    await store.biometrics.withdraw_consent(student_id, now())
