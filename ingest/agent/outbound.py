"""What waits to be sent, as the links see it: which picture is next, and what became of those that were sent."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from ingest.agent import metrics
from ingest.agent.clock import Clock
from ingest.agent.spool import Kept, Spool

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A picture on its way: `taken_at` is by ingest's clock."""

    kept: Kept
    taken_at: datetime
    picture: bytes


@dataclass(slots=True)
class Outbound:
    """A camera's spool with those that are under way left out; used within the event loop."""

    camera_id: str
    spool: Spool
    clock: Clock
    more: asyncio.Event = field(default_factory=asyncio.Event)
    _under_way: set[str] = field(default_factory=set)

    def take(self) -> Outgoing | None:
        """Give the oldest picture that isn't under way, and hold it to be so."""
        while (kept := self.spool.first_but(self._under_way)) is not None:
            picture = self.spool.read(kept)
            if picture is None:
                self.spool.remove(kept)
                continue
            self._under_way.add(kept.name)
            offset = 0.0 if kept.is_corrected else self.clock.offset or 0.0
            return Outgoing(kept, datetime.fromtimestamp(kept.taken_at + offset, UTC), picture)
        self._note()
        return None

    async def next(self) -> Outgoing:
        """Wait for the next picture."""
        while (outgoing := self.take()) is None:
            self.more.clear()
            if (outgoing := self.take()) is not None:
                break
            await self.more.wait()
        return outgoing

    def stored(self, kept: Kept) -> None:
        """Forget a picture that Kafka has confirmed."""
        self._finish(kept, "stored")

    def refused(self, kept: Kept, code: str, sentence: str) -> None:
        """Forget a picture that will never be taken."""
        log.warning("a picture was refused", camera=self.camera_id, id=kept.id, code=code, why=sentence)
        self._finish(kept, "refused")

    def again(self, kept: Kept) -> None:
        """Let a picture be sent again."""
        self._under_way.discard(kept.name)
        self.more.set()

    def all_again(self) -> None:
        """Let all be sent again: the connection is gone."""
        self._under_way.clear()

    def _finish(self, kept: Kept, outcome: str) -> None:
        self.spool.remove(kept)
        self._under_way.discard(kept.name)
        metrics.FRAMES.labels(self.camera_id, outcome).inc()
        self._note()

    def _note(self) -> None:
        metrics.WAITING_FRAMES.labels(self.camera_id).set(len(self.spool))
        metrics.WAITING_BYTES.labels(self.camera_id).set(self.spool.bytes)
