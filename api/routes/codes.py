"""The route without a face: a code that the teacher shows, and students give back."""

import io
import secrets
from typing import Annotated, Self

import segno
from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field, StringConstraints, model_validator

from api.bodies import BodyIn, BodyOut
from api.check_ins import check_in, is_on, not_on
from api.guard import GuardedRoute, VisitorHere
from api.lookups import require_meeting
from api.problems import Problem
from api.services import Services, ServicesHere
from api.texts import Id, MeetingId, Name
from api.times import MomentOut, now
from attendance.codes import (
    CLAIM_HOLDS,
    Claim,
    OpenCode,
    code_at,
    is_right,
    left_at,
    meeting_of_claim,
    read_claim,
    sign_claim,
)
from attendance.meetings import Meeting
from attendance.records import CheckIn
from attendance.status import Method, Status

router = APIRouter(prefix="/v1", tags=["codes and cards"], route_class=GuardedRoute)

TypedCode = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Device = Annotated[Name, StringConstraints(max_length=200)]


class OpenIn(BodyIn):
    """There is nothing to say beside the path."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class CodeOut(BodyOut):
    """The code to show now. Ask again when `seconds_left` are over."""

    meeting_id: str
    code: str
    seconds_left: float
    opened_at: MomentOut
    closes_at: MomentOut
    qr_svg: str = Field(description="the same as a QR code, to be put into a page")


class StartIn(BodyIn):
    """A code as it was typed, or read from the QR code, before the student is logged in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "K7MQ2X", "device": "the app's random id"}]})

    code: TypedCode
    meeting_id: Id | None = Field(default=None, description="where it is known; else the code tells")
    device: Device | None = Field(default=None, description="the same for each request from one device")


class ClaimOut(BodyOut):
    """That a code was right."""

    claim: str = Field(description="give it to `POST /v1/codes/redeem` once the student is logged in")
    expires_at: MomentOut


