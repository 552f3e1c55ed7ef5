"""Where in a picture faces are: detectors behind one interface."""

from recognition.detectors.detector import Detector
from recognition.detectors.fast import FastDetector

__all__ = ["Detector", "FastDetector"]
