"""Where pictures come from: a stream, a device, a clip played as if it were live, or a folder that is written to."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from ingest.agent.clock import Clock
from ingest.agent.config import CameraSettings
from ingest.agent.pictures import Picture

# A camera that was unplugged says nothing; FFmpeg would wait for half a minute.
_TIMEOUT_MS = 10_000
# Each frame as soon as it is there: FFmpeg's own buffers would add up to a second to when it seems to be taken.
_LIVE = "rtsp_transport;tcp|fflags;nobuffer|flags;low_delay"
_opening = threading.Lock()
_FFMPEG_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_GIVEN_OUT_LATE = {"h264", "avc1", "hevc", "hev1", "hvc1"}
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
# A file that was touched later than this may not be written to its end.
_SETTLED_SECONDS = 0.5


class SourceFailed(Exception):
    """The source can't be read now; another try may work."""


class Ended(Exception):
    """A clip is at its end."""


class Source(Protocol):
    """A source that was opened. `advance` waits for the next picture; `picture` makes it when it is wanted."""

    def advance(self) -> float | None:
        """Give when the next picture was taken, in seconds by the clock; None where there is none just now.

        Raises:
            SourceFailed: the source is gone.
            Ended: there will be no more.
        """
        ...

    def picture(self) -> Picture:
        """Give the picture that `advance` came to, as BGR.

        Raises:
            SourceFailed: it can't be decoded.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def open_source(camera: CameraSettings, clock: Clock, stopping: threading.Event, memory: Path) -> Source:
    """Open a camera's source. `memory` is a file in which a folder's source remembers how far it has come.

    Raises:
        SourceFailed: it can't be opened.
    """
    match camera.scheme:
        case "folder":
            return _Folder(Path(camera.place), clock, stopping, memory)
        case "file":
            return _Clip(camera, clock, stopping)
        case "usb":
            capture = cv2.VideoCapture(int(camera.place), cv2.CAP_V4L2)
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
            return _Live(capture, camera.shown_source, clock)
        case _:
            options = [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _TIMEOUT_MS),
                *(cv2.CAP_PROP_N_THREADS, 1),  # each more would hold back one frame
            ]
            stream = _opened(camera.source, _LIVE, options)
            kind = _LiveVideo if _codec(stream) in _GIVEN_OUT_LATE else _Live
            return kind(stream, camera.shown_source, clock)


class _Live:
    def __init__(self, capture: cv2.VideoCapture, shown: str, clock: Clock) -> None:
        self._capture = capture
        self._shown = shown
        self._now = clock.local
        if not capture.isOpened():
            raise SourceFailed(f"{shown} can't be opened")

    def advance(self) -> float | None:
        self._grab()
        return self._now()

    def picture(self) -> Picture:
        return _retrieved(self._capture, self._shown)

    def close(self) -> None:
        self._capture.release()

    def _grab(self) -> None:
        if not self._capture.grab():
            raise SourceFailed(f"{self._shown} gives no more pictures")


class _LiveVideo(_Live):
    """A stream whose pictures FFmpeg gives out one later than they come.

    Only the beginning of the next one tells it that an H.264 or H.265 picture is complete. So a picture came when the
    one before it was given out: without this, it would seem to be taken an interval too late.
    """

    def __init__(self, capture: cv2.VideoCapture, shown: str, clock: Clock) -> None:
        super().__init__(capture, shown, clock)
        self._grab()
        self._came_at = self._now()

    def advance(self) -> float | None:
        came_at = self._came_at
        self._grab()
        self._came_at = self._now()
        return came_at


class _Clip:
    """A clip at its own pace, its first picture taken now."""

    def __init__(self, camera: CameraSettings, clock: Clock, stopping: threading.Event) -> None:
        self._path = camera.place
        self._repeat = camera.repeat
        self._now = clock.local
        self._stopping = stopping
        self._capture = self._open()
        self._begun = self._now()

    def advance(self) -> float | None:
        if not self._capture.grab():
            if not self._repeat:
                raise Ended(self._path)
            self.close()
            self._capture = self._open()
            self._begun = self._now()
            if not self._capture.grab():
                raise SourceFailed(f"{self._path} holds no picture")
        taken_at = self._begun + max(0.0, self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
        _wait_until(taken_at, self._now, self._stopping)
        return taken_at

    def picture(self) -> Picture:
        return _retrieved(self._capture, self._path)

    def close(self) -> None:
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = _opened(self._path, "", [])
        if not capture.isOpened():
            raise SourceFailed(f"{self._path} can't be opened")
        return capture


class _Folder:
    """The pictures that somebody puts into a folder, each taken when its file was last written.

    How far it has come is kept, so that a restart sends none again.
    """

    def __init__(self, folder: Path, clock: Clock, stopping: threading.Event, memory: Path) -> None:
        self._folder = folder
        self._clock = clock
        self._stopping = stopping
        self._memory = memory
        self._done = self._remembered()
        self._waiting: list[tuple[int, str]] = []
        self._current = folder

    def advance(self) -> float | None:
        if not self._waiting:
            self._waiting = self._look()
            if not self._waiting:
                self._stopping.wait(_SETTLED_SECONDS)
                return None
        modified, name = self._waiting.pop(0)
        self._current = self._folder / name
        self._done = (modified, name)
        self._memory.write_text(f"{modified} {name}", encoding="utf-8")
        return self._clock.since_file_time(modified / 1e9)

    def picture(self) -> Picture:
        decoded = cv2.imread(str(self._current), cv2.IMREAD_COLOR)
        if decoded is None:
            raise SourceFailed(f"{self._current} is no picture that can be read")
        return decoded.astype(np.uint8, copy=False)

    def close(self) -> None:
        pass

    def _look(self) -> list[tuple[int, str]]:
        settled = (self._clock.local() - self._clock.since_file_time(0) - _SETTLED_SECONDS) * 1e9
        try:
            found = [
                (path.stat().st_mtime_ns, path.name)
                for path in self._folder.iterdir()
                if path.suffix.lower() in _PICTURES
            ]
        except OSError as error:
            raise SourceFailed(f"{self._folder} can't be read: {error}") from error
        return sorted(each for each in found if self._done < each and each[0] <= settled)

    def _remembered(self) -> tuple[int, str]:
        try:
            modified, _, name = self._memory.read_text(encoding="utf-8").partition(" ")
            return int(modified), name
        except (FileNotFoundError, ValueError):
            return 0, ""


def _opened(place: str, ffmpeg_options: str, options: list[int]) -> cv2.VideoCapture:
    # OpenCV takes FFmpeg's options from the environment alone, and a clip opened with a stream's loses its beginning:
    # so they are there for this one alone.
    with _opening:
        os.environ[_FFMPEG_OPTIONS] = ffmpeg_options
        try:
            return cv2.VideoCapture(place, cv2.CAP_FFMPEG, options)
        finally:
            del os.environ[_FFMPEG_OPTIONS]


def _codec(capture: cv2.VideoCapture) -> str:
    return int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True).decode("latin-1").lower()


def _retrieved(capture: cv2.VideoCapture, shown: str) -> Picture:
    is_there, picture = capture.retrieve()
    if not is_there:
        raise SourceFailed(f"a picture of {shown} can't be decoded")
    return picture.astype(np.uint8, copy=False)


def _wait_until(moment: float, now: Callable[[], float], stopping: threading.Event) -> None:
    wait = moment - now()
    if wait > 0:
        stopping.wait(wait)
