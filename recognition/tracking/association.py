"""Which face of a frame goes on which track: motion, overlap and template similarity weighed together.

Each pair gets the logarithm of how many times likelier it is that they are one person than two (a log-likelihood
ratio), and the surest pairs are settled first. At 25 frames a second boxes overlap and place alone decides; at one
frame a second a walking person is several faces further on, place says little, and the template decides.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.assignment import assign
from recognition.faces import Box

__all__ = ["Motion", "Place", "associate", "likelihoods", "overlap", "within_reach"]

# Every pair's evidence is capped, or a template that is very alike would join two faces at the far ends of a frame.
_MOST_TEMPLATE_EVIDENCE = 6.0
_LEAST_TEMPLATE_EVIDENCE = -12.0
# Log-likelihood for a box that overlaps wholly: the centres' distance alone takes a small face in front of a large one
# for the same.
_OVERLAP_EVIDENCE = 2.0
# A lost track's speed says less and less of where it is; without a limit it would be sought outside the picture.
_LONGEST_PREDICTION = 1.0


@dataclass(frozen=True)
class Motion:
    """How faces move, in face widths, and how templates differ.

    `jitter`: how far a box's centre wanders between two frames at once, by the detector alone. `speed`: standard
    deviation of a person's unforeseen movement in a second (someone who walks does about 9 in a second, a lecture's
    audience less than one). `furthest`: what no movement exceeds, however long a track was lost. `density`: faces for
    each square face width, elsewhere in the picture: a full lecture hall has about one in twenty. `size_change`:
    standard deviation of the logarithm of a face's width. `boundary` and `steepness`: 1 − cosine at which a pair of
    templates tells nothing, and how fast it tells more to each side. Those here are for dlib's encoder on Labeled Faces
    in the Wild: of two photos of one person 99 % are below 0.091, of two people 1 % are below 0.094.
    """

    jitter: float = 0.25
    speed: float = 1.5
    furthest: float = 8.0
    density: float = 0.02
    size_change: float = 0.25
    boundary: float = 0.09
    steepness: float = 120.0


@dataclass(frozen=True)
class Place:
    """Where a track was: its box, its centre's velocity in pixels a second, and seconds since then."""

    box: Box
    velocity: tuple[float, float]
    ago: float

    @property
    def predicted(self) -> Box:
        """Where its box should be now, at constant velocity."""
        seconds = min(self.ago, _LONGEST_PREDICTION)
        right, down = self.velocity[0] * seconds, self.velocity[1] * seconds
        box = self.box
        return Box(box.left + right, box.top + down, box.right + right, box.bottom + down)


def overlap(one: Box, other: Box) -> float:
    """Return intersection over union of two boxes, 0 to 1."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.width * one.height + other.width * other.height - shared)


def likelihoods(
    places: Sequence[Place], boxes: Sequence[Box], cosines: NDArray[np.float32], motion: Motion
) -> NDArray[np.float32]:
    """Return float32 (tracks, faces): log-likelihood ratios, above 0 where one person is likelier than two.

    `cosines`: float32 (tracks, faces), NaN where one of the two has no template: then place alone decides.
    """
    table = np.full((len(places), len(boxes)), -np.inf, np.float32)
    for row, place in enumerate(places):
        predicted = place.predicted
        for column, box in enumerate(boxes):
            evidence = _evidence_of_place(predicted, box, place.ago, motion)
            cosine = float(cosines[row, column])
            if not math.isnan(cosine):
                told = motion.steepness * (motion.boundary - (1 - cosine))
                evidence += min(max(told, _LEAST_TEMPLATE_EVIDENCE), _MOST_TEMPLATE_EVIDENCE)
            table[row, column] = evidence
    return table


def associate(
    places: Sequence[Place], boxes: Sequence[Box], cosines: NDArray[np.float32], motion: Motion
) -> list[int | None]:
    """Return, for each track, the face that continues it, or None; a face continues one track at most.

    A track goes first to its surest face, and equal ones to the earlier track and face, so that the same input gives
    the same answer.
    """
    return assign(likelihoods(places, boxes, cosines, motion), float(np.nextafter(np.float32(0), np.float32(1))))


def within_reach(place: Place, box: Box, motion: Motion) -> bool:
    """Tell whether this face could be that track by place alone, however the templates look."""
    return _evidence_of_place(place.predicted, box, place.ago, motion) + _MOST_TEMPLATE_EVIDENCE > 0


def _evidence_of_place(predicted: Box, box: Box, ago: float, motion: Motion) -> float:
    width = max((predicted.width + box.width) / 2, 1e-6)
    away = math.hypot(
        (predicted.left + predicted.right - box.left - box.right) / 2 / width,
        (predicted.top + predicted.bottom - box.top - box.bottom) / 2 / width,
    )
    if away > motion.furthest:
        return -math.inf
    spread = min(motion.jitter + motion.speed * ago, motion.furthest / 2)
    evidence = -math.log(2 * math.pi * spread**2 * motion.density) - away**2 / (2 * spread**2)
    growth = math.log(max(box.width, 1e-6) / max(predicted.width, 1e-6))
    evidence -= growth**2 / (2 * (motion.size_change * (1 + min(ago, 1.0))) ** 2)
    return evidence + _OVERLAP_EVIDENCE * overlap(predicted, box)
