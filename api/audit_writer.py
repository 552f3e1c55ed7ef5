"""The one writer of this process' audit: what waits is sealed together, and a line is there before its answer goes out.

Several processes write one chain: a batch's number is its id, so of two that are sealed after the same head one is
refused, and sealed again after the other.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

import structlog

from attendance.audit import AuditKey, Head, HeadFile, Line, seal
from attendance.store import Conflict, Store, StoreUnavailable

# Lines of one batch; one of many subjects counts as many, for the sake of what a document may hold.
_MOST = 500
_MOST_SUBJECTS = 20_000
# How often the head is logged too: logs lie elsewhere, and can't be changed from the database.
_TOLD_EVERY_S = 600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    line: Line
    written: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class AuditWriter:
    """Writes lines."""

    def __init__(self, store: Store, key: AuditKey, head_file: HeadFile) -> None:
        self._audit = store.audit
        self._key = key
        self._head_file = head_file
        self._head: Head | None = None
        self._waiting: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None
        self._told_at: float | None = None

    def commitment(self, student_id: str) -> str:
        """Give what stands for a student in a line."""
        return self._key.commitment(student_id)

    async def write(self, line: Line) -> None:
        """Write a line; come back when it is kept.

        Raises:
            StoreUnavailable: it can't be.
        """
        waiting = _Waiting(line)
        self._waiting.append(waiting)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all(), name="audit")
        await waiting.written

    async def stop(self) -> None:
        """Wait for what is being written."""
        if self._task:
            await self._task

    async def _write_all(self) -> None:
        while self._waiting:
            some = self._next()
            try:
                await self._add([each.line for each in some])
            except Exception as error:
                for each in some:
                    if not each.written.done():
                        each.written.set_exception(error)
            else:
                for each in some:
                    if not each.written.done():
                        each.written.set_result(None)

    def _next(self) -> list[_Waiting]:
        some, subjects = [self._waiting.popleft()], 0
        while self._waiting and len(some) < _MOST:
            subjects += len(self._waiting[0].line.subjects)
            if subjects > _MOST_SUBJECTS:
                break
            some.append(self._waiting.popleft())
        return some

    async def _add(self, lines: list[Line]) -> None:
        while True:
            if self._head is None:
                self._head = await self._audit.head()
            batch = seal(self._head, lines, self._key.seal)
            try:
                await self._audit.add(batch)
            except Conflict:
                self._head = None
            except StoreUnavailable:
                self._head = None  # it may have been added all the same
                raise
            else:
                self._head = batch.head
                self._anchor(batch.head)
                return

    def _anchor(self, head: Head) -> None:
        try:
            self._head_file.write(head)
        except (OSError, ValueError) as error:
            log.warning("the audit's head can't be kept outside of the database", error=str(error))
        if self._told_at is None or time.monotonic() - self._told_at >= _TOLD_EVERY_S:
            self._told_at = time.monotonic()
            log.info("audit head", number=head.number, seal=head.seal)
