"""Which dead letters are meant, what there is of them, and which of those may be replayed."""

import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ingest.contract import BadFrame, parse_time
from stream_app.dead_topic import DeadTopic, Letter, Place, letter_of, receipt_of

_AGE = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Letters of one reason, of one camera, or at one place; all of them where nothing is said."""

    reason: str | None = None
    camera: str | None = None
    place: Place | None = None

    def takes(self, letter: Letter) -> bool:
        """Tell whether a letter is meant."""
        return (
            self.reason in (None, letter.reason)
            and self.camera in (None, letter.camera)
            and self.place in (None, letter.place)
        )


@dataclass(slots=True)
class Overview:
    """What there is: letters and their bytes by (reason, camera), and the newest letters.

    `replayed` are the places of those that were sent back to `frames`.
    """

    newest: deque[Letter]
    letters: Counter[tuple[str, str]] = field(default_factory=Counter)
    sizes: Counter[tuple[str, str]] = field(default_factory=Counter)
    replayed_letters: Counter[tuple[str, str]] = field(default_factory=Counter)
    replayed: set[Place] = field(default_factory=set)


@dataclass(slots=True)
class Replayable:
    """What a replay would send, oldest first, and what it leaves out and why."""

    places: list[Place] = field(default_factory=list)
    replayed_before: int = 0
    replayed_too_often: int = 0
    beyond_limit: int = 0


async def overview(
    topic: DeadTopic, selection: Selection, *, newest: int, on_read: Callable[[], None] = lambda: None
) -> Overview:
    """Count the letters that are meant. Memory grows with cameras and replays, not with letters."""
    found = Overview(deque(maxlen=newest))
    async for record in topic.records(on_read):
        receipt = receipt_of(record)
        if receipt is not None:
            meant = selection.reason in (None, receipt.reason) and selection.camera in (None, receipt.camera)
            # Its letter may be older than what is read, and of a letter that was replayed twice there are two.
            if meant and topic.holds(receipt.of) and receipt.of not in found.replayed:
                found.replayed.add(receipt.of)
                found.replayed_letters[receipt.reason, receipt.camera] += 1
            continue
        letter = letter_of(record)
        if selection.takes(letter):
            found.letters[letter.reason, letter.camera] += 1
            found.sizes[letter.reason, letter.camera] += letter.size
            found.newest.append(letter)
    return found


async def replayable(
    topic: DeadTopic,
    selection: Selection,
    *,
    max_replays: int,
    limit: int | None,
    on_read: Callable[[], None] = lambda: None,
) -> Replayable:
    """Choose what to replay: no letter that has a receipt, none whose frame was replayed `max_replays` times."""
    result = Replayable()
    meant: list[tuple[datetime, Place]] = []
    replayed: set[Place] = set()
    async for record in topic.records(on_read):
        receipt = receipt_of(record)
        if receipt is not None:
            replayed.add(receipt.of)
            continue
        letter = letter_of(record)
        if not selection.takes(letter):
            continue
        if letter.replays >= max_replays:
            result.replayed_too_often += 1
        else:
            meant.append((letter.at, letter.place))
    fresh = sorted(each for each in meant if each[1] not in replayed)
    result.replayed_before = len(meant) - len(fresh)
    result.places = [place for _, place in fresh][:limit]
    result.beyond_limit = len(fresh) - len(result.places)
    return result


def parse_since(text: str, now: datetime) -> datetime:
    """Read a moment: an age such as `30m` or `2h`, or an RFC 3339 time.

    Raises:
        ValueError: it is neither.
    """
    age = _AGE.fullmatch(text)
    if age:
        return now - timedelta(**{_UNITS[age.group(2)]: int(age.group(1))})
    try:
        return parse_time(text)
    except BadFrame as error:
        raise ValueError(
            f"{text!r} is neither an age such as 30m or 2h nor a time such as 2026-03-02T09:00:00Z"
        ) from error


def parse_place(text: str) -> Place:
    """Read PARTITION:OFFSET.

    Raises:
        ValueError: it is none.
    """
    partition, _, offset = text.partition(":")
    if not (partition.isascii() and partition.isdigit() and offset.isascii() and offset.isdigit()):
        raise ValueError(f"{text!r} is no PARTITION:OFFSET as `rollcall dead list` shows them")
    return int(partition), int(offset)
