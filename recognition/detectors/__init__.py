"""Where in a picture faces are: three detectors behind one interface.

detector = load_detector("fast")
faces = detector.find(picture, smallest_face=40)
again = detector.find(next_picture, smallest_face=40, near=[face.box for face in faces])
"""

from types import MappingProxyType

from recognition.detectors.cnn import CnnDetector
from recognition.detectors.detector import Detector
from recognition.detectors.fast import FastDetector
from recognition.detectors.hog import HogDetector
from recognition.errors import UnknownEngine

__all__ = ["CnnDetector", "Detector", "FastDetector", "HogDetector", "detectors", "load_detector"]

detectors = MappingProxyType({"fast": FastDetector, "cnn": CnnDetector, "hog": HogDetector})


def load_detector(name: str) -> Detector:
    """Return the detector of this name, with no model loaded yet; raises UnknownEngine."""
    if name not in detectors:
        raise UnknownEngine(f"There is no detector {name!r}: choose {' or '.join(sorted(detectors))}.")
    detector: Detector = detectors[name]()
    return detector
