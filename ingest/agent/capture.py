"""Reading one camera, in a thread of its own, into its spool."""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from ingest.agent import metrics
from ingest.agent.backoff import Backoff
from ingest.agent.clock import Clock
from ingest.agent.config import CameraSettings
from ingest.agent.pictures import ChangeFilter, Thinner, encode
from ingest.agent.sources import Ended, Source, SourceFailed, open_source
from ingest.agent.spool import Spool

log = structlog.get_logger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0


class Capture(threading.Thread):
    """Opens the source again and again until it is stopped, or a clip has ended."""

    def __init__(
        self, camera: CameraSettings, clock: Clock, spool: Spool, memory: Path, ended: Callable[[], None]
    ) -> None:
        super().__init__(name=f"camera {camera.camera}", daemon=True)
        self._camera = camera
        self._clock = clock
        self._spool = spool
        self._memory = memory
        self._ended = ended
        self._stopping = threading.Event()
        self._thinner = Thinner(camera.every_s)
        self._filter = ChangeFilter(camera.least_change, camera.longest_gap)
        self._log = log.bind(camera=camera.camera, source=camera.shown_source)

    def stop(self) -> None:
        """Let it end after the picture at hand."""
        self._stopping.set()

    def run(self) -> None:
        """Read until stopped."""
        try:
            self._keep_reading()
        except Exception:
            self._log.exception("reading this camera ended by a fault of the agent's own")
            raise
        finally:
            metrics.READING.labels(self._camera.camera).set(0)
            self._ended()

    def _keep_reading(self) -> None:
        backoff = Backoff(_FIRST_WAIT, _LONGEST_WAIT)
        while not self._stopping.is_set():
            try:
                source = open_source(self._camera, self._clock, self._stopping, self._memory)
                try:
                    self._read(source, backoff)
                finally:
                    source.close()
            except Ended:
                self._log.info("the clip is at its end")
                return
            except SourceFailed as error:
                metrics.READING.labels(self._camera.camera).set(0)
                wait = backoff.next()
                self._log.warning(str(error), again_in_s=round(wait, 1))
                self._stopping.wait(wait)

    def _read(self, source: Source, backoff: Backoff) -> None:
        while not self._stopping.is_set():
            taken_at = source.advance()
            metrics.READING.labels(self._camera.camera).set(1)
            backoff.reset()
            if taken_at is not None and self._thinner.is_due(taken_at):
                self._take(source, taken_at)

    def _take(self, source: Source, taken_at: float) -> None:
        try:
            picture = source.picture()
        except SourceFailed as error:
            self._log.warning(str(error))
            return
        if self._camera.skip_unchanged and not self._filter.passes(picture, taken_at):
            self._count("unchanged")
            return
        offset = self._clock.offset
        try:
            dropped = self._spool.put(
                encode(picture, self._camera), taken_at + (offset or 0.0), is_corrected=offset is not None
            )
        except OSError as error:
            self._count("unwritten")
            self._log.error("a picture is lost: it can't be written", error=str(error))
            return
        self._count("kept")
        if dropped:
            self._count("dropped", dropped)
            self._log.warning("the buffer is full: the oldest pictures are dropped", dropped=dropped)

    def _count(self, outcome: str, number: int = 1) -> None:
        metrics.FRAMES.labels(self._camera.camera, outcome).inc(number)
