"""Faces that nobody has: drawn from a mixture of normal distributions fitted to a crowd.

A cohort of real people would do as well and would be their templates in everyone's hands. The mixture keeps what a
cohort is for (which regions are crowded: groups of people that the encoder packs together) and nobody's own place.
"""

import numpy as np
from numpy.typing import NDArray

from recognition.calibration.people import Crowd
from recognition.scoring import unit

__all__ = ["draw_cohort"]

# People a component: fewer, and a component would describe those few.
_PEOPLE_A_COMPONENT = 60
_MOST_COMPONENTS = 12
# A component's covariance is that of all components as if by this many people, and its own by those it has.
_COMMON = 100.0
_ROUNDS = 15
# Above 100, the most that normalisation looks at; more are slower and made no difference.
_MEMBERS = 600


def draw_cohort(crowd: Crowd, generator: np.random.Generator) -> NDArray[np.float32]:
    """Return faces of nobody, float32 (600, d) of unit length, distributed as one photo each of the crowd is."""
    rows = np.stack([photos[generator.integers(len(photos))] for photos in crowd.photos]).astype(np.float64)
    centres, covariances, shares = _fit(rows, generator)
    members = generator.choice(len(shares), _MEMBERS, p=shares)
    noise = generator.standard_normal((_MEMBERS, rows.shape[1]))
    roots = np.linalg.cholesky(covariances)
    return unit((centres[members] + np.einsum("nij,nj->ni", roots[members], noise)).astype(np.float32))


def _fit(
    rows: NDArray[np.float64], generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Expectation maximisation; centres (k, d), covariances (k, d, d), shares (k,)."""
    count, size = rows.shape
    components = max(1, min(_MOST_COMPONENTS, count // _PEOPLE_A_COMPONENT))
    belongs = np.eye(components)[_assign(rows, _seeds(rows, components, generator))]
    for _ in range(_ROUNDS):
        weights = belongs.sum(axis=0) + 1e-9
        centres = belongs.T @ rows / weights[:, None]
        scatters = np.stack([((rows - c).T * b) @ (rows - c) for c, b in zip(centres, belongs.T, strict=True)])
        common = scatters.sum(axis=0) / count
        # Without it, directions that a small crowd doesn't fill would have no width at all.
        common += 0.01 * np.trace(common) / size * np.eye(size)
        covariances = (scatters + _COMMON * common) / (weights + _COMMON)[:, None, None]
        logs = np.log(weights / count) + np.stack(
            [_log_density(rows, c, v) for c, v in zip(centres, covariances, strict=True)], axis=1
        )
        belongs = np.exp(logs - logs.max(axis=1, keepdims=True))
        belongs /= belongs.sum(axis=1, keepdims=True)
    return centres, covariances, weights / weights.sum()


def _seeds(rows: NDArray[np.float64], components: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Starting centres far from one another (k-means++), settled by Lloyd's rounds."""
    centres = rows[[generator.integers(len(rows))]]
    while len(centres) < components:
        distances = ((rows[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
        centres = np.vstack([centres, rows[generator.choice(len(rows), p=distances / distances.sum())]])
    for _ in range(_ROUNDS):
        nearest = _assign(rows, centres)
        centres = np.stack(
            [rows[nearest == k].mean(axis=0) if (nearest == k).any() else centre for k, centre in enumerate(centres)]
        )
    return centres


def _assign(rows: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.intp]:
    nearest: NDArray[np.intp] = ((rows[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    return nearest


def _log_density(
    rows: NDArray[np.float64], centre: NDArray[np.float64], covariance: NDArray[np.float64]
) -> NDArray[np.float64]:
    root = np.linalg.cholesky(covariance)
    scaled = np.linalg.solve(root, (rows - centre).T)
    density: NDArray[np.float64] = -(scaled**2).sum(axis=0) / 2 - np.log(np.diag(root)).sum()
    return density
