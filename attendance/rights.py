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
    """What the bearer of a token is to the school. The order is that in which a person's roles are looked at."""

    ADMINISTRATOR = "administrator"
    REGISTRAR = "registrar"
    OFFICER = "officer"
    TEACHER = "teacher"
    SUBSTITUTE = "substitute"
    ADVISER = "adviser"
    ANALYST = "analyst"
    STUDENT = "student"
    DEVICE = "device"
    READER = "reader"


class Permission(StrEnum):
    """One thing that can be done. `own` ones hold only for what the token's subject names."""

    MANAGE_TOKENS = "manage_tokens"
    MANAGE_TIMETABLE = "manage_timetable"
    MANAGE_STUDENTS = "manage_students"
    READ_STUDENTS = "read_students"
    MANAGE_CONSENTS = "manage_consents"
    ERASE_STUDENTS = "erase_students"
    READ_AUDIT = "read_audit"
    SEE_ALL_THAT_IS_KEPT = "see_all_that_is_kept"
    READ_WITHOUT_NAMES = "read_without_names"
    READ_ALL_ATTENDANCE = "read_all_attendance"
    CORRECT_ALL_ATTENDANCE = "correct_all_attendance"
    READ_OWN_CLASSES = "read_own_classes"
    CORRECT_OWN_CLASSES = "correct_own_classes"
    READ_OWN_ADVISEES = "read_own_advisees"
    READ_OWN_ATTENDANCE = "read_own_attendance"
    CONSENT_FOR_ONESELF = "consent_for_oneself"
    SEE_WHAT_IS_KEPT_OF_ONESELF = "see_what_is_kept_of_oneself"
    CHECK_IN_ONESELF = "check_in_oneself"
    SEND_OWN_FRAMES = "send_own_frames"
    READ_CARDS = "read_cards"


_TEACHING = frozenset({Permission.READ_OWN_CLASSES, Permission.CORRECT_OWN_CLASSES})
# What is done in one's own name, or by a thing.
_NOT_FOR_ADMINISTRATORS = frozenset(
    {
        Permission.SEND_OWN_FRAMES,
        Permission.READ_CARDS,
        Permission.CHECK_IN_ONESELF,
        Permission.CONSENT_FOR_ONESELF,
        Permission.SEE_WHAT_IS_KEPT_OF_ONESELF,
        Permission.READ_OWN_ADVISEES,
    }
)

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission) - _NOT_FOR_ADMINISTRATORS,
    Role.REGISTRAR: frozenset(
        {
            Permission.MANAGE_TIMETABLE,
            Permission.MANAGE_STUDENTS,
            Permission.READ_STUDENTS,
            Permission.READ_ALL_ATTENDANCE,
            Permission.CORRECT_ALL_ATTENDANCE,
        }
    ),
    Role.OFFICER: frozenset(
        {
            Permission.READ_STUDENTS,
            Permission.MANAGE_CONSENTS,
            Permission.ERASE_STUDENTS,
            Permission.READ_AUDIT,
            Permission.SEE_ALL_THAT_IS_KEPT,
        }
    ),
    Role.TEACHER: _TEACHING,
    Role.SUBSTITUTE: _TEACHING,
    Role.ADVISER: frozenset({Permission.READ_OWN_ADVISEES}),
    Role.ANALYST: frozenset({Permission.READ_WITHOUT_NAMES}),
    Role.STUDENT: frozenset(
        {
            Permission.READ_OWN_ATTENDANCE,
            Permission.CHECK_IN_ONESELF,
            Permission.CONSENT_FOR_ONESELF,
            Permission.SEE_WHAT_IS_KEPT_OF_ONESELF,
        }
    ),
    Role.DEVICE: frozenset({Permission.SEND_OWN_FRAMES}),
    Role.READER: frozenset({Permission.READ_CARDS}),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. `subjects` are the ids that 'own' means: of classes, students, a camera or a reader.

    `token_id` is what the audit and a record's history know them by.
    """

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
