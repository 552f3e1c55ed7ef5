"""A fitted decision whose threshold is moved to where another crowd keeps the promise: one number, nothing else.

What a crowd too small to fit everything on can still settle: it shows thousands of outsiders in rosters drawn at
random, but hardly any rosters of look-alikes, which the weights go on looking after.
"""

from dataclasses import replace

import numpy as np

from recognition.calibration.fit import USUAL_AIM
from recognition.calibration.people import Crowd
from recognition.calibration.trials import kinds_for, trials_of
from recognition.scoring import CalibratedMatcher, Calibration, Evidence, People

__all__ = ["moved_threshold"]


def moved_threshold(calibration: Calibration, crowd: Crowd, fitted_on: str, seed: int = 0) -> Calibration:
    """Return the calibration with the threshold at which the crowd's usual rosters keep its FPIR; all else stays.

    Where the crowd is too small for any roster, everything stays.
    """
    matcher = CalibratedMatcher(calibration)
    generator = np.random.default_rng(seed)
    outsiders = []
    for kind in kinds_for(crowd):
        for trials in trials_of(crowd, kind, generator):
            people = People(calibration.space, trials.people)
            scores = matcher.weigh(Evidence.of(calibration.space, people, trials.probes)).max(axis=1)
            outsiders.append(scores[trials.mates < 0])
    if not outsiders:
        return calibration
    least = float(np.quantile(np.concatenate(outsiders), 1 - USUAL_AIM * calibration.fpir))
    told = f"{calibration.fitted_on}; threshold: {fitted_on}"
    return replace(calibration, offset=calibration.offset - least, fitted_on=told)
