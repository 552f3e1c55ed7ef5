"""One small interface for every encoder."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Encoder"]


class Encoder(ABC):
    """Makes templates of faces. Its network is loaded by the first `encode` or by `prepare`; it belongs to one thread.

    `name`: stands in every template. Two encoders whose templates can't be compared never have one name.
    """

    name: str

    @property
    def form(self) -> str:
        """The name, and what else of this machine or process its templates' numbers depend on."""
        return self.name

    @abstractmethod
    def prepare(self) -> None:
        """Load the network now; raises EngineUnavailable or BadEncoder."""

    @abstractmethod
    def encode(
        self, picture: NDArray[np.uint8], points: Sequence[NDArray[np.float32]], chips: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Return float32 (n, d) of unit length for the n faces of an RGB picture, uint8 (height, width, 3).

        `points`: of each face, as `Face.points`. `chips`: the same faces as `face_chip` aligns them, uint8
        (n, 150, 150, 3); an engine needs them for the faces' quality in any case.
        """
