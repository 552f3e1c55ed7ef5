"""Made-up people for the decision: nobody's templates, distributed somewhat as an encoder's are."""

import numpy as np
from numpy.typing import NDArray

from recognition.calibration import Crowd
from recognition.scoring import unit

ENCODER = "made-up"
SIZE = 32


class Strangers:
    """People by number; asking for looks again gives other looks of the same person."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._generator = np.random.default_rng(seed)
        self._centre = np.full(SIZE, 1.2)

    def looks(self, person: int, count: int) -> NDArray[np.float32]:
        """Return `count` templates (count, SIZE) of unit length; every third person is of a crowded group."""
        own = np.random.default_rng([self._seed, person]).standard_normal(SIZE)
        place = self._centre + (0.6 * own + 1.0 if person % 3 == 0 else own)
        noise = self._generator.standard_normal((count, SIZE))
        return unit((place + 0.33 * noise).astype(np.float32))

    def crowd(self, people: int, first: int = 100_000) -> Crowd:
        """Return a crowd of people with one to five photos."""
        return Crowd.of_people({f"{i:06}": [*self.looks(first + i, 1 + i % 5)] for i in range(people)})
