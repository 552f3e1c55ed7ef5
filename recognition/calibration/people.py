"""Templates by person, as calibration takes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.errors import RecognitionError
from recognition.scoring import unit

__all__ = ["Crowd", "TooFewPeople"]

# Of one person no more photos are taken: a few people with hundreds would decide for everyone else.
_MOST_PHOTOS = 10


class TooFewPeople(RecognitionError):
    """Not enough people, or photos of them, to fit a decision on."""

    code = "too_few_people"


@dataclass(frozen=True, eq=False)
class Crowd:
    """People to fit on: `photos`, for each float32 (n, d) of unit length, at most ten, in a fixed order of people."""

    photos: tuple[NDArray[np.float32], ...]

    @classmethod
    def of(cls, templates: NDArray[np.float32], people: Sequence[str]) -> "Crowd":
        """Return the crowd of templates (n, d) of people (n,); rows of NaN, where no face was found, are left out."""
        named: dict[str, list[NDArray[np.float32]]] = {}
        for template, person in zip(templates, people, strict=True):
            if np.isfinite(template).all():
                named.setdefault(person, []).append(template)
        return cls.of_people(named)

    @classmethod
    def of_people(cls, named: Mapping[str, Iterable[NDArray[np.float32]]]) -> "Crowd":
        """Return the crowd of templates by person."""
        return cls(tuple(unit(np.stack([*named[person]][:_MOST_PHOTOS])) for person in sorted(named)))

    def __len__(self) -> int:
        """How many people."""
        return len(self.photos)

    def part(self, people: Iterable[int]) -> "Crowd":
        """Return only these, by index."""
        return Crowd(tuple(self.photos[each] for each in people))

    def halves(self, generator: np.random.Generator) -> tuple["Crowd", "Crowd"]:
        """Return two crowds that share no one, drawn at random."""
        order = generator.permutation(len(self))
        middle = len(self) // 2
        return self.part(order[:middle]), self.part(order[middle:])
