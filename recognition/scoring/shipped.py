"""The calibration that comes with the package, and the one that a campus chose instead."""

import os
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

from recognition.scoring.calibration import BadCalibration, Calibration
from recognition.scoring.matcher import CalibratedMatcher

__all__ = ["chosen_matcher", "shipped_calibration"]

_FOLDER = "data"
_CHOSEN = "ROLLCALL_CALIBRATION"


@lru_cache(maxsize=4)
def shipped_calibration(name: str = "fast") -> Calibration:
    """Return the calibration fitted for an engine's encoder, by the engine's name.

    Raises BadCalibration where there is none: `rollcall calibrate` fits one.
    """
    with as_file(files(__package__) / _FOLDER / f"{name}.npz") as path:
        return Calibration.load(path)


def chosen_matcher(encoder: str, name: str = "fast") -> CalibratedMatcher:
    """Return a matcher by the file that ROLLCALL_CALIBRATION names, or by what ships for the engine `name`.

    Raises BadCalibration where it can't be read or is for another encoder.
    """
    path = os.environ.get(_CHOSEN)
    calibration = Calibration.load(Path(path)) if path else shipped_calibration(name)
    if calibration.encoder != encoder:
        raise BadCalibration(
            f"{path or 'The calibration that ships'} is for templates of {calibration.encoder!r}, not of {encoder!r}: "
            f"fit one with `rollcall calibrate`, or set {_CHOSEN} to another."
        )
    return CalibratedMatcher(calibration)
