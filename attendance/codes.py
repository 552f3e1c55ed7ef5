"""The short code by which students say that they are here: shown by the teacher, another one every 15 seconds. Pure.

A code follows from a secret of the meeting's own and the time, so that any process can show and check it. It is shown
for one step and taken for two more: phones are slow to be unlocked, and people to type.

Whoever has typed a code but isn't logged in yet gets a claim for it: a signed note that the code was right at that
moment. The claim is taken for as long as a login may take, counts for the moment at which the code was typed, and is
one student's only.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

STEP = timedelta(seconds=15)
# Steps for which a code is taken after its own.
MARGIN_STEPS = 2
CLAIM_HOLDS = timedelta(minutes=10)
LENGTH = 6
# No sign that looks like another one (0 and O, 1, I and L, U and V), and no vowel that would make words.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
SECRET_BYTES = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OpenCode:
    """A meeting whose code is shown. `secret` never leaves the store and the processes of the API."""

    meeting_id: str
    secret: bytes
    opened_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A code that was right at a moment. `device`: a keyed hash of the device that gave it; None: it told nothing."""

    id: str
    meeting_id: str
    at: datetime
    device: str | None


def code_at(secret: bytes, moment: datetime) -> str:
    """Give the code that is shown at a moment."""
    return _code(secret, _step(moment))


def left_at(moment: datetime) -> timedelta:
    """Give how long the code of this moment is still shown."""
    return STEP - (moment - _EPOCH) % STEP


def is_right(secret: bytes, typed: str, moment: datetime) -> bool:
    """Tell whether a code, as it was typed, is taken at a moment."""
    text, step = normalised(typed), _step(moment)
    taken = (_code(secret, step - back) for back in range(MARGIN_STEPS + 1))
    return any(hmac.compare_digest(code.encode(), text.encode()) for code in taken)


def normalised(typed: str) -> str:
    """Give a code without what people put between its signs, in capitals."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def sign_claim(secret: bytes, claim: Claim) -> str:
    """Write a claim as a text that only the meeting's secret can make."""
    fields = [claim.id, claim.meeting_id, claim.at.isoformat(), claim.device]
    body = base64.urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode()).rstrip(b"=")
    return f"{body.decode()}.{_signature(secret, body)}"


def meeting_of_claim(text: str) -> str | None:
    """Read of which meeting a claim is, before it is checked; None where it is none."""
    claim = _read(text)
    return claim.meeting_id if claim else None


def read_claim(secret: bytes, text: str, now: datetime) -> Claim | None:
    """Read a claim; None where its signature is wrong, or it doesn't hold any more."""
    body, _, signature = text.partition(".")
    claim = _read(text)
    if claim is None or not hmac.compare_digest(_signature(secret, body.encode()), signature):
        return None
    return claim if claim.at <= now < claim.at + CLAIM_HOLDS else None


def new_secret() -> bytes:
    """Make the secret of a meeting's codes."""
    return secrets.token_bytes(SECRET_BYTES)


def _step(moment: datetime) -> int:
    return (moment - _EPOCH) // STEP


def _code(secret: bytes, step: int) -> str:
    number = int.from_bytes(hmac.new(secret, f"code {step}".encode(), hashlib.sha256).digest(), "big")
    signs = []
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        signs.append(ALPHABET[place])
    return "".join(signs)


def _signature(secret: bytes, body: bytes) -> str:
    return hmac.new(secret, b"claim " + body, hashlib.sha256).hexdigest()


def _read(text: str) -> Claim | None:
    if not text.isascii():
        return None
    body, _, _ = text.partition(".")
    try:
        fields = json.loads(base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True))
        match fields:
            case [str(its_id), str(meeting_id), str(at), (str() | None) as device]:
                moment = datetime.fromisoformat(at)
                return Claim(its_id, meeting_id, moment, device) if moment.tzinfo else None
    except (ValueError, binascii.Error, RecursionError):
        return None
    return None
