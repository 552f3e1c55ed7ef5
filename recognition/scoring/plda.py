"""Probabilistic linear discriminant analysis: how much likelier two templates are of one person than of two.

A template is taken as mean + person + look, both normally distributed (Ioffe, "Probabilistic linear discriminant
analysis", 2006; the two-covariance form of Brümmer and de Villiers, "The speaker partitioning problem", 2010). One
projection makes both covariances diagonal at once, the look's the identity, so a comparison is a sum over dimensions.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from recognition.scoring.fusion import LOOKS

__all__ = ["Plda"]

Matrix: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Plda:
    """The model's parameters.

    `mean`: float32 (d,). `projection`: float32 (d, k); in the projected space a look has variance 1 and persons differ
    with variance `spread`, float32 (k,), greater than 0. `look`: the squared length by which one look of unit length
    is off its person on average, which says how much independent evidence a fused template holds (`looks`).
    """

    mean: NDArray[np.float32]
    projection: Matrix
    spread: NDArray[np.float32]
    look: float

    def project(self, templates: Matrix) -> Matrix:
        """Return templates (n, d) in the model's space, (n, k)."""
        return np.asarray((templates - self.mean) @ self.projection, np.float32)

    def looks(self, templates: Matrix) -> NDArray[np.float32]:
        """Return how many independent looks each fused template (n, d) is worth, one of `LOOKS`: float32 (n,).

        A mean of n unit vectors is shorter the more they differ. Of n independent looks its squared length is
        1 − (1 − 1/n)·look, so the length tells n; frames of one track differ less and count for fewer.
        """
        missing = 1 - np.einsum("ij,ij->i", templates, templates)
        variance = np.clip(1 - missing / np.float32(self.look), 1 / LOOKS[-1], 1)
        nearest = np.abs(np.log(LOOKS) + np.log(variance)[:, None]).argmin(axis=1)
        looks: NDArray[np.float32] = LOOKS[nearest]
        return looks

    def log_ratios(self, probes: Matrix, probe_looks: NDArray[np.float32], side: "Plda.Side") -> Matrix:
        """Return log likelihood ratios, one person over two: projected probes (n, k) against a side: (n, m)."""
        ratios = np.empty((len(probes), side.size), np.float32)
        for looks in np.unique(probe_looks):
            rows = probe_looks == looks
            squares, products, constants = side.terms(float(looks))
            ratios[rows] = np.square(probes[rows]) @ squares + probes[rows] @ products + constants
        return ratios

    class Side:
        """What probes are compared with: projected templates (m, k) with their looks (m,), ready for any probe."""

        def __init__(self, plda: "Plda", projected: Matrix, looks: NDArray[np.float32]) -> None:
            self.size = len(projected)
            self._spread = plda.spread
            self._projected = projected
            self._looks = looks
            self._terms: dict[float, tuple[Matrix, Matrix, NDArray[np.float32]]] = {}

        def terms(self, looks: float) -> tuple[Matrix, Matrix, NDArray[np.float32]]:
            """Return for probes worth `looks` what multiplies their squares and themselves, (k, m), and what is added.

            From the joint normal of both sides, [[spread + 1/looks, spread], [spread, spread + 1/own looks]].
            """
            if looks not in self._terms:
                squares, own, cross, fixed = (np.empty((self.size, len(self._spread)), np.float32) for _ in range(4))
                for count in np.unique(self._looks):
                    rows = self._looks == count
                    probe, person = self._spread + 1 / looks, self._spread + 1 / count
                    determinant = probe * person - self._spread**2
                    squares[rows] = -(person / determinant - 1 / probe) / 2
                    own[rows] = -(probe / determinant - 1 / person) / 2
                    cross[rows] = self._spread / determinant
                    fixed[rows] = -np.log(determinant / (probe * person)) / 2
                constants = (own * self._projected**2 + fixed).sum(axis=1)
                # All looks of one worth is the usual case: one column then serves everyone.
                self._terms[looks] = squares.T, (cross * self._projected).T, constants
            return self._terms[looks]

    def side(self, templates: Matrix) -> "Plda.Side":
        """Return templates (m, d) as a side to compare with."""
        return Plda.Side(self, self.project(templates), self.looks(templates))
