"""Compares unit-length templates by their cosine."""

import numpy as np
from numpy.typing import NDArray

from recognition.gallery import Gallery
from recognition.matcher import Matcher, best_per_person

__all__ = ["FAST_ENCODER", "CosineMatcher"]

# dlib's 29-layer encoder, a face and its mirror image averaged, of unit length: whoever changes how these templates are
# made changes the name.
FAST_ENCODER = "dlib-resnet-29-mirrored-v1"


class CosineMatcher(Matcher):
    """Scores are cosines to a person's nearest template."""

    encoder = FAST_ENCODER

    def __init__(self, threshold: float = 0.95) -> None:
        self.threshold = threshold

    def scores(self, gallery: Gallery, probes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 (probes, people): the cosine to the person's nearest template."""
        return best_per_person(probes @ gallery.matrix.T, gallery)
