"""Absence notices: why a student will not be there, or was not, for a range of days."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from api.bodies import BodyIn, BodyOut
from api.guard import GuardedRoute, VisitorHere
from api.idempotency import NewId, made
from api.lookups import require_student
from api.problems import not_found
from api.services import ServicesHere, StoreHere
from api.texts import Id, Reason, ReasonCode, StudentId
from api.times import DateIn, MomentOut, now
from attendance.notices import Notice
from attendance.store import Missing

router = APIRouter(prefix="/v1/students/{student_id}/notices", tags=["notices"], route_class=GuardedRoute)

# A longer absence is no notice but a withdrawal; a slip in a year would excuse a whole course of study.
_LONGEST = timedelta(days=366)

NoticeId = Annotated[Id, Path(description="the notice's id")]


class NoticeIn(BodyIn):
    """A notice to record."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"first_day": "2026-09-07", "last_day": "2026-09-09", "reason": "conference", "reason_code": "C"}
            ]
        }
    )

    first_day: DateIn = Field(description="civil dates, where each meeting is held; both days are included")
    last_day: DateIn
    reason: Reason
    reason_code: ReasonCode | None = Field(default=None, description="the institution's own code")

    @field_validator("last_day")
    @classmethod
    def _not_before_the_first(cls, last_day: date, info: ValidationInfo) -> date:
        first_day = info.data.get("first_day")
        if first_day is not None and last_day < first_day:
            raise ValueError("the last day can't lie before the first")
        if first_day is not None and last_day - first_day > _LONGEST:
            raise ValueError("a notice holds for a year at most")
        return last_day


class NoticeOut(BodyOut):
    """A notice; `withdrawn_at` is null as long as it holds."""

    id: str
    student_id: str
    first_day: date
    last_day: date
    reason: str
    reason_code: str | None
    by: str = Field(description="the id of the token by which it was recorded")
    at: MomentOut
    withdrawn_at: MomentOut | None
    withdrawn_by: str | None


class AppliedNoticeOut(NoticeOut):
    """A notice just recorded or withdrawn."""

    changed: int = Field(description="records of meetings that were over already, and that it changed")


class NoticesOut(BodyOut):
    """A student's notices."""

    items: list[NoticeOut]


@router.post("", status_code=201, summary="Record an absence notice")
async def add_notice(
    student_id: StudentId,
    body: NoticeIn,
    services: ServicesHere,
    visitor: VisitorHere,
    new_id: NewId,
    response: Response,
) -> AppliedNoticeOut:
    """Excuse a student for a range of days: in each meeting in which they would otherwise be absent.

    Who comes all the same is present or late. Meetings that closed already are excused at once, also where a teacher
    confirmed the absence before; an absence that a person says in spite of a notice stands.
    """
    store, moment = services.store, now()
    await require_student(store, student_id)
    notice = Notice(
        new_id,
        student_id,
        body.first_day,
        body.last_day,
        body.reason,
        body.reason_code,
        visitor.principal.token_id,
        moment,
    )
    await made(notice.id, store.notices.add(notice), store.notices.get)
    changed = await store.notices.apply(notice, now=moment)
    services.relay.nudge()
    response.headers["Location"] = f"/v1/students/{student_id}/notices/{notice.id}"
    return _applied(notice, changed)


@router.get("", summary="List a student's absence notices")
async def list_notices(student_id: StudentId, store: StoreHere, visitor: VisitorHere) -> NoticesOut:
    """List all notices, withdrawn ones too, the latest day first; a student sees their own."""
    visitor.require("student", student_id, student_id)
    await require_student(store, student_id)
    return NoticesOut(items=[NoticeOut.model_validate(each) for each in await store.notices.of_student(student_id)])


@router.delete("/{notice_id}", summary="Withdraw an absence notice")
async def withdraw_notice(
    student_id: StudentId, notice_id: NoticeId, services: ServicesHere, visitor: VisitorHere
) -> AppliedNoticeOut:
    """Let a notice hold no more: what it excused is absent again, as it was before. Doing it again changes nothing."""
    store, moment = services.store, now()
    await _require_notice(services, student_id, notice_id)
    await store.notices.withdraw(notice_id, by=visitor.principal.token_id, now=moment)
    notice = await store.notices.get(notice_id)
    changed = await store.notices.apply(notice, now=moment)
    services.relay.nudge()
    return _applied(notice, changed)


def _applied(notice: Notice, changed: int) -> AppliedNoticeOut:
    return AppliedNoticeOut(**NoticeOut.model_validate(notice).model_dump(), changed=changed)


async def _require_notice(services: ServicesHere, student_id: str, notice_id: str) -> None:
    try:
        notice = await services.store.notices.get(notice_id)
    except Missing as error:
        raise not_found("notice", notice_id) from error
    if notice.student_id != student_id:
        raise not_found("notice", notice_id)
