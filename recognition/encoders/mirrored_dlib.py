"""dlib's 29-layer encoder, a face and its mirror image averaged."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recognition.encoders.encoder import Encoder
from recognition.models import ModelCache
from recognition.models.dlib_encoder import DlibEncoder, usual_precision
from recognition.scoring import unit

__all__ = ["MirroredDlibEncoder"]


class MirroredDlibEncoder(Encoder):
    """The encoder that comes with the package. `threads`: within its network. `cache`: where that is kept."""

    # Whoever changes how these templates are made changes the name.
    name = "dlib-resnet-29-mirrored-v1"

    def __init__(self, threads: int = 1, cache: ModelCache | None = None) -> None:
        self._threads = threads
        self._cache = cache

    @property
    def form(self) -> str:
        """The name, and whether it runs in 8 bits here."""
        return f"{self.name} in {usual_precision()}"

    def prepare(self) -> None:
        """Load the network; raises EngineUnavailable."""
        _ = self._network

    def encode(
        self, picture: NDArray[np.uint8], points: Sequence[NDArray[np.float32]], chips: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Return float32 (n, 128) of unit length; see Encoder."""
        # Of a face and its mirror image: mistakes of the two differ, so their mean is nearer to the person.
        both = self._network.encode(np.concatenate([chips, chips[:, :, ::-1]]))
        return unit(both[: len(chips)] + both[len(chips) :])

    @cached_property
    def _network(self) -> DlibEncoder:
        return DlibEncoder(self._threads, self._cache)
