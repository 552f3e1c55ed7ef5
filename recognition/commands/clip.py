"""Reads and writes clips, with OpenCV."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recognition.errors import DamagedPicture, NotAPicture, UnsupportedPicture

if TYPE_CHECKING:
    import cv2

__all__ = ["Clip", "ClipWriter", "written_clip"]

# What a clip that doesn't tell its rate is taken to have.
_USUAL_RATE = 25.0
_FASTEST_RATE = 1000.0


class Clip:
    """A clip's frames as RGB pictures.

    `rate`: frames a second; `frames`: how many there are by its header, None where it doesn't tell. Raises
    FileNotFoundError, and NotAPicture where it can't be read.
    """

    def __init__(self, path: Path) -> None:
        import cv2

        if not path.is_file():
            raise FileNotFoundError(2, "There is no such file", str(path))
        self._path = path
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise NotAPicture(f"{path} isn't a clip that can be read: convert it to MP4.")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 0 < rate <= _FASTEST_RATE else _USUAL_RATE
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.frames = count if count > 0 else None

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """Give uint8 (height, width, 3) for each frame, once; raises DamagedPicture where there is none."""
        import cv2

        any_frame = False
        while True:
            done, frame = self._capture.read()
            if not done:
                break
            any_frame = True
            yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
        self._capture.release()
        if not any_frame:
            raise DamagedPicture(f"{self._path} holds no frame that can be decoded: convert it to MP4.")


class ClipWriter:
    """Takes RGB pictures of one size as the frames of an MP4."""

    def __init__(self, path: Path, rate: float) -> None:
        self._path = path
        self._rate = rate
        self._writer: cv2.VideoWriter | None = None

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Write one more frame; raises UnsupportedPicture where the file can't be made."""
        import cv2

        if self._writer is None:
            height, width = picture.shape[:2]
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._path), code, self._rate, (width, height))
            if not self._writer.isOpened():
                raise UnsupportedPicture(f"{self._path} can't be written: check the folder and who may write there.")
        self._writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.release()


@contextmanager
def written_clip(path: Path, rate: float) -> Iterator[ClipWriter]:
    """Give what writes a clip, which appears under its name only when it is whole; raises UnsupportedPicture."""
    if path.suffix.lower() != ".mp4":
        raise UnsupportedPicture(f"{path} can't be drawn: choose a name that ends in .mp4.")
    part = path.with_name(f".{path.stem}.part.mp4")
    writer = ClipWriter(part, rate)
    try:
        yield writer
        writer.close()
        part.replace(path)
    finally:
        writer.close()
        part.unlink(missing_ok=True)
