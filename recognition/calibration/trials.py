"""Meetings to practise on: rosters of every kind, people who are on them, and outsiders."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.calibration.people import Crowd

__all__ = ["Kind", "Trials", "dense_groups", "kinds_for", "lookalikes", "trials_of"]


@dataclass(frozen=True)
class Kind:
    """How large a roster is, how many photos a person, how many pictures a probe, and how many rosters to draw."""

    name: str
    roster: int
    photos: int
    frames: int
    rosters: int


# Sizes from one person to a lecture hall. A decision fitted without one of them breaks its promise there.
_KINDS = (
    Kind("1_1_1", 1, 1, 1, 40),
    Kind("2_1_1", 2, 1, 1, 30),
    Kind("5_1_1", 5, 1, 1, 30),
    Kind("30_1_1", 30, 1, 1, 30),
    Kind("100_1_1", 100, 1, 1, 15),
    Kind("420_1_1", 420, 1, 1, 8),
    Kind("30_2_1", 30, 2, 1, 30),
    Kind("420_2_1", 420, 2, 1, 8),
    Kind("30_3_1", 30, 3, 1, 30),
    Kind("30_2_3", 30, 2, 3, 40),
)
_MOST_OUTSIDERS = 150
# Look-alikes are alike to this many others: to one alone, and wrong names in the photos' labels are what is found.
_ALIKE = 10
# Outsiders that are left when a large roster is drawn from a small crowd.
_LEAST_OUTSIDERS = 20


@dataclass(frozen=True, eq=False)
class Trials:
    """One roster.

    `people`: float32 (n, d), fused; `probes`: float32 (m, d), fused; `mates`: (m,), an index into people, −1 for none;
    `whose`: (m,), the index in the crowd of each probe's person.
    """

    people: NDArray[np.float32]
    probes: NDArray[np.float32]
    mates: NDArray[np.intp]
    whose: NDArray[np.intp]


def kinds_for(crowd: Crowd) -> list[Kind]:
    """Return the kinds that this crowd is large enough for, rosters cut down to leave outsiders."""
    kinds = []
    for kind in _KINDS:
        can = sum(len(photos) >= kind.photos for photos in crowd.photos)
        able = sum(len(photos) >= kind.photos + kind.frames for photos in crowd.photos)
        roster = min(kind.roster, can - _LEAST_OUTSIDERS)
        if able >= _LEAST_OUTSIDERS and roster >= min(kind.roster, _LEAST_OUTSIDERS):
            kinds.append(Kind(kind.name, roster, kind.photos, kind.frames, kind.rosters))
    return kinds


def trials_of(crowd: Crowd, kind: Kind, generator: np.random.Generator) -> Iterator[Trials]:
    """Draw rosters of a kind: up to half of each are tried as mates, and outsiders of those who are left."""
    counts = np.array([len(photos) for photos in crowd.photos])
    able = np.flatnonzero(counts >= kind.photos + kind.frames)
    can = np.flatnonzero(counts >= kind.photos)
    for _ in range(kind.rosters):
        mates = generator.permutation(able)[: max(1, kind.roster // 2)]
        others = generator.permutation(np.setdiff1d(can, mates))[: kind.roster - len(mates)]
        roster = np.concatenate([mates, others])
        outsiders = np.setdiff1d(np.flatnonzero(counts >= kind.frames), roster)
        outsiders = generator.permutation(outsiders)[:_MOST_OUTSIDERS]
        people, probes = [], []
        for place, person in enumerate(roster):
            photos = generator.permutation(crowd.photos[person])
            people.append(photos[: kind.photos].mean(axis=0))
            if place < len(mates):
                probes.append(photos[kind.photos : kind.photos + kind.frames].mean(axis=0))
        probes += [generator.permutation(crowd.photos[person])[: kind.frames].mean(axis=0) for person in outsiders]
        answers = np.concatenate([np.arange(len(mates)), np.full(len(outsiders), -1)])
        yield Trials(np.stack(people), np.stack(probes), answers, np.concatenate([mates, outsiders]))


def dense_groups(crowd: Crowd, size: int, groups: int, generator: np.random.Generator) -> list[Crowd]:
    """Return the groups of people that lie closest together, densest first, each mostly of other people.

    A group is a person and their nearest by single pictures: a campus of people whom the encoder tells apart badly.
    """
    likeness = _likeness(crowd, generator)
    nearest = np.argsort(-likeness, axis=1)[:, : size - 1]
    density = np.take_along_axis(likeness, nearest, axis=1).mean(axis=1)
    taken = np.zeros(len(crowd), bool)
    found: list[Crowd] = []
    for seed in np.argsort(-density):
        group = np.append(nearest[seed], seed)
        if taken[group].mean() <= 0.5:
            taken[group] = True
            found.append(crowd.part(group))
        if len(found) == groups:
            break
    return found


def lookalikes(crowd: Crowd, size: int, generator: np.random.Generator) -> Crowd:
    """Return the people who are most like some others of the crowd, wherever those are."""
    closest = np.sort(_likeness(crowd, generator), axis=1)[:, -_ALIKE:].mean(axis=1)
    return crowd.part(np.argsort(-closest)[:size])


def _likeness(crowd: Crowd, generator: np.random.Generator) -> NDArray[np.float32]:
    single = np.stack([photos[generator.integers(len(photos))] for photos in crowd.photos])
    likeness: NDArray[np.float32] = single @ single.T
    np.fill_diagonal(likeness, -1)
    return likeness
