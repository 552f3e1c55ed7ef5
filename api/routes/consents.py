"""A student's consent: without one, no template is kept; with every refusal, the ways in that need no face."""

from typing import Self

from fastapi import APIRouter
from pydantic import ConfigDict, Field, field_validator

from api.bodies import BodyIn, BodyOut
from api.guard import GuardedRoute, VisitorHere
from api.lookups import require_student
from api.problems import Problem, invalid_field
from api.services import StoreHere
from api.texts import Name, StudentId
from api.times import MomentIn, MomentOut, now
from attendance.people import Consent
from attendance.store import Missing, Store

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
    notice_version: Name = Field(description="which notice they were given: one that was published")
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


class RefusalIn(BodyIn):
    """What somebody was asked who declined."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"notice_version": "2026-08"}]})

    notice_version: Name = Field(description="which notice they were given: one that was published")


class WithoutFaceOut(BodyOut):
    """A way to be marked present without being recognised."""

    way: str
    how: str


WITHOUT_A_FACE = (
    WithoutFaceOut(way="code", how="give the code that the teacher shows, in the room: POST /v1/codes/start"),
    WithoutFaceOut(way="card", how="hold a card to the room's reader: the registrar hands them out"),
    WithoutFaceOut(way="roll", how="tell the teacher, who marks you present on the roll"),
)


class RefusalOut(BodyOut):
    """What a refusal or a withdrawal did: the receipt for whoever said it."""

    student_id: str
    at: MomentOut
    had_consented: bool = Field(description="false: nothing was kept")
    templates_deleted: int = Field(description="gone at once, with the key under which every copy of them lies")
    without_a_face: list[WithoutFaceOut] = Field(description="how to be marked present all the same")

    @classmethod
    async def of(cls, store: Store, student_id: str, by: str) -> Self:
        """Withdraw, and tell what that did."""
        at = now()
        done = await store.biometrics.withdraw_consent(student_id, at, by=by)
        return cls(
            student_id=student_id,
            at=at,
            had_consented=done is not None,
            templates_deleted=done.templates if done else 0,
            without_a_face=list(WITHOUT_A_FACE),
        )


@router.put("", summary="Record a consent")
async def record_consent(student_id: StudentId, body: ConsentIn, store: StoreHere, visitor: VisitorHere) -> ConsentOut:
    """Record that the student, or their guardian, agreed to be recognised. It takes the place of an earlier one.

    422 where the notice was never published, or where the student needs a guardian and none is named.
    """
    visitor.require("student", student_id, student_id)
    student = await require_student(store, student_id)
    await _require_notice(store, body.notice_version)
    if student.needs_guardian and body.guardian is None:
        raise invalid_field("body", "guardian", "missing", "this student is under age: say which guardian agreed")
    consent = Consent(
        student_id,
        body.basis,
        body.notice_version,
        body.given_by,
        body.given_at,
        body.guardian,
        recorded_by=visitor.principal.token_id,
    )
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


@router.delete("", summary="Withdraw the consent")
async def withdraw_consent(student_id: StudentId, store: StoreHere, visitor: VisitorHere) -> RefusalOut:
    """End the consent and delete the student's templates with their key, at once and together.

    Workers have forgotten them within 10 seconds. Doing it again changes nothing.
    """
    visitor.require("student", student_id, student_id)
    await require_student(store, student_id)
    return await RefusalOut.of(store, student_id, visitor.principal.token_id)


@router.post("/decline", summary="Record that consent was declined")
async def decline_consent(student_id: StudentId, body: RefusalIn, store: StoreHere, visitor: VisitorHere) -> RefusalOut:
    """Record that the student, or their guardian, was asked and declined; a consent that stands ends with it."""
    visitor.require("student", student_id, student_id)
    await require_student(store, student_id)
    await _require_notice(store, body.notice_version)
    refusal = await RefusalOut.of(store, student_id, visitor.principal.token_id)
    await store.biometrics.note_declined(student_id, body.notice_version, by=visitor.principal.token_id, now=refusal.at)
    return refusal


async def _require_notice(store: Store, version: str) -> None:
    try:
        await store.privacy_notices.get(version)
    except Missing as error:
        detail = "no such notice was published: publish it first (POST /v1/privacy-notices)"
        raise invalid_field("body", "notice_version", "unknown", detail) from error
