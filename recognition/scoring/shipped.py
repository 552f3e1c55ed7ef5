"""The calibrations that come with the package."""

from functools import lru_cache
from importlib.resources import as_file, files

from recognition.scoring.calibration import Calibration

__all__ = ["shipped_calibration"]

_FOLDER = "data"


@lru_cache(maxsize=4)
def shipped_calibration(name: str = "fast") -> Calibration:
    """Return the calibration fitted for an engine's encoder, by the engine's name.

    Raises BadCalibration where there is none: `rollcall calibrate` fits one.
    """
    with as_file(files(__package__) / _FOLDER / f"{name}.npz") as path:
        return Calibration.load(path)
