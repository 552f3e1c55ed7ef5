"""The frame message on the topic `frames`: a picture's bytes, CloudEvents binary-mode headers, and a signature.

The key is the camera's id. The signature is an HMAC-SHA256 over id, time, key and the body's hash: Kafka's ACLs can't
see keys, so it is what ties a frame to the camera that it claims. CloudEvents Kafka binding 1.0.2, section 3.2.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

FRAME_TYPE = "org.rollcall.frame.v1"
GATEWAY_KEY_ID = "gateway"
REQUIRED_HEADERS = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_signature", "content-type")
# When ingest got it; frames that a camera produces itself needn't say it.
RECEIVED_AT = "ce_receivedat"
CONTENT_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}

# An id is copied into logs, headers and the signed text: a line break or a kilobyte in it would let one field pose as
# two, or fill the logs.
ID = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
# RFC 3339, section 5.6; `fromisoformat` alone would take weeks, ordinal days and times without seconds too.
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")
SIGNATURE = re.compile(r"([A-Za-z0-9._\-]{1,64}):([0-9a-f]{64})")

Headers = list[tuple[str, bytes]]


class BadFrame(ValueError):
    """A frame message that breaks the contract. `code` is stable; the text says what is wrong."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as taken: `picture` is its bytes, `taken_at` and `received_at` are aware datetimes."""

    id: str
    camera_id: str
    taken_at: datetime
    content_type: str
    picture: bytes
    received_at: datetime | None = None


def check_frame_id(frame_id: str) -> str:
    """Give the id back where it can be one.

    Raises:
        BadFrame: `bad_id`.
    """
    if not ID.fullmatch(frame_id):
        raise BadFrame("bad_id", "a frame's id is 1 to 128 letters, digits and . _ : -")
    return frame_id


def readable_id(raw: bytes | None) -> str | None:
    """Give an id that a message claims, checked or not, for a log; None where it can't be one."""
    text = (raw or b"").decode("ascii", "replace")
    return text if ID.fullmatch(text) else None


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time, down to the millisecond (the store keeps no more); it must say its offset.

    Raises:
        BadFrame: `bad_time`.
    """
    try:
        if not TIME.fullmatch(text):
            raise ValueError("not RFC 3339")
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    except (ValueError, OverflowError) as error:
        raise BadFrame("bad_time", f"not an RFC 3339 time with an offset: {text[:40]!r}") from error


def format_time(moment: datetime) -> str:
    """Write a time as RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sign(frame_id: str, time: str, camera_id: str, body: bytes, *, key_id: str, key: bytes) -> str:
    """Give `ce_signature`: the key's id, a colon, and the HMAC in hex."""
    return f"{key_id}:{_mac(frame_id, time, camera_id, body, key)}"


def to_headers(frame: Frame, *, key_id: str, key: bytes) -> Headers:
    """Write a frame's Kafka headers, signed."""
    time = format_time(frame.taken_at)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": frame.id,
        "ce_source": f"/cameras/{frame.camera_id}",
        "ce_type": FRAME_TYPE,
        "ce_time": time,
        "content-type": frame.content_type,
        "ce_signature": sign(frame.id, time, frame.camera_id, frame.picture, key_id=key_id, key=key),
    }
    if frame.received_at is not None:
        headers[RECEIVED_AT] = format_time(frame.received_at)
    return [(name, value.encode()) for name, value in headers.items()]


def from_message(
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes | None]] | Mapping[str, bytes | None] | None,
    *,
    find_key: Callable[[str, str], bytes | None],
) -> Frame:
    """Read a frame out of a Kafka message and check its signature.

    `find_key(camera_id, key_id)` gives the signing key, or None where that camera has no such key.

    Raises:
        BadFrame: `missing_key`, `bad_key`, `missing_value`, `missing_header`, `bad_header`, `wrong_type`, `bad_id`,
            `bad_time`, `wrong_source`, `bad_signature`.
    """
    if not key:
        raise BadFrame("missing_key", "the message has no key; it must be the camera's id")
    if not value:
        raise BadFrame("missing_value", "the message has no value; it must be the picture's bytes")
    camera_id = _text(key, "bad_key", "key")
    if not ID.fullmatch(camera_id):
        raise BadFrame("bad_key", "the key is no camera's id")
    texts = _header_texts(headers)
    if texts["ce_specversion"] != "1.0" or texts["ce_type"] != FRAME_TYPE:
        raise BadFrame("wrong_type", f"not a CloudEvents 1.0 message of the type {FRAME_TYPE}")
    if texts["ce_source"] != f"/cameras/{camera_id}":
        raise BadFrame("wrong_source", "ce_source names another camera than the key")
    frame_id = check_frame_id(texts["ce_id"])
    taken_at = parse_time(texts["ce_time"])
    signature = SIGNATURE.fullmatch(texts["ce_signature"])
    secret = find_key(camera_id, signature.group(1)) if signature else None
    if signature is None or secret is None:
        raise BadFrame("bad_signature", "ce_signature is not KEYID:HMAC by a key of this camera or of the gateway")
    if not hmac.compare_digest(signature.group(2), _mac(frame_id, texts["ce_time"], camera_id, value, secret)):
        raise BadFrame("bad_signature", "ce_signature doesn't fit the message")
    received = texts.get(RECEIVED_AT)
    return Frame(
        id=frame_id,
        camera_id=camera_id,
        taken_at=taken_at,
        content_type=texts["content-type"],
        picture=value,
        received_at=parse_time(received) if received else None,
    )


def _header_texts(headers: Iterable[tuple[str, bytes | None]] | Mapping[str, bytes | None] | None) -> dict[str, str]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    texts: dict[str, str] = {}
    for name, raw in pairs:
        if name not in REQUIRED_HEADERS and name != RECEIVED_AT:
            continue
        if name in texts:
            raise BadFrame("bad_header", f"the header {name} stands twice")
        if raw is None:
            raise BadFrame("missing_header", f"the header {name} has no value")
        texts[name] = _text(raw, "bad_header", name)
    missing = [name for name in REQUIRED_HEADERS if name not in texts]
    if missing:
        raise BadFrame("missing_header", f"headers are missing: {', '.join(missing)}")
    return texts


def _text(raw: bytes, code: str, what: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadFrame(code, f"{what} is not UTF-8") from error


def _mac(frame_id: str, time: str, camera_id: str, body: bytes, key: bytes) -> str:
    signed = "\n".join([frame_id, time, camera_id, hashlib.sha256(body).hexdigest()])
    return hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
