"""A camera's lane goes on where the last worker left it: its tracks, blocks and budgets, and their templates.

Templates are never stored. They are made again from the frames that the state names, as long as Kafka still has them.
"""

from collections.abc import Callable

import structlog

from attendance.cameras import Camera
from attendance.store import Store
from attendance.tracks import CameraTracks
from recognition.tracking import Frame, Tracker, TrackerState
from stream_app.checks import FrameChecks
from stream_app.following import Following
from stream_app.health import Health
from stream_app.lanes import Lane, Work
from stream_app.messages import Message, Refused
from stream_app.patience import until_available
from stream_app.pool import RecognitionPool, look_patiently
from stream_app.reading_back import ReadBack

log = structlog.get_logger(__name__)


class Resuming:
    """Gives lanes what is known of their cameras."""

    def __init__(
        self,
        store: Store,
        checks: FrameChecks,
        pool: RecognitionPool,
        read_back: ReadBack,
        make_tracker: Callable[[str], Tracker],
        health: Health,
        *,
        lost_after_s: float,
    ) -> None:
        self._store = store
        self._checks = checks
        self._pool = pool
        self._read_back = read_back
        self._make_tracker = make_tracker
        self._health = health
        self._lost_after_s = lost_after_s

    async def following(self, lane: Lane, work: Work, camera: Camera) -> Following:
        """Give what is known of a camera before its lane's first frame is looked at; later calls give the same."""
        async with lane.resuming:
            if lane.following is None:
                lane.following = await self._resumed(lane, work, camera)
            return lane.following

    async def _resumed(self, lane: Lane, work: Work, camera: Camera) -> Following:
        following = Following(self._make_tracker(camera.id))
        saved = await until_available(lambda: self._store.tracks.of_camera(camera.id), self._health)
        if saved is None:
            return following
        message = work.message
        if (saved.topic, saved.partition) == (message.topic, message.partition):
            lane.begin_after(saved.offset, saved.arrived_at)
        frames = await self._frames_again(saved, work, camera)
        following.resume(saved, frames)
        return following

    async def _frames_again(self, saved: CameraTracks, work: Work, camera: Camera) -> list[Frame]:
        state = TrackerState.from_document(saved.state["tracker"])
        wanted = {glimpse.frame for glimpse in state.glimpses}
        away = (work.taken_at - saved.taken_at).total_seconds()
        if not wanted or work.message.key is None or away > self._lost_after_s:
            return []  # nobody is before the camera any more, so there is nobody to know again
        key = work.message.key
        messages = await until_available(
            lambda: self._read_back.messages(saved.topic, saved.partition, saved.offset, key, wanted), self._health
        )
        frames = [frame for message in messages if (frame := await self._frame_again(message, wanted, camera))]
        log.info("tracks resumed", camera=camera.id, tracks=len(state.tracks), frames=len(frames), asked=len(wanted))
        return frames

    async def _frame_again(self, message: Message, wanted: set[str], camera: Camera) -> Frame | None:
        try:
            frame = (await until_available(lambda: self._checks.check(message), self._health)).frame
            if frame.id not in wanted:
                return None
            async with self._pool.free_process() as process:
                glance = await look_patiently(process, frame.picture, camera.smallest_face, None)
        except Refused:
            return None  # it was sound when it was looked at; without it a track is known again a little later
        return Frame(frame.id, frame.taken_at.timestamp(), glance.look.faces) if glance.look else None
