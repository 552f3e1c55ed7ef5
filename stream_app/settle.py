"""What follows from a camera's frames, in their order: records, dead letters, and then the acknowledgement."""

from collections.abc import Iterable

import structlog

from attendance.sighting_events import Stage
from attendance.store import Store
from stream_app import clock, metrics
from stream_app.dead_letters import DeadLetters
from stream_app.health import Health
from stream_app.lanes import Lane, Settled, Work
from stream_app.meetings_on import MeetingsOn
from stream_app.messages import Done, Looked, Outcome, Refused, Shown
from stream_app.patience import until_available
from stream_app.rosters import Rosters
from stream_app.sightings import SightingSender
from stream_app.skips import Skips
from stream_app.stages import stage
from stream_app.telling import event_of
from stream_app.writer import Writer

log = structlog.get_logger(__name__)


class Settler:
    """Settles frames: a frame is done once what it showed is in the store, or it lies in the dead letters."""

    def __init__(
        self,
        store: Store,
        rosters: Rosters,
        writer: Writer,
        dead_letters: DeadLetters,
        skips: Skips,
        health: Health,
        *,
        meetings_on: MeetingsOn,
        sightings: SightingSender | None,
    ) -> None:
        """`sightings`: None where they are switched off."""
        self._store = store
        self._rosters = rosters
        self._writer = writer
        self._dead_letters = dead_letters
        self._skips = skips
        self._health = health
        self._meetings_on = meetings_on
        self._sightings = sightings

    async def take(self, lane: Lane, work: Work, outcome: Outcome) -> Shown | None:
        """Tell what a frame changes, given those before it; None where nothing does."""
        if work.is_abandoned or not isinstance(outcome, Looked) or lane.following is None:
            return None
        if lane.following.was_counted(outcome.frame_id):
            metrics.FRAMES.labels("duplicate").inc()
            return None
        camera = outcome.camera
        # The lease may have run out while the picture was looked at: the gallery must be one that holds now.
        view = await until_available(lambda: self._rosters.view(camera.watches, outcome.taken_at), self._health)
        if view is not None and outcome.skipped is not None:
            metrics.FRAMES.labels("skipped").inc()
            self._skips.count((each.meeting.id for each in view.watched), camera.id, outcome.skipped)
            return lane.following.pass_over(outcome, view)
        if view is None or outcome.glance is None:
            metrics.FRAMES.labels("no_meeting").inc()
            return lane.following.pass_over(outcome)
        with stage("decision", work.trace):
            shown = lane.following.take(outcome, outcome.glance, view)
        metrics.FRAMES.labels("looked_at" if outcome.glance.look else "unchanged").inc()
        metrics.FACES.labels("unknown").inc(shown.unknown)
        metrics.FACES.labels("recognised").inc(shown.faces - shown.unknown)
        metrics.DECISIONS.labels("named").inc(shown.named)
        metrics.DECISIONS.labels("reversed").inc(shown.reversed)
        return shown

    async def write(self, lane: Lane, run: list[Settled], next_offset: int) -> None:
        """Make a run of one camera's frames safe, then finish them. Database and broker being away is waited out."""
        shown = [each.shown for each in run if each.shown is not None]
        with stage("write", *(each.work.trace for each in run)):
            await until_available(lambda: self._writer.write(shown), self._health)
            # Before the tracks are saved: of what is saved nothing is told, and no letter sent, by whoever comes next.
            for each in run:
                if isinstance(each.outcome, Refused) and not each.work.is_abandoned:
                    await self._refuse(each.work, each.outcome)
            await self._tell(shown)
            await self._save(lane, run, shown, next_offset)
        self._meetings_on.note(meeting for each in shown for meeting in each.meetings)
        for each in run:
            if each.outcome is not None:
                await each.work.assignment.forget_tries(each.work.message.offset)
                each.work.finish()
                _log_frame(each)
            if isinstance(each.outcome, Done):
                metrics.FRAMES.labels("done_before").inc()
            each.work.settled.set()

    async def _tell(self, shown: list[Shown]) -> None:
        told = [(each.camera, track) for each in shown for track in each.told_tracks]
        for _, track in told:
            if track.stage is Stage.ENDED:
                metrics.TRACKS.labels("unknown" if track.track.person is None else "recognised").inc()
        if self._sightings is not None and told:
            sender, now = self._sightings, clock.now()
            events = [event_of(track, camera, now=now) for camera, track in told]
            await until_available(lambda: sender.send(events), self._health)

    async def _save(self, lane: Lane, run: list[Settled], shown: list[Shown], next_offset: int) -> None:
        # What was abandoned comes again, to whoever has the partition then.
        lane.comes_again_from = min([lane.comes_again_from, *_abandoned(run)])
        following = lane.following
        if following is None or not shown:
            return
        until = min(next_offset, lane.comes_again_from) - 1
        message, camera = run[-1].work.message, shown[-1].camera
        place = message.topic, message.partition, int(until)
        saved = following.saved(camera, place, lane.last_arrived_at, clock.now())
        await until_available(lambda: self._store.tracks.save(saved), self._health)

    async def _refuse(self, work: Work, refused: Refused) -> None:
        message = work.message
        await until_available(lambda: self._dead_letters.send(message, refused), self._health)
        metrics.FRAMES.labels("refused").inc()
        metrics.REFUSED.labels(refused.code).inc()
        log.info("frame refused", reason=refused.code, error=str(refused), tries=refused.tries, **message.place)


def _log_frame(settled: Settled) -> None:
    match settled.outcome:
        case Looked(skipped=str()):
            outcome = "skipped"
        case Looked(glance=None):
            outcome = "no_meeting"
        case Looked():
            outcome = "looked_at" if settled.shown is not None else "duplicate"
        case Done():
            outcome = "done_before"
        case _:
            return  # a refused one has a line of its own
    log.debug("frame", outcome=outcome, **settled.work.message.place)


def _abandoned(run: Iterable[Settled]) -> list[int]:
    return [each.work.message.offset for each in run if each.outcome is None or each.work.is_abandoned]
