"""Where in a picture faces are: three detectors behind one interface.

detector = load_detector("fast")
faces = detector.find(picture, smallest_face=40)
again = detector.find(next_picture, smallest_face=40, near=[face.box for face in faces])
"""

from collections.abc import Mapping
from types import MappingProxyType

from recognition.detectors.cnn import CnnDetector
from recognition.detectors.detector import Detector
from recognition.detectors.fast import FastDetector
from recognition.detectors.hog import HogDetector
from recognition.errors import UnknownEngine
from recognition.models import ModelCache

__all__ = ["CnnDetector", "Detector", "FastDetector", "HogDetector", "detectors", "load_detector"]

detectors: Mapping[str, type[Detector]] = MappingProxyType(
    {"fast": FastDetector, "cnn": CnnDetector, "hog": HogDetector}
)


def load_detector(name: str, threads: int = 1, cache: ModelCache | None = None) -> Detector:
    """Return the detector of this name, with no model loaded yet; raises UnknownEngine.

    `threads`: for each network; `cache`: where built networks are kept.
    """
    if name not in detectors:
        raise UnknownEngine(f"There is no detector {name!r}: choose {' or '.join(sorted(detectors))}.")
    detector: Detector = detectors[name](threads, cache)
    return detector
