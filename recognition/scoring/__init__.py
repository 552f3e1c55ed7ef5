"""How a likeness becomes a name or 'unknown': PLDA, a cohort, the gallery at hand, one threshold for all of them.

Needs NumPy alone; `recognition.calibration` fits what it reads.
"""

from recognition.scoring.calibration import BadCalibration, Calibration
from recognition.scoring.evidence import Evidence, People, Space
from recognition.scoring.fusion import fuse, unit
from recognition.scoring.matcher import CalibratedMatcher
from recognition.scoring.plda import Plda
from recognition.scoring.search import nearest
from recognition.scoring.shipped import chosen_matcher, shipped_calibration

__all__ = [
    "BadCalibration",
    "CalibratedMatcher",
    "Calibration",
    "Evidence",
    "People",
    "Plda",
    "Space",
    "chosen_matcher",
    "fuse",
    "nearest",
    "shipped_calibration",
    "unit",
]
