"""What follows from a camera's frames, in their order: records, dead letters, and then the acknowledgement."""

import structlog

from stream_app import metrics
from stream_app.dead_letters import DeadLetters
from stream_app.health import Health
from stream_app.lanes import Lane, Outcome, Work
from stream_app.messages import Looked, Refused
from stream_app.patience import until_available
from stream_app.writer import Writer

log = structlog.get_logger(__name__)


class Settler:
    """Settles frames: a frame is done once what it showed is in the store, or it lies in the dead letters."""

    def __init__(self, writer: Writer, dead_letters: DeadLetters, health: Health) -> None:
        self._writer = writer
        self._dead_letters = dead_letters
        self._health = health

    async def settle(self, lane: Lane, run: list[tuple[Work, Outcome]]) -> None:
        """Settle a run of one camera's frames. Database and broker being away is waited out."""
        looked = _counted_once(lane, [outcome for _, outcome in run if isinstance(outcome, Looked)])
        with metrics.SECONDS.labels("write").time():
            await until_available(lambda: self._writer.write(looked), self._health)
        for frame in looked:
            lane.count(frame.frame_id)
            metrics.FACES.labels("unknown").inc(frame.unknown)
            metrics.FACES.labels("recognised").inc(frame.faces - frame.unknown)
            metrics.FRAMES.labels("looked_at" if frame.meetings else "no_meeting").inc()
        metrics.FRAMES.labels("duplicate").inc(sum(isinstance(outcome, Looked) for _, outcome in run) - len(looked))
        for work, outcome in run:
            if isinstance(outcome, Refused):
                await self._refuse(work, outcome)
        for work, outcome in run:
            if outcome is not None:
                await work.assignment.forget_tries(work.message.offset)
                work.finish()
            work.settled.set()

    async def _refuse(self, work: Work, refused: Refused) -> None:
        message = work.message
        await until_available(lambda: self._dead_letters.send(message, refused), self._health)
        metrics.FRAMES.labels("refused").inc()
        metrics.REFUSED.labels(refused.code).inc()
        log.info(
            "frame refused",
            reason=refused.code,
            error=str(refused),
            partition=message.partition,
            offset=message.offset,
            tries=refused.tries,
        )


def _counted_once(lane: Lane, looked: list[Looked]) -> list[Looked]:
    """Drop frames that the camera sent again: counted twice, one would weigh as two."""
    fresh: dict[str, Looked] = {}
    for frame in looked:
        if not lane.was_counted(frame.frame_id):
            fresh.setdefault(frame.frame_id, frame)
    return list(fresh.values())
