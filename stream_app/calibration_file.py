"""Notices that the calibration file was changed: the worker then has to be started anew, and says so.

It isn't loaded into a running worker: open tracks were judged by the old thresholds, and their meetings' error budgets
spent by them.
"""

import hashlib
import os
from pathlib import Path

import structlog

from stream_app.gallery_sync import Changes
from stream_app.health import Health

_CHOSEN = "ROLLCALL_CALIBRATION"

log = structlog.get_logger(__name__)


class CalibrationFile:
    """Looks at the file whenever changes are asked for, and tells `Health` where it isn't the one that was loaded."""

    def __init__(self, path: Path | None, health: Health) -> None:
        """`path` is the file in use; None where what ships is."""
        self._path = path
        self._health = health
        self._loaded = self._content()

    @classmethod
    def chosen(cls, health: Health) -> "CalibrationFile":
        """Watch the file that `ROLLCALL_CALIBRATION` names."""
        path = os.environ.get(_CHOSEN)
        return cls(Path(path) if path else None, health)

    async def take_in(self, _changes: Changes) -> None:
        """Compare the file with what was loaded; put back as it was, it needs no restart any more."""
        content = self._content()
        if content is None:  # a file that is being replaced may be missing for a moment
            return
        if content == self._loaded:
            self._health.needs_restart = None
            return
        if self._health.needs_restart is None:
            log.warning("the calibration file changed: restart this worker", file=str(self._path))
        self._health.needs_restart = (
            f"{self._path} ({_CHOSEN}) changed since this worker loaded it: restart the worker to use it"
        )

    def drop(self) -> None:
        """Keep on: nothing here comes from the store."""

    def _content(self) -> bytes | None:
        # A few hundred kilobytes at the most, every few seconds: by its time alone a copied file may look unchanged.
        try:
            return hashlib.sha256(self._path.read_bytes()).digest() if self._path else None
        except OSError:
            return None
