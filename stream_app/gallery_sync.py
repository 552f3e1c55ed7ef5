"""Tells what is kept in memory of the store when it changed, and how long it may be used.

All that says who may be named (consents, templates, rosters, meetings, cameras, people's words) is asked for by when it
changed. As long as that succeeds, what is kept holds; when it can't be asked for ten seconds, nothing kept is given any
more and all of it is dropped: frames wait, so that a withdrawn consent is never answered from memory.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from attendance.meetings import Meeting
from attendance.store import Store, StoreUnavailable
from stream_app import clock

# A withdrawn consent must be forgotten within 10 s (design, section 8).
LEASE_SECONDS = 10.0
# Two questions may fail before the lease runs out.
POLL_SECONDS = 3.0
RETRY_SECONDS = 1.0
# A change is stamped by its writer's clock before it is written, which may take as long as an election of the database:
# what lags by less than this is still found. More would have each change told, and what it touches loaded, more often.
OVERLAP = timedelta(minutes=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed lately; what changed once is told a few times.

    `students`: whose consent or templates did; `classes`: whose roster did; `meetings` as they are now, cancelled ones
    too; `denied`: the ids of the meetings for which somebody said 'not this person'.
    """

    students: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    meetings: tuple[Meeting, ...] = ()
    cameras: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()


class Follower(Protocol):
    """Something that keeps what it read from the store."""

    async def take_in(self, changes: Changes) -> None:
        """Forget or load anew what changed; called every few seconds, mostly with no changes."""

    def drop(self) -> None:
        """Forget everything."""


class GallerySync:
    """Asks for changes every few seconds and tells them to the followers."""

    def __init__(
        self,
        store: Store,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._store = store
        self._monotonic = monotonic
        self._now = now
        self._followers: list[Follower] = []
        self._asked_at = now()
        self._held_since: float | None = None

    def follow(self, follower: Follower) -> None:
        """Tell changes to this one too."""
        self._followers.append(follower)

    def check(self) -> None:
        """Make sure that what is kept may be used now.

        Raises:
            StoreUnavailable: the database wasn't asked for changes for too long.
        """
        if self._left() <= 0:
            raise StoreUnavailable("what is kept in memory may be too old: the database did not tell what changed")

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            try:
                await self.poll()
            except StoreUnavailable as error:
                left = self._left()
                if left <= 0:
                    self._drop(str(error))
                await asyncio.sleep(min(RETRY_SECONDS, left) if left > 0 else RETRY_SECONDS)
            else:
                await asyncio.sleep(POLL_SECONDS)

    async def poll(self) -> None:
        """Ask once, and let the followers take the changes in.

        Raises:
            StoreUnavailable: it can't be known now, or not before the lease runs out.
        """
        began, asked_at = self._monotonic(), self._now()
        left = self._left()
        try:
            async with asyncio.timeout(left if left > 0 else LEASE_SECONDS):
                changes = await self._changes()
                for follower in self._followers:
                    await follower.take_in(changes)
        except TimeoutError as error:
            raise StoreUnavailable("the database did not tell in time what changed") from error
        # The lease runs from before the question: what changed after it isn't in the answer.
        self._asked_at, self._held_since = asked_at, began

    async def _changes(self) -> Changes:
        since, store = self._asked_at - OVERLAP, self._store
        students, classes, meetings, cameras, denied = await asyncio.gather(
            store.biometrics.changed_since(since),
            store.classes.changed_since(since),
            store.meetings.changed_since(since),
            store.cameras.changed_since(since),
            store.records.meetings_denied_since(since),
        )
        return Changes(frozenset(students), frozenset(classes), tuple(meetings), frozenset(cameras), frozenset(denied))

    def _left(self) -> float:
        return 0.0 if self._held_since is None else self._held_since + LEASE_SECONDS - self._monotonic()

    def _drop(self, error: str) -> None:
        if self._held_since is not None:
            log.warning("rosters and galleries dropped: the database does not tell what changed", error=error)
        self._held_since = None
        for follower in self._followers:
            follower.drop()
