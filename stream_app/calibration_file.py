"""Notices that the calibration file was changed: the worker then starts anew, and decides by the new one.

It isn't loaded into a running worker: open tracks were judged by the old thresholds, and their meetings' error budgets
spent by them. A worker that starts anew takes its tracks up again as after any restart.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import structlog

from recognition import RecognitionError
from stream_app.gallery_sync import Changes
from stream_app.health import Health

_CHOSEN = "ROLLCALL_CALIBRATION"

log = structlog.get_logger(__name__)


class CalibrationFile:
    """Looks at the file whenever changes are asked for.

    `load` reads it anew and raises RecognitionError where it can't be used: the worker then goes on by what it has, and
    `Health` tells. `start_anew` is called once it can.
    """

    def __init__(
        self, path: Path | None, health: Health, *, load: Callable[[], object], start_anew: Callable[[], None]
    ) -> None:
        """`path` is the file in use; None where what ships is."""
        self._path = path
        self._health = health
        self._load = load
        self._start_anew = start_anew
        self._loaded = self._content()
        self._refused: bytes | None = None

    @classmethod
    def chosen(cls, health: Health, *, load: Callable[[], object], start_anew: Callable[[], None]) -> "CalibrationFile":
        """Watch the file that `ROLLCALL_CALIBRATION` names."""
        path = os.environ.get(_CHOSEN)
        return cls(Path(path) if path else None, health, load=load, start_anew=start_anew)

    async def take_in(self, _changes: Changes) -> None:
        """Compare the file with what was loaded."""
        content = self._content()
        if content is None or content == self._refused:  # a file that is being replaced may be missing for a moment
            return
        self._refused = self._health.bad_calibration = None
        if content != self._loaded:
            self._take_up(content)

    def drop(self) -> None:
        """Keep on: nothing here comes from the store."""

    def _take_up(self, content: bytes) -> None:
        try:
            self._load()
        except RecognitionError as error:
            log.warning("the calibration file changed and can't be used; the last one stays", error=str(error))
            self._refused = content
            self._health.bad_calibration = f"{_CHOSEN} changed and can't be used, the last one stays: {error}"
        else:
            log.warning("the calibration file changed: this worker starts anew with it", file=str(self._path))
            self._loaded = content
            self._start_anew()

    def _content(self) -> bytes | None:
        # A few hundred kilobytes at the most, every few seconds: by its time alone a copied file may look unchanged.
        try:
            return hashlib.sha256(self._path.read_bytes()).digest() if self._path else None
        except OSError:
            return None
