"""Everything a decision needs besides the templates at hand, as one small versioned file."""

import io
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognition.errors import RecognitionError
from recognition.scoring.evidence import PAIR, PERSON, PROBE, Space
from recognition.scoring.fusion import unit
from recognition.scoring.plda import Plda

__all__ = ["BadCalibration", "Calibration"]

# Read by this version only: other numbers would mean other things to the same weights.
_FORMAT = 1
_SUFFIX = ".part"


class BadCalibration(RecognitionError):
    """A calibration file that can't be used."""

    code = "bad_calibration"


@dataclass(frozen=True, eq=False)
class Calibration:
    """A fitted decision; holds parameters and drawn faces, and no template of anyone.

    `encoder`: whose templates it is for. `plda`, `cohort` (float32 (m, d)): see `Space`. `pair`, `probe`, `person`:
    float32, the weight of each number of `Evidence`; `offset` is added, so that 0 is the threshold. `fpir`: the share
    of outsiders named that it was fitted for. `fitted_on`: in words, on what.
    """

    encoder: str
    plda: Plda
    cohort: NDArray[np.float32]
    pair: NDArray[np.float32]
    probe: NDArray[np.float32]
    person: NDArray[np.float32]
    offset: float
    fpir: float
    fitted_on: str

    @cached_property
    def space(self) -> Space:
        """Where its comparisons take place."""
        return Space(self.plda, unit(self.cohort))

    def save(self, path: Path) -> None:
        """Write it as one file, whole or not at all. The same calibration always gives the same bytes."""
        arrays = {
            "format": np.array(_FORMAT),
            "encoder": np.array(self.encoder),
            "fitted_on": np.array(self.fitted_on),
            "numbers": np.array([self.plda.look, self.offset, self.fpir], np.float64),
            "mean": self.plda.mean,
            "projection": self.plda.projection,
            "spread": self.plda.spread,
            # A drawn cohort is as good at half precision, and it is most of the file.
            "cohort": self.cohort.astype(np.float16),
            "pair": self.pair,
            "probe": self.probe,
            "person": self.person,
        }
        part = path.with_name(path.name + _SUFFIX)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, array, allow_pickle=False)
                # A fixed date: np.savez would write the time of day into the file.
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), zipfile.ZIP_DEFLATED)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Calibration":
        """Read one that `save` wrote; raises BadCalibration where it can't be used."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                if int(stored["format"]) != _FORMAT:
                    raise BadCalibration(
                        f"{path} is a calibration of format {int(stored['format'])}, this version reads {_FORMAT}: "
                        "fit it again with `rollcall calibrate`."
                    )
                arrays = {name: stored[name] for name in stored.files}
            look, offset, fpir = (float(value) for value in arrays["numbers"])
            floats = {
                name: arrays[name].astype(np.float32)
                for name in ("mean", "projection", "spread", "cohort", "pair", "probe", "person")
            }
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise BadCalibration(f"{path} can't be read as a calibration ({error}): fit it again.") from error
        _check(path, floats, [look, offset, fpir])
        plda = Plda(floats["mean"], floats["projection"], floats["spread"], look)
        weights = floats["pair"], floats["probe"], floats["person"]
        texts = str(arrays["encoder"]), str(arrays["fitted_on"])
        return cls(texts[0], plda, floats["cohort"], *weights, offset, fpir, texts[1])


def _check(path: Path, floats: dict[str, NDArray[np.float32]], numbers: list[float]) -> None:
    size, kept = floats["mean"].size, floats["spread"].size
    shapes = {
        "mean": (size,),
        "projection": (size, kept),
        "spread": (kept,),
        "cohort": (len(floats["cohort"]), size),
        "pair": (len(PAIR),),
        "probe": (len(PROBE),),
        "person": (len(PERSON),),
    }
    wrong = [name for name, shape in shapes.items() if floats[name].shape != shape]
    wrong += [name for name, array in floats.items() if not np.isfinite(array).all()]
    if wrong or len(floats["cohort"]) < 100 or not np.isfinite(numbers).all() or (floats["spread"] <= 0).any():
        raise BadCalibration(f"{path} is damaged ({', '.join(wrong) or 'numbers out of range'}): fit it again.")
