"""Every event in one order that a reader can follow, over all history.

A cursor into events by their time would miss some: an event is stamped before its write can be seen, by how much
nobody can bound (a process may stand still in between), and several processes stamp by clocks of their own. So nothing
here goes by time. A change leaves its document flagged as unnumbered, in the same write. Whoever wants to read first
numbers what is flagged: each event gets the number after the highest, in an insert that a unique index lets succeed
only once. What that gives, whatever dies, stalls or runs twice:

- **Nothing is missed.** A change that can be seen is flagged until its events have numbers. One that can't be seen
  yet gets a number later, so a higher one than any that was read.
- **Numbers have no gaps and appear in order.** Number n + 1 is only tried by who has seen n, or wrote it just before.
  Who has read up to n has read all that ever gets a number up to n.
- **Nothing is there twice.** An entry's id is the event's, so an event that two number at once gets one number.
- **A record's events are in order of revision**, a meeting's in order of close number: they are numbered in that order.

Entries hold where the payload is, not the payload: it stays frozen in its document, and goes with it. Reads are of what
the majority has, so that no number that was read is given to another event after a failover.

SecantusDB sorts all that a question matches before it takes the first, so the highest number isn't asked for by order:
it is found by looking numbers up, which works because there are no gaps, and kept.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random

from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.errors import BulkWriteError

from attendance.events import EventType
from attendance.ids import attendance_event_id, meeting_closed_event_id
from attendance.store.collection import Collection, Document, create_indexes, find_all, find_by_ids, find_one
from attendance.store.errors import unavailable_on_network_error

# So many documents are numbered before a reader gets its page: more than a page holds, so a backlog only shrinks.
NUMBERED_AT_ONCE = 250
# A type has no index of its own: so many numbers are looked through for one page.
LOOKED_THROUGH = 5_000
# Of those who number at once, all but one try again; at the same time, they would meet again.
LONGEST_WAIT_SECONDS = 0.05

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_DUPLICATE = 11000
_ALL_NUMBERS = 2**53


def unnumbered(since: datetime) -> Document:
    """Flag a document whose newest events have no number. For `$min`: the longest waiting are numbered first."""
    return {"unnumbered_since": since}


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event: its number in the log, what it tells of whom, and its frozen JSON text."""

    number: int
    type: EventType
    student_id: str | None
    payload: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """The next events, and the number to go on after: past what the filter left out too. `more`: there is more now."""

    events: tuple[LoggedEvent, ...]
    read_to: int
    more: bool


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which events are wanted. None: all; `class_ids`: those of any of these classes."""

    type: EventType | None = None
    class_ids: tuple[str, ...] | None = None
    student_id: str | None = None
    meeting_id: str | None = None

    def queries(self) -> list[Document]:
        """Give it as questions of which the answers together are wanted.

        One for each class: SecantusDB's time for `$in` grows with the square of the list.
        """
        wanted = {
            "student_id": self.student_id,
            "meeting_id": self.meeting_id,
            "type": self.type.value if self.type else None,
        }
        query = {field: value for field, value in wanted.items() if value is not None}
        if self.class_ids is None:
            return [query]
        return [{**query, "class_id": class_id} for class_id in self.class_ids]

    def span(self, limit: int) -> int:
        """Give how many numbers are looked through for a page: cheaper than an order, where no index is for less."""
        if self.class_ids is not None or self.student_id or self.meeting_id:
            return _ALL_NUMBERS
        return LOOKED_THROUGH if self.type else limit


ALL_EVENTS = LogFilter()


@dataclass(frozen=True, slots=True)
class _Source:
    """A collection whose documents keep events: in which list, how many there are, and how an entry names one."""

    collection: Collection
    steps: str
    count: str
    entry: Callable[[Document, int], Document]


class EventLog:
    """The collection `event_log`, over the events in `records`, `meetings` and `erasures`."""

    def __init__(self, log: Collection, *, records: Collection, meetings: Collection, erasures: Collection) -> None:
        self._log = log
        self._sources = {
            "records": _Source(records, "history", "revision", _changed),
            "meetings": _Source(meetings, "closes", "close_number", _closed),
            "erasures": _Source(erasures, "told", "told_number", _erased),
        }
        self._highest = 0
        self._numbering = asyncio.Lock()

    async def ensure_indexes(self) -> None:
        """Numbers are given once; followers ask by number alone, or for one student, class or meeting."""
        by = [IndexModel([(field, ASCENDING), ("number", ASCENDING)]) for field in ("student_id", "class_id")]
        of_meeting = IndexModel([("meeting_id", ASCENDING), ("number", ASCENDING)])
        await create_indexes(self._log, [IndexModel([("number", ASCENDING)], unique=True), *by, of_meeting])
        for source in self._sources.values():
            await create_indexes(source.collection, [IndexModel([("unnumbered_since", ASCENDING)], sparse=True)])

    async def read(self, *, after: int, limit: int, only: LogFilter = ALL_EVENTS) -> LogPage:
        """Give the next events after a number, those of every change that can be seen now among them.

        A page may be short although there is more: go on after `read_to`.
        """
        more = await self.number()
        highest = await self.highest()
        until = min(highest, after + only.span(limit))
        numbers = {"$gt": after, "$lt": until + 1}
        found: list[Document] = []
        for query in only.queries():
            query["number"] = numbers
            found += await find_all(self._log, query, sort=[("number", ASCENDING)], limit=limit)
        found = sorted(found, key=lambda entry: int(entry["number"]))[:limit]
        read_to = found[-1]["number"] if len(found) == limit else max(until, after)
        return LogPage(await self._with_payloads(found), read_to, more or read_to < highest)

    async def number(self) -> bool:
        """Number what is flagged, the longest waiting first, as much as one call may; tell whether more may wait."""
        async with self._numbering:
            return any([await self._number(name, source) for name, source in self._sources.items()])

    async def highest(self) -> int:
        """Give the highest number so far."""
        highest, step = self._highest, 1
        while await self._has(highest + step):
            highest += step
            step *= 2
        while step > 1:
            step //= 2
            if await self._has(highest + step):
                highest += step
        self._highest = max(self._highest, highest)
        return highest

    async def _has(self, number: int) -> bool:
        return await find_one(self._log, {"number": number}) is not None

    async def _number(self, name: str, source: _Source) -> bool:
        flagged = await find_all(
            source.collection,
            {"unnumbered_since": {"$gt": _EVER}},
            sort=[("unnumbered_since", ASCENDING)],
            limit=NUMBERED_AT_ONCE,
        )
        if not flagged:
            return False
        entries = [
            {"source": name, "document": document["_id"], "step": step, **source.entry(document, step)}
            for document in flagged
            for step in range(document.get("numbered", 0) + 1, document[source.count] + 1)
        ]
        await self._append(entries)
        # Who changed it meanwhile finds the flag still there, and so do we the next time.
        done = [
            UpdateOne(
                {"_id": document["_id"], source.count: document[source.count]},
                {"$unset": {"unnumbered_since": ""}, "$set": {"numbered": document[source.count]}},
            )
            for document in flagged
        ]
        with unavailable_on_network_error():
            await source.collection.bulk_write(done, ordered=False)
        return len(flagged) == NUMBERED_AT_ONCE

    async def _append(self, entries: list[Document]) -> None:
        while entries:
            highest = await self.highest()
            numbered = [{**entry, "number": highest + place} for place, entry in enumerate(entries, start=1)]
            try:
                with unavailable_on_network_error():
                    await self._log.insert_many(numbered, ordered=True)
            except BulkWriteError as error:
                if any(each["code"] != _DUPLICATE for each in error.details["writeErrors"]):
                    raise
            else:
                return
            known = {entry["_id"] for entry in await find_by_ids(self._log, [entry["_id"] for entry in entries])}
            entries = [entry for entry in entries if entry["_id"] not in known]
            await asyncio.sleep(LONGEST_WAIT_SECONDS * random())  # noqa: S311 (no secret hangs on it)

    async def _with_payloads(self, entries: list[Document]) -> tuple[LoggedEvent, ...]:
        payloads: dict[tuple[str, str, int], str] = {}
        for name, source in self._sources.items():
            wanted = [entry["document"] for entry in entries if entry["source"] == name]
            for document in await find_by_ids(source.collection, wanted):
                steps = document.get(source.steps) or ()
                payloads |= {(name, document["_id"], step["number"]): step["event"] for step in steps}
        # What was erased has no payload any more; its number stays, so that nobody waits for it.
        return tuple(
            LoggedEvent(entry["number"], EventType(entry["type"]), entry.get("student_id"), payloads[place])
            for entry in entries
            if (place := (entry["source"], entry["document"], entry["step"])) in payloads
        )


def _changed(record: Document, revision: int) -> Document:
    return {
        "_id": attendance_event_id(record["meeting_id"], record["student_id"], revision),
        "type": EventType.ATTENDANCE_CHANGED.value,
        "meeting_id": record["meeting_id"],
        "class_id": record["class_id"],
        "student_id": record["student_id"],
    }


def _closed(meeting: Document, close_number: int) -> Document:
    return {
        "_id": meeting_closed_event_id(meeting["_id"], close_number),
        "type": EventType.MEETING_CLOSED.value,
        "meeting_id": meeting["_id"],
        "class_id": meeting["class_id"],
    }


def _erased(erasure: Document, step: int) -> Document:
    # Without the student's id: nothing in the log leads to them.
    return {"_id": erasure["told"][step - 1]["id"], "type": EventType.STUDENT_ERASED.value}
