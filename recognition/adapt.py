"""A calibration fitted to a campus' own people, and whether it is better for those it wasn't fitted on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from recognition.by_group import Outcome, Rates, rates
from recognition.calibration import LEAST_PEOPLE, PROMISED_FPIR, Crowd, TooFewPeople, fit_calibration
from recognition.calibration.fit import SPLITS, least_sound
from recognition.calibration.threshold import moved_threshold
from recognition.calibration.trials import kinds_for, trials_of
from recognition.scoring import CalibratedMatcher, Calibration, Evidence, People

__all__ = ["Adapted", "Judged", "adapted"]

# What is judged is fitted on all folds but one, what is written on all: with four the two differ little. A fold of
# fewer people than a hundred or so has no rosters to judge by, so a small crowd is cut in two.
_FOLDS, _LEAST_IN_FOLD = 4, 200
_FEWEST_FOLDS = 2
# FPIR of newcomers is only seen in steps; up to here it counts as keeping the promise.
_KEPT_FPIR = 2 * PROMISED_FPIR

Told = Callable[[float], None]
Fit = Callable[[Crowd, Told], Calibration]


@dataclass(frozen=True, eq=False)
class Judged:
    """One way of fitting, `way`, judged on people that weren't fitted on.

    `before` is of what is in use, None where nothing is; `outcomes` are the trials behind `after`.
    """

    way: str
    before: Rates | None
    after: Rates
    outcomes: Sequence[Outcome]

    @property
    def better(self) -> bool:
        """Whether it should be used: it keeps the promise, and names more people, or mends a promise not kept."""
        if self.after.fpir > _KEPT_FPIR:
            return False
        if self.before is None or self.before.fpir > _KEPT_FPIR:
            return True
        return self.after.fnir < self.before.fnir


@dataclass(frozen=True, eq=False)
class Adapted(Judged):
    """The better way of them, and what it gives when it is fitted on everyone."""

    calibration: Calibration


def adapted(
    crowd: Crowd,
    current: Calibration | None,
    encoder: str,
    fitted_on: str,
    told: Told = lambda _: None,
    splits: int = SPLITS,
    names: Sequence[str] | None = None,
) -> Adapted:
    """Fit on the crowd, and judge by cross-validation over identities.

    `told` is called with the share done. `names`: what the outcomes call the crowd's people, by default their numbers.

    Two ways are tried, and the better one is given: everything fitted anew, and the `current` calibration with its
    threshold moved, which a crowd of a few hundred people settles better. Raises TooFewPeople.
    """
    least_sound(crowd)
    named = names or [str(person) for person in range(len(crowd))]
    folds = _FOLDS if len(crowd) >= _FOLDS * _LEAST_IN_FOLD else _FEWEST_FOLDS
    parts = np.array_split(np.random.default_rng(0).permutation(len(crowd)), folds)
    ways: dict[str, Fit] = {}
    if current is not None:
        ways["threshold moved"] = lambda people, _: moved_threshold(current, people, fitted_on)
    enough = _all_sound(crowd, parts)
    if current is None and not enough:
        raise TooFewPeople(
            f"For this encoder there is no calibration to start from, and {len(crowd)} people are too few to fit one "
            f"and judge it on others: about {_FEWEST_FOLDS * LEAST_PEOPLE} are needed. Add people, or fit one unjudged "
            "with `rollcall calibrate`."
        )
    if enough:
        ways["fitted anew"] = lambda people, told: fit_calibration(
            people, encoder, fitted_on, splits=splits, progress=told
        )

    before: list[Outcome] = []
    after: dict[str, list[Outcome]] = {way: [] for way in ways}
    for fold, part in enumerate(parts):
        others = crowd.part(_without(parts, fold))
        if current is not None:
            before += _outcomes(current, crowd, part, named)
        partly = partial(_partly, told, fold, folds + 1)
        for way, fit in ways.items():
            after[way] += _outcomes(fit(others, partly), crowd, part, named)
        told((fold + 1) / (folds + 1))
    if not rates(next(iter(after.values()))).enrolled:
        raise TooFewPeople(
            "There are too few people with two photos to judge by: add photos, or keep the calibration in use."
        )
    judged = rates(before) if current is not None else None
    # The calibration that is written comes last: fitting it takes as long as a fold.
    found = [Judged(way, judged, rates(outcomes), outcomes) for way, outcomes in after.items()]
    best = min(found, key=lambda each: (not each.better, each.after.fpir > _KEPT_FPIR, each.after.fnir))
    whole = ways[best.way](crowd, partial(_partly, told, folds, folds + 1))
    told(1.0)
    return Adapted(best.way, best.before, best.after, best.outcomes, whole)


def _partly(told: Told, step: int, steps: int, share: float) -> None:
    told((step + share) / steps)


def _all_sound(crowd: Crowd, parts: Sequence[NDArray[np.intp]]) -> bool:
    try:
        for fold in range(len(parts)):
            least_sound(crowd.part(_without(parts, fold)))
    except TooFewPeople:
        return False
    return True


def _without(parts: Sequence[NDArray[np.intp]], fold: int) -> NDArray[np.intp]:
    return np.concatenate([part for place, part in enumerate(parts) if place != fold])


def _outcomes(calibration: Calibration, crowd: Crowd, part: NDArray[np.intp], names: Sequence[str]) -> list[Outcome]:
    """What comes of meetings among the people of a part, the same ones for every calibration."""
    matcher, generator, judged = CalibratedMatcher(calibration), np.random.default_rng(1), crowd.part(part)
    outcomes = []
    for kind in kinds_for(judged):
        for trials in trials_of(judged, kind, generator):
            people = People(calibration.space, trials.people)
            scores = matcher.weigh(Evidence.of(calibration.space, people, trials.probes))
            given = np.where(scores.max(axis=1) >= matcher.threshold, scores.argmax(axis=1), -1)
            outcomes += [
                Outcome(names[part[person]], bool(mate >= 0), bool(answer != mate))
                for person, mate, answer in zip(trials.whose, trials.mates, given, strict=True)
            ]
    return outcomes
