"""One small interface for every detector."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from recognition.faces import Box, DetectorScale, Face
from recognition.models import ModelCache

__all__ = ["Detector"]


class Detector(ABC):
    """Finds faces. Costs nothing until it is used; belongs to one thread.

    `name`: the key in `detectors`. `scale`: how to read its scores. `threads`: for each network it runs; `cache`: where
    its built networks are kept.
    """

    name: ClassVar[str]
    scale: ClassVar[DetectorScale]

    def __init__(self, threads: int = 1, cache: ModelCache | None = None) -> None:
        self._threads = threads
        self._cache = cache or ModelCache()

    @abstractmethod
    def prepare(self) -> None:
        """Load the models now; raises EngineUnavailable if they can't be had."""

    @abstractmethod
    def find(self, picture: NDArray[np.uint8], smallest_face: float, near: Sequence[Box] | None = None) -> list[Face]:
        """Return the faces of an upright RGB picture, uint8 (height, width, 3), surest first, with five points.

        Faces at least `smallest_face` pixels wide are looked for; smaller ones may be among those found. With `near`,
        where faces were a moment ago, only faces of about these sizes around these places are looked for, whatever
        `smallest_face` says; an empty `near` finds nothing.
        """
