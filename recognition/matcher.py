"""How alike faces and the people of a gallery are, and who is named: the part of an engine that decides."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.assignment import assign
from recognition.errors import EncoderMismatch
from recognition.faces import Face
from recognition.gallery import Gallery

__all__ = ["Identity", "Matcher", "best_per_person"]


@dataclass(frozen=True)
class Identity:
    """A face's answer.

    `person` is None for unknown. `score` is that of the person named; for an unknown face its best against anyone in
    the gallery (above the threshold if another face of the picture was more like that person); None if there was
    nothing to compare. Whom an unknown face is most like isn't told: it would be a guess at a stranger's name.
    """

    person: str | None
    score: float | None


class Matcher(ABC):
    """One way to compare the templates of one encoder. Holds no model: it costs nothing to have, and can be pickled.

    `encoder`: whose templates it compares. `threshold`: the least score at which a person is named, set for the
    promised rate of strangers named. `scores` sees the whole gallery, so a matcher may fit its scores to how alike the
    people in it are, and it says how several templates of a person become one score.
    """

    encoder: str
    threshold: float

    @abstractmethod
    def scores(self, gallery: Gallery, probes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 (probes, people), larger is more alike, for probes (n, d) and a gallery with people in it."""

    def identify(self, faces: Sequence[Face], gallery: Gallery) -> list[Identity]:
        """Return an Identity for each face of one picture, in their order; a person is given to one face at most.

        Faces without a template are unknown, and so is everyone to an empty gallery. Raises EncoderMismatch where
        matcher, gallery and faces aren't of one encoder, and BadTemplate where a template's length isn't the gallery's.
        """
        if gallery.encoder != self.encoder:
            raise EncoderMismatch(
                f"The gallery holds templates of the encoder {gallery.encoder!r}, this matcher compares those of "
                f"{self.encoder!r}: enrol the photos again, or choose that engine."
            )
        encoded = [(place, face.template) for place, face in enumerate(faces) if face.template is not None]
        for _, template in encoded:
            gallery.check(template)
        answers = [Identity(None, None)] * len(faces)
        if not encoded or not len(gallery):
            return answers

        scores = self.scores(gallery, np.stack([template.vector for _, template in encoded]))
        people = gallery.people
        for (place, _), row, column in zip(encoded, scores, assign(scores, self.threshold), strict=True):
            if column is None:
                answers[place] = Identity(None, float(row.max()))
            else:
                answers[place] = Identity(people[column], float(row[column]))
        return answers


def best_per_person(similarities: NDArray[np.float32], gallery: Gallery) -> NDArray[np.float32]:
    """Return each person's best: (probes, templates) becomes (probes, people), both float32."""
    best = np.full((len(gallery.people), len(similarities)), -np.inf, np.float32)
    np.maximum.at(best, gallery.owners, similarities.T)
    return best.T
