"""What speaks for a face being a person of a gallery, and what speaks for a mere likeness: numbers a decision weighs.

An encoder packs some people closer together than others, so the same similarity means less among them. How close it
packs the people around a face, and around a candidate, is measured twice: against a cohort of faces drawn from a fitted
distribution, and within the gallery at hand. Everything is linear in the end, so that a roster is decided on in well
under a millisecond.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from recognition.gallery import Gallery
from recognition.scoring.fusion import unit
from recognition.scoring.plda import Plda

__all__ = ["PAIR", "PERSON", "PROBE", "Evidence", "People", "Space"]

Matrix: TypeAlias = NDArray[np.float32]

# Names of the numbers, in their order. "rival": another person of the gallery. "norm": in standard deviations from the
# nearest of the cohort, as in adaptive score normalisation (s-norm).
_COHORT = ("nearest_10", "nearest_100", "nearest_100_spread", "all")
PAIR = tuple(
    f"{space}_{name}"
    for space in ("cosine", "plda")
    for name in ("own", "rival_1", "rival_5", "rival_mean", "probe_norm", "person_norm")
)
PROBE = (*(f"{space}_{name}" for space in ("cosine", "plda") for name in _COHORT), "looks", "people")
PERSON = (*(f"{space}_{name}" for space in ("cosine", "plda") for name in (*_COHORT, "near_5", "near_mean")), "looks")

# How many of the nearest count. Of fewer rivals the nearest of the cohort stand in, so that a roster of one or two is
# judged by the same numbers.
_NEAR = 5
_COHORT_NEAR = (10, 100)
# People compared with all others at a time: 50,000 at once would take 10 GB.
_BLOCK = 2_000


@dataclass(frozen=True, eq=False)
class Space:
    """Where comparisons take place: a PLDA model, and a cohort, float32 (m, d) of unit length with m at least 100."""

    plda: Plda
    cohort: Matrix

    def compare(self, templates: Matrix, others: "_Side") -> list[Matrix]:
        """Return templates (n, d) compared with others (m): cosine and PLDA, both (n, m)."""
        plda = self.plda.log_ratios(self.plda.project(templates), self.plda.looks(templates), others.side)
        return [templates @ others.templates.T, plda]

    def around(self, templates: Matrix) -> list[Matrix]:
        """Return how the cohort lies around templates (n, d), in cosine and in PLDA: [(n, 4), (n, 4)]."""
        return [_nearest(each) for each in self.compare(templates, self._cohort_side)]

    @cached_property
    def _cohort_side(self) -> "_Side":
        return _Side(self.plda, self.cohort)


class _Side:
    def __init__(self, plda: Plda, templates: Matrix) -> None:
        self.templates = templates
        self.side = plda.side(templates)


class People(_Side):
    """The people of a gallery, one fused template each, with what is known of each before any probe comes.

    `numbers`: float32 (people, len(PERSON)).
    """

    def __init__(self, space: Space, templates: Matrix) -> None:
        super().__init__(space.plda, templates)
        self.around = space.around(templates)
        looks = np.log(space.plda.looks(templates))[:, None]
        near = _within(space, self)
        cosine, plda = (np.hstack([a, n]) for a, n in zip(self.around, near, strict=True))
        self.numbers: Matrix = np.hstack([cosine, plda, looks])

    @classmethod
    def of(cls, space: Space, gallery: Gallery) -> "People":
        """Return the people of a gallery in the order of `gallery.people`; a person's photos are averaged."""
        rows = unit(gallery.matrix)
        sums = np.zeros((len(gallery.people), rows.shape[1]), np.float32)
        np.add.at(sums, gallery.owners, rows)
        photos = np.bincount(gallery.owners, minlength=len(sums))
        return cls(space, np.asarray(sums / photos[:, None], np.float32))


@dataclass(frozen=True, eq=False)
class Evidence:
    """Numbers of every probe with every person.

    `pair`: float32 (probes, people, len(PAIR)); `probe`: (probes, len(PROBE)); `person`: (people, len(PERSON)).
    """

    pair: Matrix
    probe: Matrix
    person: Matrix

    @classmethod
    def of(cls, space: Space, people: People, probes: Matrix) -> "Evidence":
        """Return what speaks for each of the probes, float32 (n, d) of unit length or fused, being each person."""
        around = space.around(probes)
        pairs = [
            _pairs(own, probe, person)
            for own, probe, person in zip(space.compare(probes, people), around, people.around, strict=True)
        ]
        looks = np.log(space.plda.looks(probes))[:, None]
        count = np.full_like(looks, np.log(people.side.size))
        return cls(np.concatenate(pairs, axis=2), np.hstack([*around, looks, count]), people.numbers)


def _nearest(similarities: Matrix) -> Matrix:
    few, many = _COHORT_NEAR
    top = np.partition(similarities, -many, axis=1)[:, -many:]
    top = np.partition(top, -few, axis=1)
    return np.stack([top[:, -few:].mean(axis=1), top.mean(axis=1), top.std(axis=1), similarities.mean(axis=1)], axis=1)


def _pairs(own: Matrix, probe: Matrix, person: Matrix) -> Matrix:
    """Numbers (n, people, 6) from similarities (n, people) and the cohort around probes (n, 4) and people (people, 4).

    What the nearest rivals are is needed for each person as if they were the candidate: the best _NEAR + 1 of a row
    hold the answer, for whoever is among them makes room for the next.
    """
    count = own.shape[1]
    stand_in = np.repeat(probe[:, 1:2], _NEAR, axis=1)
    padded = np.hstack([own, stand_in]) if count <= _NEAR else own
    top = -np.partition(-padded, np.arange(min(_NEAR + 1, padded.shape[1])), axis=1)[:, : _NEAR + 1]
    first, best = top[:, :1], top[:, :_NEAR].sum(axis=1, keepdims=True)
    following = top[:, _NEAR:]
    rival_1 = np.where(own >= first, top[:, 1:2], first)
    rival_5 = np.where(own >= following, best - own + following, best) / _NEAR
    rival_mean = (own.sum(axis=1, keepdims=True) - own + _NEAR * probe[:, 3:4]) / (count - 1 + _NEAR)
    probe_norm = (own - probe[:, 1:2]) / probe[:, 2:3]
    person_norm = (own - person[:, 1]) / person[:, 2]
    return np.stack([own, rival_1, rival_5, rival_mean, probe_norm, person_norm], axis=2)


def _within(space: Space, people: _Side) -> list[Matrix]:
    """How near the others of the gallery are to each person: the mean of the nearest _NEAR, and of all; (people, 2)."""
    count = len(people.templates)
    blocks: list[list[Matrix]] = [[], []]
    for start in range(0, count, _BLOCK):
        part = people.templates[start : start + _BLOCK]
        around = space.around(part)
        for kind, similarities in enumerate(space.compare(part, people)):
            rows = np.arange(len(part))
            own = similarities[rows, start + rows].copy()
            total = similarities.sum(axis=1) - own
            similarities[rows, start + rows] = -np.inf
            stand_in = around[kind][:, 1:2].repeat(_NEAR, axis=1)
            padded = np.hstack([similarities, stand_in]) if count <= _NEAR else similarities
            near = np.partition(padded, -_NEAR, axis=1)[:, -_NEAR:].mean(axis=1)
            mean = (total + _NEAR * around[kind][:, 3]) / (count - 1 + _NEAR)
            blocks[kind].append(np.stack([near, mean], axis=1))
    return [np.concatenate(each) for each in blocks]
