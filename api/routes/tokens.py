"""Tokens: who may do what."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator

from api.bodies import BodyIn, BodyOut
from api.cursors import CursorParameter, Limit, Page, make_page, read_key, write_key
from api.guard import GuardedRoute
from api.problems import Problem, invalid_field, not_found
from api.services import ServicesHere, StoreHere
from api.texts import Id, Name, TokenId
from api.times import MomentIn, MomentOut, now
from attendance.rights import Role
from attendance.store import Missing, Store

router = APIRouter(prefix="/v1/tokens", tags=["tokens"], route_class=GuardedRoute)

_SUBJECTS_NEEDED = {
    Role.TEACHER: "a teacher's token names the teacher's classes",
    Role.SUBSTITUTE: "a substitute's token names the classes that they stand in for",
    Role.ADVISER: "an adviser's token names the adviser's students",
    Role.STUDENT: "a student's token names one student",
    Role.DEVICE: "a device's token names one camera",
    Role.READER: "a reader's token names one card reader",
}
_MANY_SUBJECTS = frozenset({Role.TEACHER, Role.SUBSTITUTE, Role.ADVISER})


class TokenIn(BodyIn):
    """A token to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "role": "teacher",
                    "subjects": ["6f1c2f4e-4a7b-4d0e-9a57-3c1f0b7d2e90"],
                    "label": "A. Lovelace",
                    "expires_at": "2999-01-31T23:00:00Z",
                }
            ]
        }
    )

    role: Role
    subjects: Annotated[tuple[Id, ...], Field(max_length=500), AfterValidator(lambda ids: tuple(sorted(set(ids))))] = (
        Field(
            default=(),
            validate_default=True,
            description="a teacher's or substitute's classes, an adviser's students, or the one student, camera or "
            "card reader",
        )
    )
    label: Name | None = Field(default=None, description="for whom or what it is, for those who manage tokens")
    begins_at: MomentIn | None = Field(default=None, description="before this moment it isn't taken; null: from now on")
    expires_at: MomentIn | None = Field(
        default=None, validate_default=True, description="from this moment on it isn't taken; a substitute's has one"
    )

    @field_validator("subjects")
    @classmethod
    def _fit_the_role(cls, subjects: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        role = info.data.get("role")
        if role in _SUBJECTS_NEEDED:
            if not subjects or (role not in _MANY_SUBJECTS and len(subjects) != 1):
                raise ValueError(_SUBJECTS_NEEDED[role])
        elif subjects:
            raise ValueError("this role's token names no subjects: it holds for all")
        return subjects

    @field_validator("expires_at")
    @classmethod
    def _in_the_future(cls, expires_at: datetime | None, info: ValidationInfo) -> datetime | None:
        begins_at = info.data.get("begins_at")
        if expires_at is None and info.data.get("role") is Role.SUBSTITUTE:
            raise ValueError("a substitute's token ends at some moment: say when")
        if expires_at is not None and begins_at is not None and expires_at <= begins_at:
            raise ValueError("it would expire before it begins")
        if expires_at is not None and expires_at <= now():
            raise ValueError("it would have expired already")
        return expires_at


class TokenOut(BodyOut):
    """A token, without its text."""

    id: str
    role: Role
    subjects: list[str]
    label: str
    created_at: MomentOut
    begins_at: MomentOut | None
    expires_at: MomentOut | None
    revoked_at: MomentOut | None
    last_used_at: MomentOut | None = Field(description="to the minute; null: never")


class NewTokenOut(BodyOut):
    """A token at the only moment when its text is known."""

    id: str
    role: Role
    subjects: list[str]
    token: str = Field(description="shown this once: hand it on now")
    begins_at: MomentOut | None
    expires_at: MomentOut | None


@router.post("", status_code=201, summary="Make a token")
async def make_token(body: TokenIn, store: StoreHere, response: Response) -> NewTokenOut:
    """Make a token for a person or an application. Its text is in this answer, and nowhere else."""
    await _require_subjects(store, body.role, body.subjects)
    token = await store.tokens.create(
        body.role,
        now=now(),
        subjects=frozenset(body.subjects),
        begins_at=body.begins_at,
        expires_at=body.expires_at,
        label=body.label or "",
    )
    response.headers["Location"] = f"/v1/tokens/{token.id}"
    return NewTokenOut(
        id=token.id,
        role=body.role,
        subjects=list(body.subjects),
        token=token.text,
        begins_at=body.begins_at,
        expires_at=body.expires_at,
    )


@router.get("", summary="List the tokens")
async def list_tokens(store: StoreHere, cursor: CursorParameter = None, limit: Limit = 50) -> Page[TokenOut]:
    """List all tokens without their texts, revoked ones too, in order of id."""
    found = await store.tokens.page(after=read_key(cursor), limit=limit + 1)
    return make_page(found, limit, TokenOut.model_validate, lambda entry: write_key(entry.id))


@router.delete("/{token_id}", status_code=204, summary="Revoke a token")
async def revoke_token(token_id: TokenId, services: ServicesHere) -> None:
    """End a token. Here it stops working at once, in other processes within seconds. The last administrator's stays."""
    store = services.store
    try:
        entry = await store.tokens.get(token_id)
    except Missing as error:
        raise not_found("token", token_id) from error
    if entry.revoked_at is not None:
        return
    if entry.role is Role.ADMINISTRATOR and await store.tokens.count_administrators() <= 1:
        raise Problem("last_administrator", "make another administrator's token first")
    await store.tokens.revoke(token_id, now())
    services.authenticator.forget(token_id)


async def _require_subjects(store: Store, role: Role, subjects: tuple[str, ...]) -> None:
    match role:
        case Role.TEACHER | Role.SUBSTITUTE:
            unknown = set(subjects) - (await store.classes.get_many(list(subjects))).keys()
        case Role.STUDENT | Role.ADVISER:
            unknown = set(subjects) - (await store.students.get_many(list(subjects))).keys()
        case Role.DEVICE:
            unknown = set(subjects) - (await store.cameras.get_many(list(subjects))).keys()
        case Role.READER:
            unknown = {each for each in subjects if not await store.cards.has_reader(each)}
        case _:
            return
    if unknown:
        detail = f"there is no {_SUBJECT_OF[role]} {min(unknown)}"
        raise invalid_field("body", "subjects", "unknown_subject", detail)


_SUBJECT_OF = {
    Role.TEACHER: "class",
    Role.SUBSTITUTE: "class",
    Role.ADVISER: "student",
    Role.STUDENT: "student",
    Role.DEVICE: "camera",
    Role.READER: "reader",
}
