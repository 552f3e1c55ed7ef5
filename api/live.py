"""A meeting's roll as a stream of server-sent events: the whole roll first, then who changed, then the close.

A stream keeps nothing but its place in the log of events. A reader that is slow is waited for, and gets what changed
meanwhile as it is by then; one that stands still for too long is let go. One that comes back, to whichever process,
says by `Last-Event-ID` where it was.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from fastapi.sse import format_sse_event
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

from api.meeting_out import MeetingOut
from api.problems import Problem
from api.roll_out import RollEntryOut, roll_of
from api.tail import LogTail
from attendance.events import EventType, MeetingClosed
from attendance.meetings import Meeting, MeetingState
from attendance.store import Missing, Store, StoreUnavailable
from attendance.store.event_log import LogFilter, LoggedEvent

HEARTBEAT_SECONDS = 15.0
# A reader that takes nothing for so long has gone without saying so.
LONGEST_SEND_SECONDS = 60.0
# What a browser waits before it comes back.
RETRY_MS = 2_000
_PAGE = 200

log = structlog.get_logger(__name__)


class LiveStreams:
    """The places for open streams of this process, and their common end."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = 0
        self.ending = asyncio.Event()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold one of the places.

        Raises:
            Problem: `busy`, where all are taken.
        """
        if self._open >= self._most:
            detail = f"{self._open} rolls are followed live here: ask for the roll itself meanwhile"
            raise Problem("busy", detail, headers={"Retry-After": "10"})
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    def end(self) -> None:
        """Let every stream end in order: the process stops."""
        self.ending.set()


class LiveResponse(StreamingResponse):
    """A stream that holds a place while it is sent, and lets go of a reader that takes nothing any more."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes], streams: LiveStreams) -> None:
        super().__init__(events, headers={"X-Accel-Buffering": "no"})
        self._streams = streams

    async def stream_response(self, send: Send) -> None:
        """Send all there is."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(LONGEST_SEND_SECONDS):
                await send(message)

        try:
            async with self._streams.place():
                await super().stream_response(send_in_time)
        except TimeoutError:
            log.info("a live roll was cut off: its reader took nothing any more")


@dataclass(frozen=True)
class Roll:
    """Whose roll is streamed, from where it is read, and whether the reader may still read it."""

    meeting_id: str
    store: Store
    tail: LogTail
    streams: LiveStreams
    still_allowed: Callable[[], Awaitable[bool]]

    async def events(self, last: int | None) -> AsyncIterator[bytes]:
        """Give the stream, from the whole roll where `last` is None, else from what came after that number."""
        try:
            async for event in self._events(last):
                yield event
        except Missing:
            return
        except StoreUnavailable as error:
            # The reader comes back by itself, with the place where it was.
            log.warning("a live roll ended: the database does not answer", error=str(error))
            yield format_sse_event(comment="the database does not answer", retry=RETRY_MS)

    async def _events(self, last: int | None) -> AsyncIterator[bytes]:
        number = last
        if number is None:
            # Taken first: what changes between the two is told again, with the same revision.
            number = await self._present()
            meeting = await self.store.meetings.get(self.meeting_id)
            yield _event("roll", await roll_of(self.store, meeting), number)
        else:
            meeting = await self.store.meetings.get(self.meeting_id)
            yield format_sse_event(comment="on from where you were", retry=RETRY_MS)
        beat = time.monotonic()
        while not self.streams.ending.is_set():
            page = await self.store.event_log.read(
                after=number, limit=_PAGE, only=LogFilter(meeting_id=self.meeting_id)
            )
            number = page.read_to
            for entry in await self._changed(meeting, page.events):
                yield _event("change", entry, number)
            if closed := _close_in(page.events):
                yield _event("closed", closed.data, number)
                return
            if page.more:
                continue
            if time.monotonic() - beat >= HEARTBEAT_SECONDS:
                beat = time.monotonic()
                if not await self.still_allowed():
                    return
                now = await self.store.meetings.get(self.meeting_id)
                yield (
                    format_sse_event(comment="still here")
                    if now == meeting
                    else _event("meeting", MeetingOut.model_validate(now), number)
                )
                meeting = now
            if is_over(meeting):
                return
            await self._wait(number, HEARTBEAT_SECONDS - (time.monotonic() - beat))

    async def _present(self) -> int:
        await self.store.event_log.number()
        return await self.store.event_log.highest()

    async def _changed(self, meeting: Meeting, events: tuple[LoggedEvent, ...]) -> list[RollEntryOut]:
        """Give who changed, each once and as they are now."""
        told = [event for event in events if event.student_id is not None]
        changed = list(dict.fromkeys(event.student_id for event in reversed(told) if event.student_id))[::-1]
        if not changed:
            return []
        roster = set(await self.store.classes.roster(meeting.class_id, meeting.local_date))
        known = await self.store.students.get_many(changed)
        records = await self.store.records.of_students(self.meeting_id, changed)
        is_cancelled = meeting.state is MeetingState.CANCELLED
        return [
            RollEntryOut.of(
                each, known.get(each), records.get(each), on_roster=each in roster, is_cancelled=is_cancelled
            )
            for each in changed
        ]

    async def _wait(self, number: int, within_s: float) -> None:
        moved = asyncio.create_task(self.tail.beyond(number, within_s=max(within_s, 0.01)))
        ending = asyncio.create_task(self.streams.ending.wait())
        try:
            await asyncio.wait({moved, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            moved.cancel()
            ending.cancel()


def is_over(meeting: Meeting) -> bool:
    """Tell whether nothing is streamed of a meeting any more."""
    return meeting.state is not MeetingState.OPEN


def _close_in(events: tuple[LoggedEvent, ...]) -> MeetingClosed | None:
    closes = [event for event in events if event.type is EventType.MEETING_CLOSED]
    return MeetingClosed.model_validate_json(closes[-1].payload) if closes else None


def _event(name: str, shown: BaseModel, number: int) -> bytes:
    return format_sse_event(event=name, data_str=shown.model_dump_json(), id=str(number), retry=RETRY_MS)
