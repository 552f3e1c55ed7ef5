"""Weights that miss as few people as possible while every kind of roster keeps the promised rate of outsiders named."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Practice", "fit_weights"]

# Rounds in which the price of a named outsider is raised where too many are, and lowered where too few.
_ROUNDS = 20
_STEPS = 2
# Rows of a kind that are learned from. More made no difference, and the time grows with them.
_MOST_OUTSIDERS = 8_000
_MOST_MATES = 1_500
# Keeps weights that the trials don't settle near zero: without it two numbers that say the same cancel at large values.
_RIDGE = 3e-3
# A share of outsiders named is only known to about this, so the price doesn't run away where none is.
_GRAIN = 3e-4


@dataclass(frozen=True, eq=False)
class Practice:
    """Numbers of the best candidates in trials of one kind, `numbers` (n, f), and which are `mates` (n,) bool."""

    numbers: NDArray[np.float32]
    mates: NDArray[np.bool_]


def fit_weights(practice: Mapping[str, Practice], fpir: Mapping[str, float]) -> tuple[NDArray[np.float64], float]:
    """Return weights (f,) and an offset: a score above 0 names the candidate.

    Logistic regression in which mates weigh the same in each kind, and outsiders of a kind at a price of its own, which
    is moved until the share of them above 0 is `fpir` of that kind: the multipliers of a minimisation under
    constraints. So one threshold serves all, and what tells the kinds apart must be among the numbers.
    """
    kinds = list(practice)
    practice = {kind: _sample(practice[kind]) for kind in kinds}
    numbers = np.concatenate([practice[kind].numbers for kind in kinds]).astype(np.float64)
    mates = np.concatenate([practice[kind].mates for kind in kinds])
    whose = np.concatenate([np.full(len(practice[kind].mates), i) for i, kind in enumerate(kinds)])
    centre, scale = numbers.mean(axis=0), numbers.std(axis=0) + 1e-6
    rows = np.hstack([(numbers - centre) / scale, np.ones((len(numbers), 1))])
    groups = 2 * whose + mates
    shares = 1 / np.maximum(np.bincount(groups, minlength=2 * len(kinds)), 1)
    wanted = np.array([fpir[kind] for kind in kinds])
    prices = np.full(len(kinds), 10.0)
    weights = np.zeros(rows.shape[1])
    for _ in range(_ROUNDS):
        price = shares * np.stack([prices, np.ones(len(kinds))], axis=1).ravel()
        for _ in range(_STEPS):
            weights = _newton(rows, mates, price[groups], weights)
        named = np.bincount(groups, (rows @ weights > 0) * shares[groups], 2 * len(kinds))[::2]
        prices *= np.clip((named + _GRAIN) / (wanted + _GRAIN), 0.3, 3) ** 0.6
        prices = np.clip(prices, 0.3, 1e4)
    return weights[:-1] / scale, float(weights[-1] - weights[:-1] @ (centre / scale))


def _sample(practice: Practice) -> Practice:
    generator = np.random.default_rng(0)
    mates = generator.permutation(np.flatnonzero(practice.mates))[:_MOST_MATES]
    outsiders = generator.permutation(np.flatnonzero(~practice.mates))[:_MOST_OUTSIDERS]
    rows = np.concatenate([mates, outsiders])
    return Practice(practice.numbers[rows], practice.mates[rows])


def _newton(
    rows: NDArray[np.float64], mates: NDArray[np.bool_], price: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    odds = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
    ridge = np.full(len(weights), _RIDGE)
    ridge[-1] = 0
    gradient = rows.T @ (price * (mates - odds)) - ridge * weights
    bend = (rows * (price * odds * (1 - odds))[:, None]).T @ rows + np.diag(ridge + 1e-9)
    step = np.linalg.solve(bend, gradient)
    # Far from the solution the quadratic model overshoots.
    moved: NDArray[np.float64] = weights + step * min(1.0, 4 / float(np.abs(step).max()))
    return moved