class RedeemIn(BodyIn):
    """A code, or the claim that an earlier call gave for it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "K7MQ2X", "device": "the app's random id"}]})

    code: TypedCode | None = None
    claim: Annotated[str, StringConstraints(max_length=1000)] | None = None
    meeting_id: Id | None = Field(default=None, description="where it is known; else the code tells")
    device: Device | None = Field(default=None, description="the same for each request from one device")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.code is None) == (self.claim is None):
            raise ValueError("give either a code or a claim")
        return self


class CheckedInOut(BodyOut):
    """Where the student stands now."""

    meeting_id: str
    student_id: str
    status: Status
    provisional: bool
    method: Method | None
    at: MomentOut = Field(description="the moment that counts: when the code was given first")


@router.post("/meetings/{meeting_id}/code", summary="Open a meeting's code")
async def open_code(meeting_id: MeetingId, body: OpenIn, services: ServicesHere, visitor: VisitorHere) -> CodeOut:
    """Open the code, from the meeting's arrival window on until its end, and give the one to show now.

    Opened again, it goes on. 409 `meeting_not_on` at another time.
    """
    meeting = await _own_meeting(services, visitor, meeting_id)
    moment = now()
    if not is_on(meeting, moment):
        raise not_on(meeting_id)
    return _shown(services, await services.store.codes.open(meeting_id, now=moment, closes_at=meeting.end))


@router.get("/meetings/{meeting_id}/code", summary="Get the code to show now")
async def get_code(meeting_id: MeetingId, services: ServicesHere, visitor: VisitorHere) -> CodeOut:
    """Get the present code with its QR code. Every 15 seconds it is another one; each is taken for 30 seconds more."""
    await _own_meeting(services, visitor, meeting_id)
    opened = await services.store.codes.get(meeting_id, now())
    if opened is None:
        raise Problem("not_found", f"meeting {meeting_id} has no open code: open one first")
    return _shown(services, opened)


@router.delete("/meetings/{meeting_id}/code", status_code=204, summary="Close a meeting's code")
async def close_code(meeting_id: MeetingId, services: ServicesHere, visitor: VisitorHere) -> None:
    """Take no more codes of this meeting, nor claims for them."""
    await _own_meeting(services, visitor, meeting_id)
    await services.store.codes.close(meeting_id)


@router.post("/codes/start", summary="Keep a code through the login")
async def start_with_code(body: StartIn, request: Request, services: ServicesHere) -> ClaimOut:
    """Check a code before the student is logged in, and give a claim that it was right at this moment.

    The claim holds for 10 minutes, is one student's only, and counts for the moment at which the code was given. No
    token is needed; whoever guesses is refused after some wrong ones (429 `too_many_guesses`).
    """
    caller = f"from {request.client.host if request.client else 'nowhere'}"
    opened = await _opened_by(services, caller, body.code, body.meeting_id)
    moment = now()
    claim = Claim(secrets.token_hex(8), opened.meeting_id, moment, _device(services, opened.meeting_id, body.device))
    return ClaimOut(claim=sign_claim(opened.secret, claim), expires_at=moment + CLAIM_HOLDS)


@router.post("/codes/redeem", summary="Give the code")
async def redeem_code(body: RedeemIn, services: ServicesHere, visitor: VisitorHere) -> CheckedInOut:
    """Say 'here', with the code that the teacher shows, or with a claim for it. Once a student and meeting counts.

    It gives present or late by the meeting's times, as being seen does. It is no person's word: what a teacher said of
    the student stands.
    """
    (student_id,) = visitor.principal.subjects
    caller = visitor.principal.token_id
    if body.claim is not None:
        claim, opened = await _claim(services, caller, body.claim)
        await services.store.codes.redeem(claim, student_id)
        at, device = claim.at, claim.device or _device(services, opened.meeting_id, body.device)
    else:
        opened = await _opened_by(services, caller, body.code or "", body.meeting_id)
        at, device = now(), _device(services, opened.meeting_id, body.device)
    meeting = await require_meeting(services.store, opened.meeting_id)
    record = await check_in(services, meeting, student_id, CheckIn(Method.CODE, at, caller, device))
    given = next(each for each in record.check_ins if each.method is Method.CODE)
    return CheckedInOut(
        meeting_id=meeting.id,
        student_id=student_id,
        status=record.status,
        provisional=record.provisional,
        method=record.method,
        at=given.at,
    )


async def _own_meeting(services: Services, visitor: VisitorHere, meeting_id: str) -> Meeting:
    meeting = await require_meeting(services.store, meeting_id)
    visitor.require("meeting", meeting_id, meeting.class_id)
    return meeting


async def _opened_by(services: Services, caller: str, code: str, meeting_id: str | None) -> OpenCode:
    services.guesses.check(caller)
    moment, codes = now(), services.store.codes
    if meeting_id is not None:
        only = await codes.get(meeting_id, moment)
        among = [only] if only else []
    else:
        among = await codes.all_open(moment)
    found = [opened for opened in among if is_right(opened.secret, code, moment)]
    if not found:
        services.guesses.note_wrong(caller)
        raise Problem("wrong_code", "this code isn't shown now: type the one that is")
    if len(found) > 1:
        raise Problem("wrong_code", "two meetings show this code now: say which by `meeting_id`, or take the next")
    return found[0]


async def _claim(services: Services, caller: str, text: str) -> tuple[Claim, OpenCode]:
    services.guesses.check(caller)
    moment, meeting_id = now(), meeting_of_claim(text)
    opened = await services.store.codes.get(meeting_id, moment) if meeting_id else None
    claim = read_claim(opened.secret, text, moment) if opened else None
    if claim is None or opened is None:
        services.guesses.note_wrong(caller)
        raise Problem("wrong_code", "this claim doesn't hold, or not any more: give the code that is shown now")
    return claim, opened


def _device(services: Services, meeting_id: str, device: str | None) -> str | None:
    return None if device is None else services.store.look_up.device(meeting_id, device)


def _shown(services: Services, opened: OpenCode) -> CodeOut:
    moment = now()
    code = code_at(opened.secret, moment)
    drawing = io.BytesIO()
    segno.make(services.settings.code_link.replace("{code}", code), error="m", micro=False).save(
        drawing, kind="svg", scale=8, xmldecl=False, title=code
    )
    return CodeOut(
        meeting_id=opened.meeting_id,
        code=code,
        seconds_left=left_at(moment).total_seconds(),
        opened_at=opened.opened_at,
        closes_at=opened.closes_at,
        qr_svg=drawing.getvalue().decode(),
    )
