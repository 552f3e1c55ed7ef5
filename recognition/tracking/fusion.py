"""A track's template, and how many independent frames it is worth.

Frames of one track are alike because one moment is alike, not only because one person is. Counted as independent they
promise an error of 1 % and have one of 23 % (FNIR of PLDA, measured on clips). The mean of 1 − cosine between two
templates of a person is 0.045 over different days, 0.018 within a track and 0.010 a second apart: so the part of a
template's error that two frames share is 1 − 0.018 / 0.045 = 0.6 within a track and 0.78 a second apart, and n frames
are worth n / (1 + (n − 1) × that part). Five frames are worth about 1.3, and no track more than 1.7.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.errors import BadTemplate, EncoderMismatch
from recognition.faces import Face, Template

__all__ = ["Correlation", "Evidence", "Fused", "Weigh", "unit"]

# How much a face counts in its track, above 0: any measure of quality.
Weigh = Callable[[Face], float]


@dataclass(frozen=True)
class Correlation:
    """How alike the templates of one person are.

    `across_days`: mean of 1 − cosine between photos of different days. `shared`: the part of a template's error that
    all frames of a track share. `fading`: seconds in which the rest of what two frames share falls to a third.
    `memory`: seconds in which a frame's weight falls to a third; without it an hour of one person outweighs whoever
    took their seat, and a name would never be taken back.
    """

    across_days: float = 0.045
    shared: float = 0.6
    fading: float = 1.25
    memory: float = 30.0


@dataclass(frozen=True)
class Fused:
    """A track's faces as one: the fused template, how many frames went in and how many independent ones that is."""

    template: Template
    frames: int
    effective_frames: float

    def shortened(self, look: float) -> NDArray[np.float32]:
        """Return the template as long as a plain mean of `effective_frames` independent looks is: float32 (d,).

        For matchers that read from a template's length how much evidence it holds. `look`: by which part of its squared
        length one look is off its person, on average. The plain mean of a track's own frames would claim too much.
        """
        kept = 1 - (1 - 1 / max(self.effective_frames, 1.0)) * look
        return unit(self.template.vector) * np.float32(math.sqrt(max(kept, 0.0)))


_CORRELATION = Correlation()


class Evidence:
    """The encoded faces of one track, as running sums: its size doesn't grow with the track."""

    def __init__(self, correlation: Correlation = _CORRELATION) -> None:
        self._correlation = correlation
        self._encoder: str | None = None
        self._sum: NDArray[np.float64] | None = None
        self._direction: NDArray[np.float32] | None = None
        self._frames = 0
        self._weights = self._squares = self._lengths = 0.0
        # Over pairs of frames: their weights' product times what of the shared error fades, and the same for the next
        # face, kept at the time of the last one.
        self._fading = self._recent = 0.0
        self._last = -math.inf

    @property
    def frames(self) -> int:
        """How many encoded faces went in."""
        return self._frames

    def add(self, template: Template, weight: float, time: float) -> None:
        """Take a face's template, with its weight (above 0) and time in seconds, not before the one added last.

        Raises EncoderMismatch or BadTemplate where it can't be fused with those before it.
        """
        vector = template.vector.astype(np.float64)
        length = math.sqrt(vector @ vector)
        if length == 0 or not weight > 0:
            raise BadTemplate("A template of zeros, or a weight of zero, tells nothing: leave the face out.")
        if self._sum is None:
            self._encoder, self._sum = template.encoder, np.zeros_like(vector)
        elif template.encoder != self._encoder:
            raise EncoderMismatch(
                f"The track holds templates of the encoder {self._encoder!r}, this one is of {template.encoder!r}: "
                "begin new tracks when the encoder changes."
            )
        elif vector.shape != self._sum.shape:
            raise BadTemplate(f"The template has {vector.size} numbers, those of its track {self._sum.size}.")
        if self._frames:
            self._forget(max(time - self._last, 0.0))
        self._fading += weight * self._recent
        self._recent += weight
        self._last = max(time, self._last)
        self._sum += weight * vector / length
        self._direction = None
        self._lengths += weight * length
        self._weights += weight
        self._squares += weight * weight
        self._frames += 1

    def _forget(self, seconds: float) -> None:
        kept = math.exp(-seconds / self._correlation.memory)
        self._sum = None if self._sum is None else self._sum * kept
        self._weights *= kept
        self._lengths *= kept
        self._squares *= kept**2
        self._fading *= kept**2
        self._recent *= kept * math.exp(-seconds / self._correlation.fading)

    @property
    def direction(self) -> NDArray[np.float32] | None:
        """The fused template at unit length, float32 (d,), for association; None before the first template."""
        if self._direction is None and self._sum is not None:
            self._direction = unit(self._sum)
        return self._direction

    def fused(self) -> Fused | None:
        """Return the faces as one; None before the first.

        The template is the weighted mean of the faces' unit templates, at the mean of their lengths: of unit length
        where the encoder's are, and comparable by distance where they aren't.
        """
        direction = self.direction
        if direction is None or self._encoder is None:
            return None
        vector = direction * np.float32(self._lengths / self._weights)
        return Fused(Template(self._encoder, vector), self._frames, self.effective_frames)

    @property
    def effective_frames(self) -> float:
        """How many independent frames the faces are worth, 1 to 1 / `shared`; 0 before the first.

        Two frames count as different only as far as both their time apart and their templates say so: a still face
        seen again tells nothing new, and a blurred frame of the same moment isn't a second photo.
        """
        if self._sum is None:
            return 0.0
        pairs = self._weights**2 - self._squares
        if pairs <= 0:
            return 1.0
        model = self._correlation
        by_time = model.shared + (1 - model.shared) * 2 * self._fading / pairs
        apart = 1 - (float(self._sum @ self._sum) - self._squares) / pairs
        by_templates = 1 - apart / model.across_days
        together = min(max(by_time, by_templates), 1.0)
        return self._weights**2 / (self._squares + pairs * together)


def unit(vector: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the vector at unit length, float32; zeros stay zeros."""
    # Not np.linalg.norm, which takes six times as long for so few numbers, and this is asked for every face.
    length = math.sqrt(vector @ vector)
    return np.asarray(vector / length if length else vector, np.float32)
