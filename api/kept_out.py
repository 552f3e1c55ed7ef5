"""Everything that is kept of one student, as they may ask for it."""

import base64
import json
from datetime import date
from typing import Any, Self

from pydantic import Field

from api.audit_out import AuditLineOut
from api.bodies import BodyOut
from api.roll_out import CheckInOut, RevisionOut, SightingOut
from api.times import MomentOut, now
from attendance.meetings import Meeting
from attendance.people import Consent, ConsentStep, Enrollment, StoredTemplate, Student
from attendance.records import Record
from attendance.rights import Role
from attendance.status import Method, Status
from attendance.store import Store
from attendance.store.event_log import LogFilter
from attendance.store.tokens import TokenEntry

_PAGE = 500
_EVENTS_A_PAGE = 200


class KeptIdentityOut(BodyOut):
    """Who the student is to the school."""

    id: str
    given_name: str
    family_name: str
    sourced_id: str | None
    email: str | None
    needs_guardian: bool


class KeptConsentOut(BodyOut):
    """The standing consent."""

    basis: str
    notice_version: str
    given_by: str
    given_at: MomentOut
    guardian: str | None


class KeptConsentEntryOut(BodyOut):
    """What became of a consent, once."""

    step: ConsentStep
    at: MomentOut
    by: str = Field(description="the token that said it")
    notice_version: str | None
    basis: str | None
    given_by: str | None
    guardian: str | None


class KeptHoldOut(BodyOut):
    """A legal hold: why records have to stay."""

    reason: str
    at: MomentOut


class KeptTemplateOut(BodyOut):
    """What is kept of a photo: the numbers that an encoder made of the face. The picture isn't kept."""

    id: str
    encoder: str
    created_at: MomentOut
    numbers: str = Field(description="float32, little-endian, in base64")

    @classmethod
    def of(cls, stored: StoredTemplate) -> Self:
        """Show a template whole."""
        numbers = base64.b64encode(stored.template.vector.astype("<f4").tobytes()).decode()
        return cls(id=stored.id, encoder=stored.template.encoder, created_at=stored.created_at, numbers=numbers)


class KeptPlaceOut(BodyOut):
    """A place in a class."""

    class_id: str
    class_title: str | None
    begin: date | None
    end: date | None


class KeptNoticeOut(BodyOut):
    """An absence notice."""

    id: str
    first_day: date
    last_day: date
    reason: str
    reason_code: str | None
    at: MomentOut
    withdrawn_at: MomentOut | None


class KeptTokenOut(BodyOut):
    """A token of the student's, without its text."""

    id: str
    label: str
    created_at: MomentOut
    expires_at: MomentOut | None
    revoked_at: MomentOut | None
    last_used_at: MomentOut | None


class KeptRecordOut(BodyOut):
    """One meeting, with all that is known of the student there."""

    meeting_id: str
    class_id: str | None
    start: MomentOut | None
    status: Status
    provisional: bool
    method: Method | None
    reason: str | None
    reason_code: str | None
    sightings: list[SightingOut]
    check_ins: list[CheckInOut]
    history: list[RevisionOut]

    @classmethod
    def of(cls, record: Record, meeting: Meeting | None) -> Self:
        """Show a record whole."""
        return cls(
            meeting_id=record.meeting_id,
            class_id=meeting.class_id if meeting else None,
            start=meeting.start if meeting else None,
            status=record.status,
            provisional=record.provisional,
            method=record.method,
            reason=record.reason,
            reason_code=record.reason_code,
            sightings=[SightingOut.model_validate(each) for each in record.sightings],
            check_ins=[CheckInOut.model_validate(each) for each in record.check_ins],
            history=[RevisionOut.model_validate(each) for each in record.history],
        )


class KeptOut(BodyOut):
    """Everything that is kept of one student, and who looked."""

    at: MomentOut
    student: KeptIdentityOut
    consent: KeptConsentOut | None
    consent_history: list[KeptConsentEntryOut] = Field(description="what became of consents, the earliest first")
    hold: KeptHoldOut | None
    templates: list[KeptTemplateOut]
    has_card: bool = Field(description="its number is kept as a keyed hash, and can't be read back")
    classes: list[KeptPlaceOut]
    notices: list[KeptNoticeOut]
    tokens: list[KeptTokenOut]
    records: list[KeptRecordOut]
    events: list[dict[str, Any]] = Field(description="what was told to those who follow attendance, as it was told")
    looks: list[AuditLineOut] = Field(description="who looked at or changed any of it, the latest first")


async def kept_of(store: Store, student: Student, commitment: str) -> KeptOut:
    """Gather everything that is kept of a student."""
    consent: Consent | None = await store.biometrics.consent_of(student.id)
    hold = await store.erasures.hold_of(student.id)
    places: list[Enrollment] = await store.classes.enrollments.of_student(student.id)
    classes = await store.classes.get_many([place.class_id for place in places])
    records = await _records(store, student.id)
    meetings = await store.meetings.get_many([record.meeting_id for record in records])
    tokens: list[TokenEntry] = await store.tokens.of_subject(Role.STUDENT, student.id)
    return KeptOut(
        at=now(),
        student=KeptIdentityOut.model_validate(student),
        consent=KeptConsentOut.model_validate(consent) if consent else None,
        consent_history=[
            KeptConsentEntryOut.model_validate(each) for each in await store.biometrics.history_of(student.id)
        ],
        hold=KeptHoldOut.model_validate(hold) if hold else None,
        templates=[KeptTemplateOut.of(each) for each in await store.biometrics.templates_of([student.id])],
        has_card=await store.cards.has_card(student.id),
        classes=[
            KeptPlaceOut(
                class_id=place.class_id,
                class_title=classes[place.class_id].title if place.class_id in classes else None,
                begin=place.begin,
                end=place.end,
            )
            for place in places
        ],
        notices=[KeptNoticeOut.model_validate(each) for each in await store.notices.of_student(student.id)],
        tokens=[KeptTokenOut.model_validate(each) for each in tokens],
        records=[KeptRecordOut.of(record, meetings.get(record.meeting_id)) for record in records],
        events=await _events(store, student.id),
        looks=[AuditLineOut.of(number, line) for number, line in await store.audit.about(commitment)],
    )


async def _records(store: Store, student_id: str) -> list[Record]:
    found: list[Record] = []
    while True:
        after = None
        if found:
            last = found[-1]
            meeting = await store.meetings.get(last.meeting_id)
            after = (meeting.start, f"{last.meeting_id}:{student_id}")
        page = await store.records.of_student(student_id, start=None, end=None, after=after, limit=_PAGE)
        found += page
        if len(page) < _PAGE:
            return found


async def _events(store: Store, student_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = await store.event_log.read(after=0, limit=_EVENTS_A_PAGE, only=LogFilter(student_id=student_id))
    while True:
        found += [json.loads(event.payload) for event in page.events]
        if not page.more:
            return found
        after = page.read_to
        page = await store.event_log.read(after=after, limit=_EVENTS_A_PAGE, only=LogFilter(student_id=student_id))
