"""One frame on its way from a message to what its picture shows: checks, what is on in the room, recognition."""

import asyncio
import time
from contextlib import AsyncExitStack

from stream_app.checks import FrameChecks
from stream_app.following import Following
from stream_app.health import Health
from stream_app.lanes import Work
from stream_app.messages import CheckedFrame, Done, Looked, Outcome, Refused
from stream_app.patience import until_available
from stream_app.pool import RecognitionPool, look_patiently
from stream_app.resuming import Resuming
from stream_app.rosters import Rosters
from stream_app.stages import stage
from stream_app.suspects import Suspects
from stream_app.thinner import Thinner, Turn


class Looker:
    """Looks at frames, as many at once as the pool has workers."""

    def __init__(
        self,
        checks: FrameChecks,
        rosters: Rosters,
        pool: RecognitionPool,
        resuming: Resuming,
        thinner: Thinner,
        health: Health,
        *,
        spares_work: bool,
    ) -> None:
        self._checks = checks
        self._rosters = rosters
        self._pool = pool
        self._resuming = resuming
        self._thinner = thinner
        self._health = health
        self._spares_work = spares_work
        self._suspects = Suspects()

    async def look(self, work: Work) -> Outcome:
        """Tell what became of a frame: what it shows, why it is refused, or None where it was abandoned meanwhile."""
        offset = work.message.offset
        try:
            if await work.assignment.is_suspect(offset):
                return await self._look_alone(work)
            await work.assignment.reserve(offset)
            return await self._look(work)
        except Refused as refused:
            return None if work.is_abandoned else refused

    async def _look_alone(self, work: Work) -> Outcome:
        if not await self._suspects.turn(work):
            return None
        work.is_begun = work.is_alone = True
        release = asyncio.create_task(self._release_when_settled(work))
        try:
            await work.assignment.count_try(work.message.offset)
            return await self._look(work)
        except asyncio.CancelledError:
            release.cancel()
            self._suspects.over()
            raise

    async def _release_when_settled(self, work: Work) -> None:
        # Writing what it showed can end the process as well: the next suspect waits until all of this one is over.
        await work.settled.wait()
        self._suspects.over()

    async def _look(self, work: Work) -> Outcome:
        with stage("checks", work.trace):
            checked = await until_available(lambda: self._checks.check(work.message), self._health)
        frame, camera = checked.frame, checked.camera
        following = await self._resuming.following(work.lane, work, camera)
        if work.lane.has_done(work.message):
            work.let_bytes_go()
            return Done()
        view = await until_available(lambda: self._rosters.view(camera.watches, frame.taken_at), self._health)
        if view is None or following.was_counted(frame.id):
            self._thinner.note_needless()
            work.let_bytes_go()
            return Looked(frame.id, camera, frame.taken_at)
        turn = self._thinner.turn(camera, frame.taken_at, work.message.arrived_at, view)
        del view  # it waits for the pool: what it holds of people must not outlive the lease on it
        outcome = await self._look_in_turn(work, checked, following, turn)
        if outcome is not None:
            work.let_bytes_go()
        return outcome

    async def _look_in_turn(self, work: Work, checked: CheckedFrame, following: Following, turn: Turn) -> Outcome:
        frame, camera = checked.frame, checked.camera
        with self._thinner.waiting(turn):
            async with AsyncExitStack() as held:
                with stage("wait", work.trace):
                    process = await held.enter_async_context(self._pool.free_process())
                if work.is_abandoned:
                    return None
                if not self._thinner.is_due(turn, camera, frame.taken_at):
                    return Looked(frame.id, camera, frame.taken_at, skipped=turn.priority.reason)
                work.is_begun = True
                known, reference = following.known(frame.taken_at) if self._spares_work else (None, None)
                began = time.monotonic()
                with stage("recognition", work.trace):
                    glance = await look_patiently(process, frame.picture, camera.smallest_face, known)
        self._thinner.note_look(time.monotonic() - began)
        return Looked(frame.id, camera, frame.taken_at, glance, reference)
