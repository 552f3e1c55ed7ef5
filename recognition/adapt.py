"""A calibration fitted to a campus' own people, and whether it is better for those it wasn't fitted on."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from recognition.calibration import PROMISED_FPIR, Crowd, fit_calibration
from recognition.calibration.fit import SPLITS
from recognition.calibration.trials import Trials, kinds_for, trials_of
from recognition.scoring import CalibratedMatcher, Calibration, Evidence, People

__all__ = ["Adapted", "Rates", "adapted"]

_FOLDS = 2
# FPIR of newcomers is only seen in steps; up to here it counts as keeping the promise.
_KEPT_FPIR = 2 * PROMISED_FPIR


@dataclass(frozen=True)
class Rates:
    """Shares: `fnir` of people enrolled who aren't named, `fpir` of outsiders who are."""

    fnir: float
    fpir: float


@dataclass(frozen=True, eq=False)
class Adapted:
    """What came of it; `before` and `after` are of people that the calibration judged was not fitted on."""

    calibration: Calibration
    before: Rates
    after: Rates

    @property
    def better(self) -> bool:
        """Whether it should be used: it keeps the promise, and names more people, or mends a promise not kept."""
        if self.after.fpir > max(_KEPT_FPIR, self.before.fpir):
            return False
        mended = self.before.fpir > _KEPT_FPIR >= self.after.fpir
        return mended or (self.after.fpir <= _KEPT_FPIR and self.after.fnir < self.before.fnir)


def adapted(
    crowd: Crowd,
    shipped: Calibration,
    fitted_on: str,
    told: Callable[[float], None] = lambda _: None,
    splits: int = SPLITS,
) -> Adapted:
    """Fit on the crowd, and judge by cross-validation over identities; `told` is the share done.

    Raises TooFewPeople where a fold has too few.
    """
    parts = crowd.halves(np.random.default_rng(0))
    before, after = [], []
    for fold in range(_FOLDS):
        fitted = fit_calibration(parts[fold], shipped.encoder, fitted_on, splits=splits)
        told((fold + 1) / (_FOLDS + 1))
        judged = _trials(parts[1 - fold])
        before.append(_rates(shipped, judged))
        after.append(_rates(fitted, judged))
    whole = fit_calibration(crowd, shipped.encoder, fitted_on, splits=splits)
    told(1.0)
    return Adapted(replace(whole, fitted_on=fitted_on), _mean(before), _mean(after))


def _trials(crowd: Crowd) -> list[Trials]:
    generator = np.random.default_rng(1)
    return [trials for kind in kinds_for(crowd) for trials in trials_of(crowd, kind, generator)]


def _rates(calibration: Calibration, judged: list[Trials]) -> Rates:
    matcher = CalibratedMatcher(calibration)
    missed, mates, named, outsiders = 0, 0, 0, 0
    for trials in judged:
        people = People(calibration.space, trials.people)
        scores = matcher.weigh(Evidence.of(calibration.space, people, trials.probes))
        given = np.where(scores.max(axis=1) >= matcher.threshold, scores.argmax(axis=1), -1)
        mate = trials.mates >= 0
        missed += int((given != trials.mates)[mate].sum())
        mates += int(mate.sum())
        named += int((given >= 0)[~mate].sum())
        outsiders += int((~mate).sum())
    return Rates(missed / max(mates, 1), named / max(outsiders, 1))


def _mean(rates: list[Rates]) -> Rates:
    return Rates(float(np.mean([each.fnir for each in rates])), float(np.mean([each.fpir for each in rates])))
