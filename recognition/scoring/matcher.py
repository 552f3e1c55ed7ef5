"""The matcher that holds one promise for every roster: few strangers are named, whoever the people are."""

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from recognition.errors import BadTemplate, EncoderMismatch
from recognition.faces import Template
from recognition.gallery import Gallery
from recognition.matcher import Matcher
from recognition.scoring.calibration import Calibration
from recognition.scoring.evidence import Evidence, People
from recognition.scoring.fusion import unit

__all__ = ["CalibratedMatcher"]

# A fused template may be shorter than this only if its looks differ as two people do.
_LONGEST = 1.0


class CalibratedMatcher(Matcher):
    """Scores are log odds that a face is the person and no likeness, weighed for the gallery and the face at hand.

    >>> matcher = CalibratedMatcher(Calibration.load(path))
    >>> matcher.identify(engine.look(frame).faces, gallery)
    >>> matcher.verify(one, other)

    What a gallery's people are like is worked out once and kept until the gallery changes or is gone.
    """

    threshold = 0.0

    def __init__(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self.encoder = calibration.encoder
        self._prepared: WeakKeyDictionary[Gallery, tuple[int, People]] = WeakKeyDictionary()

    def __getstate__(self) -> dict[str, Any]:
        return {"calibration": self.calibration}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["calibration"])  # type: ignore[misc]

    def scores(self, gallery: Gallery, probes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 (probes, people) for probes (n, d), of unit length, longer, or fused (`fuse`), then shorter.

        Raises BadTemplate where templates aren't of the encoder's size.
        """
        size = self.calibration.plda.mean.size
        if probes.shape[1:] != (size,) or gallery.matrix.shape[1:] != (size,):
            raise BadTemplate(
                f"The encoder {self.encoder!r} makes templates of {size} numbers: encode the photos again."
            )
        lengths = np.linalg.norm(probes, axis=1, keepdims=True)
        vectors = np.where(lengths > _LONGEST, unit(probes), probes).astype(np.float32)
        evidence = Evidence.of(self.calibration.space, self._people(gallery), vectors)
        return self.weigh(evidence)

    def weigh(self, evidence: Evidence) -> NDArray[np.float32]:
        """Return the score of each probe with each person, float32 (probes, people)."""
        fitted = self.calibration
        probe = evidence.probe @ fitted.probe + np.float32(fitted.offset)
        person = evidence.person @ fitted.person
        scores: NDArray[np.float32] = evidence.pair @ fitted.pair + probe[:, None] + person
        return scores

    def verify(self, one: Template, other: Template) -> float:
        """Return the score of two templates being of one person; at or above `threshold` they are taken to be.

        Raises EncoderMismatch or BadTemplate.
        """
        if one.encoder != self.encoder or other.encoder != self.encoder:
            raise EncoderMismatch(
                f"Templates of the encoders {one.encoder!r} and {other.encoder!r} can't be compared by a matcher for "
                f"{self.encoder!r}: encode the photos again."
            )
        gallery = Gallery.of(self.encoder, [("one", one)])
        gallery.check(other)
        return float(self.scores(gallery, other.vector[None])[0, 0])

    def _people(self, gallery: Gallery) -> People:
        kept = self._prepared.get(gallery)
        if kept is None or kept[0] != gallery.revision:
            kept = gallery.revision, People.of(self.calibration.space, gallery)
            self._prepared[gallery] = kept
        return kept[1]
