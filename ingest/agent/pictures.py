"""Which of a source's pictures are sent, and how they are made smaller."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.agent.config import PictureSettings

Picture = NDArray[np.uint8]

# Cells of the small grey picture by which change is seen: at 1080p a face of 40 pixels is more than one cell.
_CELLS = (64, 36)


class Thinner:
    """Tells which moments are due at one picture in `every` seconds.

    What is due stands on a grid, so that the rate is right on average at any rate of the source. A quarter of an
    interval early is soon enough: else a source at just that rate would miss every second one by a hair.
    """

    def __init__(self, every: float) -> None:
        self._every = every
        self._due: float | None = None

    def is_due(self, at: float) -> bool:
        """Tell whether the picture of this moment, in seconds, is to be sent."""
        if self._due is not None and at < self._due - self._every / 4:
            # A source whose time jumped back would be silent until it has caught up.
            if at > self._due - 3 * self._every:
                return False
            self._due = None
        behind = self._due is None or at > self._due + self._every
        self._due = (at if behind or self._due is None else self._due) + self._every
        return True


class ChangeFilter:
    """Lets pictures through that differ from the last one sent, and one each `longest_gap` seconds in any case.

    The latter tells the stream app that the room was looked at: silence would count as a dark camera.
    """

    def __init__(self, least_change: float, longest_gap: float) -> None:
        self._least = least_change
        self._gap = longest_gap
        self._last: NDArray[np.float32] | None = None
        self._sent_at = 0.0

    def passes(self, picture: Picture, at: float) -> bool:
        """Tell whether to send this picture, taken at this moment, in seconds."""
        small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), _CELLS, interpolation=cv2.INTER_AREA)
        cells = small.astype(np.float32)
        same = self._last is not None and float(np.abs(cells - self._last).max()) < self._least
        # A tenth of an interval's slack: the picture that is due must not wait for the one after it.
        if same and 0 <= at - self._sent_at < self._gap * 0.9:
            return False
        self._last, self._sent_at = cells, at
        return True


def encode(picture: Picture, settings: PictureSettings) -> bytes:
    """Make a JPEG whose longer side is at most `largest_side` pixels."""
    height, width = picture.shape[:2]
    scale = settings.largest_side / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, settings.quality])
    return jpeg.tobytes()
