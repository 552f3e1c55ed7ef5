"""Who may do what: one table from role to permissions, and the tokens that carry a role.

A token is `rc_ID_SECRET`. The store keeps only its SHA-256: the secret has 256 random bits, so a slow hash would add
nothing, and a thief of the database can't use it.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What the bearer of a token is to the school."""

    ADMINISTRATOR = "administrator"
    REGISTRAR = "registrar"
    TEACHER = "teacher"
    STUDENT = "student"
    DEVICE = "device"
    READER = "reader"


class Permission(StrEnum):
    """One thing that can be done. `own` ones hold only for what the token's subject names."""

    MANAGE_TOKENS = "manage_tokens"
    MANAGE_TIMETABLE = "manage_timetable"
    MANAGE_STUDENTS = "manage_students"
    READ_ALL_ATTENDANCE = "read_all_attendance"
    CORRECT_ALL_ATTENDANCE = "correct_all_attendance"
    READ_OWN_CLASSES = "read_own_classes"
    CORRECT_OWN_CLASSES = "correct_own_classes"
    READ_OWN_ATTENDANCE = "read_own_attendance"
    CHECK_IN_ONESELF = "check_in_oneself"
    SEND_OWN_FRAMES = "send_own_frames"
    READ_CARDS = "read_cards"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission)
    - {Permission.SEND_OWN_FRAMES, Permission.READ_CARDS, Permission.CHECK_IN_ONESELF},
    Role.REGISTRAR: frozenset(
        {
            Permission.MANAGE_TIMETABLE,
            Permission.MANAGE_STUDENTS,
            Permission.READ_ALL_ATTENDANCE,
            Permission.CORRECT_ALL_ATTENDANCE,
        }
    ),
    Role.TEACHER: frozenset({Permission.READ_OWN_CLASSES, Permission.CORRECT_OWN_CLASSES}),
    Role.STUDENT: frozenset({Permission.READ_OWN_ATTENDANCE, Permission.CHECK_IN_ONESELF}),
    Role.DEVICE: frozenset({Permission.SEND_OWN_FRAMES}),
    Role.READER: frozenset({Permission.READ_CARDS}),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. `subjects` are the ids that 'own' means: class ids, a student id, a camera id or a reader id."""

    token_id: str
    role: Role
    subjects: frozenset[str] = frozenset()
    expires_at: datetime | None = None

    def may(self, permission: Permission) -> bool:
        """Tell whether the role has the permission at all."""
        return permission in PERMISSIONS[self.role]

    def owns(self, subject: str) -> bool:
        """Tell whether this id is one of the principal's own."""
        return subject in self.subjects


_TOKEN = re.compile(r"rc_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token at the only moment when its secret is known."""

    id: str
    text: str
    digest: bytes


def make_token() -> NewToken:
    """Make a token with a random id and a secret of 256 bits."""
    token_id = secrets.token_hex(6)
    text = f"rc_{token_id}_{secrets.token_urlsafe(32)}"
    return NewToken(token_id, text, digest_of(text))


def token_id_of(text: str) -> str | None:
    """Read the id out of a token's text; None where it isn't one."""
    found = _TOKEN.fullmatch(text)
    return found.group(1) if found else None


def digest_of(text: str) -> bytes:
    """Give what the store keeps of a token."""
    return hashlib.sha256(text.encode()).digest()


def matches(text: str, digest: bytes) -> bool:
    """Compare a token with a stored digest, in the same time whether right or wrong."""
    return hmac.compare_digest(digest_of(text), digest)
