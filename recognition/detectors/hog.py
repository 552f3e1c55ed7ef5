"""The detector `hog`: dlib's frontal faces by histograms of oriented gradients, as face_recognition uses it."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from recognition.detectors.detector import Detector
from recognition.detectors.regions import found_near
from recognition.errors import EngineUnavailable
from recognition.faces import Box, DetectorScale, Face
from recognition.five_points import FivePoints

if TYPE_CHECKING:
    import dlib

__all__ = ["HogDetector", "hog_upsampling"]

# HOG sees faces from 80 pixels; each doubling of the picture halves that and takes four times as long, so more than two
# are worth nobody's while.
_WINDOW = 80.0
_MOST_UPSAMPLING = 2
# No picture is upsampled beyond this: a 4K frame upsampled once has 33 million, and 48 million took 5 s and 780 MB. A
# photo of 50 million pixels would take gigabytes.
_MOST_UPSAMPLED_PIXELS = 40_000_000


def hog_upsampling(picture: NDArray[np.uint8], smallest_face: float) -> int:
    """Return how often HOG has to double a picture to see faces of this width; less often where it is large."""
    upsampling = 0
    while (
        upsampling < _MOST_UPSAMPLING
        and _WINDOW / 2**upsampling > smallest_face
        and picture.size / 3 * 4 ** (upsampling + 1) <= _MOST_UPSAMPLED_PIXELS
    ):
        upsampling += 1
    return upsampling


class HogDetector(Detector):
    """dlib's HOG. Boxes are squares from the eyebrows to below the mouth, in steps of a pyramid."""

    name: ClassVar[str] = "hog"
    # On 386 pictures of Labeled Faces in the Wild with several finds, those below 0.2 beside a face above 1 were
    # bystanders cut off or turned away, and never the person pictured.
    scale: ClassVar[DetectorScale] = DetectorScale(weak=0.2, strong=1.0)

    def prepare(self) -> None:
        """Load HOG and the five-point model; raises EngineUnavailable."""
        _ = self._hog, self._points

    def find(self, picture: NDArray[np.uint8], smallest_face: float, near: Sequence[Box] | None = None) -> list[Face]:
        """See Detector. HOG sees faces from 80, 40 or 20 pixels: the next at or below `smallest_face` is chosen."""
        if near is not None:
            return found_near(self.find, picture, near)
        found, scores, _ = self._hog.run(picture, hog_upsampling(picture, smallest_face), 0.0)
        height, width = picture.shape[:2]
        faces = []
        for each, score in zip(found, scores, strict=True):
            box = Box(max(each.left(), 0), max(each.top(), 0), min(each.right(), width), min(each.bottom(), height))
            whole = Box(each.left(), each.top(), each.right(), each.bottom())
            faces.append(Face(box, float(score), self._points.find(picture, whole)))
        return sorted(faces, key=lambda face: -face.score)

    @cached_property
    def _hog(self) -> "dlib.fhog_object_detector":
        try:
            import dlib
        except ImportError as error:
            raise EngineUnavailable(f"dlib can't be loaded ({error}): install the locked requirements.") from error
        return dlib.get_frontal_face_detector()

    @cached_property
    def _points(self) -> FivePoints:
        return FivePoints()
