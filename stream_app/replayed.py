"""What a replayed frame says of itself, beside its own headers, which stay as they were.

A replay comes long after the frame did, and the clock check compares a frame's time with its arrival. So a replay
brings the original's arrival along, signed with the gateway's key: only who holds that key can date an arrival back.
The frame itself is still checked by its own signature, and known by its own `ce_id`.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from ingest.contract import BadFrame, format_time, parse_time

REPLAY_PREFIX = "rollcall_"
REPLAYS = "rollcall_replays"
REPLAY_OF = "rollcall_replayof"
ARRIVED_AT = "rollcall_arrivedat"
SIGNATURE = "rollcall_replaysignature"
# A number with more digits is nobody's count, and Python refuses to read one of thousands.
_MOST_DIGITS = 9

Headers = Iterable[tuple[str, bytes | None]]


class BadReplay(ValueError):
    """A frame says that it is a replay and can't show it."""


def replay_headers(
    *, key: bytes | None, body: bytes, arrived_at: datetime, replays: int, letter: str, gateway_key: bytes
) -> list[tuple[str, bytes]]:
    """Give the headers of the replay number `replays` of a frame that arrived first at `arrived_at`.

    `letter` is the dead letter's PARTITION:OFFSET in `frames.dead`.
    """
    arrived, count = format_time(arrived_at), str(replays)
    mac = _mac(key, body, arrived, count, gateway_key)
    texts = {REPLAYS: count, REPLAY_OF: letter, ARRIVED_AT: arrived, SIGNATURE: mac}
    return [(name, text.encode()) for name, text in texts.items()]


def count_replays(headers: Headers) -> int:
    """Give how often a frame was replayed; 0 where it doesn't say."""
    text = _last(headers, REPLAYS)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0


def first_arrival(key: bytes | None, body: bytes, headers: Headers, gateway_key: bytes) -> datetime | None:
    """Give when a replayed frame arrived first; None for a frame that is no replay.

    Raises:
        BadReplay: it names an arrival that the gateway's key didn't sign.
    """
    kept = tuple(headers)
    arrived, signature = _last(kept, ARRIVED_AT), _last(kept, SIGNATURE)
    if not arrived and not signature:
        return None
    expected = _mac(key, body, arrived, _last(kept, REPLAYS), gateway_key)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        raise BadReplay(
            "the replay's signature doesn't fit: `rollcall dead replay` needs the gateway key of the stream app"
        )
    try:
        return parse_time(arrived)
    except BadFrame as error:
        raise BadReplay("the replay's time of arrival is no time") from error


def _last(headers: Headers, name: str) -> str:
    values = [value for each, value in headers if each == name]
    return (values[-1] or b"").decode("utf-8", "replace") if values else ""


def _mac(key: bytes | None, body: bytes, arrived: str, replays: str, gateway_key: bytes) -> str:
    # Six lines, where a frame's own signature has four: the one can never stand for the other.
    lines = ["rollcall replay", "1", arrived, replays, (key or b"").hex(), hashlib.sha256(body).hexdigest()]
    return hmac.new(gateway_key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()
