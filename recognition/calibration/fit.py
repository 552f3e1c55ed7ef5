"""From templates of known people to a calibration."""

from collections.abc import Callable

import numpy as np

from recognition.calibration.cohort import draw_cohort
from recognition.calibration.decision import Practice, fit_weights
from recognition.calibration.people import Crowd, TooFewPeople
from recognition.calibration.plda import fit_plda
from recognition.calibration.trials import Kind, Trials, dense_groups, kinds_for, lookalikes, trials_of
from recognition.scoring import Calibration, Evidence, People, Space
from recognition.scoring.evidence import PAIR, PROBE

__all__ = ["LEAST_PEOPLE", "PROMISED_FPIR", "SPLITS", "USUAL_AIM", "fit_calibration", "least_sound"]

# The promise: of a thousand outsiders at a meeting three are named.
PROMISED_FPIR = 0.003
# With fewer people the far tail that the promise is about isn't seen at all.
LEAST_PEOPLE = 200
_LEAST_WITH_TWO = 60

# The crowd is split in two this many times; each half practises in the space fitted on the other, because in a space
# fitted on themselves people look further apart than newcomers do.
SPLITS = 4
_GROUPS = 4
# A dense group is this share of a crowd, at least as many as a roster and its outsiders.
_GROUP_SHARE = 1 / 12
_LEAST_GROUP = 45
# What is aimed at, as a part of the promise; chosen by cross-validation within the people fitted on. Newcomers' FPIR
# scatters around what was seen in fitting, so the usual rosters aim below it. Look-alikes picked out of a whole crowd
# are harder than a roster that is merely dense: at the promise itself everyone else paid half a point of FNIR more.
USUAL_AIM = 2 / 3
_DENSE_AIM = 1.0
_LOOKALIKE_AIM = 2.0
_DENSE = "dense_"
_LOOKALIKE = "lookalike"
# Whose numbers are learned from is settled before there are weights: by both likenesses, in about equal parts.
_COSINE = 200.0


def least_sound(crowd: Crowd) -> None:
    """Raise TooFewPeople unless the crowd is large enough to fit a decision on."""
    two = sum(len(photos) > 1 for photos in crowd.photos)
    if len(crowd) < LEAST_PEOPLE or two < _LEAST_WITH_TWO:
        raise TooFewPeople(
            f"There are {len(crowd)} people, {two} with two photos or more: {LEAST_PEOPLE} are needed, "
            f"{_LEAST_WITH_TWO} of them with two. Add people, or keep the calibration that ships."
        )


def fit_calibration(
    crowd: Crowd,
    encoder: str,
    fitted_on: str,
    *,
    fpir: float = PROMISED_FPIR,
    seed: int = 0,
    splits: int = SPLITS,
    progress: Callable[[float], None] = lambda _: None,
) -> Calibration:
    """Fit everything on a crowd alone; the same crowd and seed give the same calibration.

    `splits`: how often the crowd is split in two; fewer are quicker, and hold worse for newcomers. `progress` is told
    the share done. Raises TooFewPeople.
    """
    least_sound(crowd)
    generator = np.random.default_rng(seed)
    gathered: dict[str, list[Practice]] = {}
    for split in range(splits):
        halves = crowd.halves(generator)
        for fitted, tried in (halves, halves[::-1]):
            space = Space(fit_plda(fitted), draw_cohort(fitted, generator))
            for kind, part in _rosters(tried, generator):
                numbers = [_numbers(space, trials) for trials in trials_of(part, kind, generator)]
                gathered.setdefault(kind.name, []).extend(numbers)
        progress((split + 1) / (splits + 1))
    practice = {
        kind: Practice(np.concatenate([p.numbers for p in parts]), np.concatenate([p.mates for p in parts]))
        for kind, parts in gathered.items()
    }
    weights, offset = fit_weights(practice, {kind: fpir * _aim(kind) for kind in practice})
    space = Space(fit_plda(crowd), draw_cohort(crowd, generator))
    pair, probe, person = np.split(weights.astype(np.float32), np.cumsum([len(PAIR), len(PROBE)]))
    progress(1.0)
    return Calibration(encoder, space.plda, space.cohort, pair, probe, person, offset, fpir, fitted_on)


def _aim(kind: str) -> float:
    if kind == _LOOKALIKE:
        return _LOOKALIKE_AIM
    return _DENSE_AIM if kind.startswith(_DENSE) else USUAL_AIM


def _rosters(crowd: Crowd, generator: np.random.Generator) -> list[tuple[Kind, Crowd]]:
    """Every kind of roster, each with the people to draw it from."""
    size = max(_LEAST_GROUP, round(len(crowd) * _GROUP_SHARE))
    roster = min(30, size // 2)
    drawn = [(kind, crowd) for kind in kinds_for(crowd)]
    for rank, group in enumerate(dense_groups(crowd, size, _GROUPS, generator)):
        drawn.append((Kind(f"{_DENSE}{rank}", roster, 1, 1, 30), group))
    drawn.append((Kind(_LOOKALIKE, roster, 1, 1, 30), lookalikes(crowd, size, generator)))
    return drawn


def _numbers(space: Space, trials: Trials) -> Practice:
    """Numbers of each probe's likeliest candidate, leaving out mates whose likeliest is someone else."""
    evidence = Evidence.of(space, People(space, trials.people), trials.probes)
    cosine, plda = evidence.pair[:, :, PAIR.index("cosine_own")], evidence.pair[:, :, PAIR.index("plda_own")]
    best = (_COSINE * cosine + plda).argmax(axis=1)
    mates = trials.mates >= 0
    kept = ~mates | (best == trials.mates)
    rows = np.flatnonzero(kept)
    numbers = np.hstack([evidence.pair[rows, best[rows]], evidence.probe[rows], evidence.person[best[rows]]])
    return Practice(numbers, mates[rows])
