"""A PLDA model from a crowd, by moments."""

import numpy as np
from numpy.typing import NDArray

from recognition.calibration.people import Crowd, TooFewPeople
from recognition.scoring import Plda

__all__ = ["fit_plda"]

# The covariance of looks is mixed with this much of an even one: a few hundred people with several photos don't settle
# 128 dimensions, and less made the roster of 30 worse (FNIR 23 % at 0.1, 20 % at 0.3, by cross-validation).
_EVENNESS = 0.3
# A dimension in which persons don't differ says nothing, and a negative variance (moments allow one) is no model.
_LEAST_SPREAD = 0.02
# Of one person no more differences count: with all of them the people with ten photos would be the covariance.
_MOST_DIFFERENCES = 3


def fit_plda(crowd: Crowd) -> Plda:
    """Return the model whose moments are the crowd's, every person weighing the same.

    Raises TooFewPeople where no one has two photos.
    """
    mean, within, between = _moments(crowd)
    size = len(mean)
    look = float(np.trace(within))
    within = (1 - _EVENNESS) * within + _EVENNESS * np.eye(size) * look / size
    whitening = np.linalg.cholesky(np.linalg.inv(within))
    spread, axes = np.linalg.eigh(whitening.T @ between @ whitening)
    # An eigenvector's sign is the library's whim; a file should not depend on it.
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), np.arange(size)] < 0, -1, 1)
    projection = (whitening @ axes).astype(np.float32)
    return Plda(mean.astype(np.float32), projection, np.maximum(spread, _LEAST_SPREAD).astype(np.float32), look)


def _moments(crowd: Crowd) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    several = [photos.astype(np.float64) for photos in crowd.photos if len(photos) > 1]
    if not several:
        raise TooFewPeople("No one has two photos: give at least two photos each of some people.")
    size = several[0].shape[1]
    within, differences = np.zeros((size, size)), 0
    for photos in several:
        off = photos - photos.mean(axis=0)
        count = min(len(off) - 1, _MOST_DIFFERENCES)
        within += off.T @ off / (len(off) - 1) * count
        differences += count
    within /= differences
    rows = np.concatenate(crowd.photos).astype(np.float64)
    weights = np.concatenate([np.full(len(photos), 1 / len(photos)) for photos in crowd.photos]) / len(crowd)
    mean = weights @ rows
    off = rows - mean
    return mean, within, (weights[:, None] * off).T @ off - within
